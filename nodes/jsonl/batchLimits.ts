/** OpenAI's limits for one batch and its input file. Compatible servers may have others. */
export const MAX_REQUESTS = 50_000;
export const MAX_BYTES = 209_715_200;
/** Of all embeddings requests of a batch together. */
export const MAX_EMBEDDING_INPUTS = 50_000;
