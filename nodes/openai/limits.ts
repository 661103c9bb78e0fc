/** The limits of OpenAI's Batch API; compatible servers may have others. */
export const MAX_REQUESTS_PER_BATCH = 50_000;
export const MAX_BYTES_PER_BATCH = 209_715_200;

/** How long the service keeps a file may be set between these, in hours. */
export const MIN_EXPIRY_HOURS = 1;
export const MAX_EXPIRY_HOURS = 720;
