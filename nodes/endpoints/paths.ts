/** The endpoints of OpenAI whose requests and answers are known here, by their path below `/v1`. */
export type EndpointFamily =
	| '/chat/completions'
	| '/responses'
	| '/completions'
	| '/embeddings'
	| '/moderations'
	| '/images/generations'
	| '/images/edits';

const FAMILIES: ReadonlySet<string> = new Set<EndpointFamily>([
	'/chat/completions',
	'/responses',
	'/completions',
	'/embeddings',
	'/moderations',
	'/images/generations',
	'/images/edits',
]);

/** The endpoint without `/v1`: Azure writes `/chat/completions` where OpenAI has the prefix. */
export function withoutVersion(endpoint: string): string {
	return endpoint.startsWith('/v1/') ? endpoint.slice('/v1'.length) : endpoint;
}

/** The family of an endpoint, undefined for a compatible server's own endpoint. */
export function familyOf(endpoint: string): EndpointFamily | undefined {
	const path = withoutVersion(endpoint);
	return FAMILIES.has(path) ? (path as EndpointFamily) : undefined;
}
