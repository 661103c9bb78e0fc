/** One line of a batch's input file, after validation. */
export interface RequestLine {
	custom_id: string;
	method: 'POST';
	url: string;
	body: Record<string, unknown>;
}

/** The endpoints that a batch may be created for. */
export const ENDPOINTS = [
	'/v1/responses',
	'/v1/chat/completions',
	'/v1/embeddings',
	'/v1/completions',
	'/v1/moderations',
	'/v1/images/generations',
	'/v1/images/edits',
] as const;

export type Endpoint = (typeof ENDPOINTS)[number];
