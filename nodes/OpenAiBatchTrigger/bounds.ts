import { BATCH_PAGE_SIZE } from '../openai/api/batches';

export const PAGE_SIZE = BATCH_PAGE_SIZE;

/**
 * The most unfinished batches that are followed by their id in the long run, about 60 characters
 * each. With more of them `settledUpTo` stays below the next one, so that every poll reads the list
 * down to there, and every newer batch has a mark of 14 characters.
 */
export const MAX_OPEN = 1_000;

const DAY = 86_400;

/** The longest life of a batch in seconds: some servers have windows of up to seven days. */
export const LONGEST_LIFE = 8 * DAY;

/** How long a batch that should have ended is still followed; its files are deleted by then. */
export const PATIENCE = 30 * DAY;

/**
 * How many seconds after its creation a batch may appear in the list, on servers with caches or
 * replicas, or when two creations overtake each other.
 */
export const LIST_LAG = 3_600;

/** The same in a project that creates more than `RECENT_BATCHES` in an hour. */
export const SHORT_LIST_LAG = 30;

/** With this many recent batches the short lag applies, so that the first page is enough. */
export const RECENT_BATCHES = 80;
