/** The service's limits. Tests lower them; the defaults are OpenAI's published ones. */
export interface Limits {
	/** Bytes of one uploaded file: 512 MB. */
	fileBytes: number;
	/** Bytes of one batch's input file. */
	batchBytes: number;
	batchRequests: number;
	/** Inputs of all requests of one embeddings batch together. */
	embeddingInputs: number;
	/** Tokens of all unfinished batches of one model; above it a new batch fails. Off by default. */
	enqueuedTokens: number;
}

export const DEFAULT_LIMITS: Limits = {
	fileBytes: 536_870_912,
	batchBytes: 209_715_200,
	batchRequests: 50_000,
	embeddingInputs: 50_000,
	enqueuedTokens: Infinity,
};
