/** How long the service keeps a file may be set between these, in hours. */
export const MIN_EXPIRY_HOURS = 1;
export const MAX_EXPIRY_HOURS = 720;
