/** The most batches that the API lists at once. */
export const PAGE_SIZE = 100;

/**
 * The most unfinished batches that are remembered one by one; about 60 characters each. With more
 * of them, the newer ones are left above `settledUpTo` and found by reading the list down to there.
 */
export const MAX_OPEN = 100;

/**
 * The most marks, 14 characters each. When they are used up, further events wait until the oldest
 * batches have finished and `settledUpTo` can move up: late, but neither lost nor doubled.
 */
export const MAX_MARKS = 300;

const DAY = 86_400;

/** No batch is known to take longer: compatible servers have windows of up to seven days. */
export const LONGEST_LIFE = 8 * DAY;

/** How long a batch that should be over is still looked at; its files are deleted by then. */
export const PATIENCE = 30 * DAY;

/**
 * How much later than its creation time a batch may turn up in the list, in seconds: on servers
 * with caches or replicas, or when two creations overtake each other.
 */
export const LIST_LAG = 3_600;

/** The same for a project that creates so many batches that the last hour is more than a page. */
export const SHORT_LIST_LAG = 30;

/** Above this many recent batches the short lag holds, so that the first page reaches `settledUpTo`. */
export const RECENT_BATCHES = 80;
