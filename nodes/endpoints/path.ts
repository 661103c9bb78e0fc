/** What OpenAI writes in front of the path of each endpoint. */
const VERSION = '/v1';

/** The path of an endpoint as OpenAI writes it, with the version in front. */
export function versionedPath(path: string): string {
	return `${VERSION}${path}`;
}

/** The path without OpenAI's version; undefined for what is not a path, such as null. */
export function unversionedPath(endpoint: unknown): string | undefined {
	if (typeof endpoint !== 'string' || endpoint === '') return undefined;
	return endpoint.startsWith(`${VERSION}/`) ? endpoint.slice(VERSION.length) : endpoint;
}

/**
 * Whether two spellings name the same endpoint: Azure writes `/chat/completions` where OpenAI has
 * `/v1/chat/completions`. An endpoint that is absent, as some servers leave it out of their
 * batches, is not the same as any other.
 */
export function isSameEndpoint(a: unknown, b: unknown): boolean {
	const path = unversionedPath(a);
	return path !== undefined && path === unversionedPath(b);
}
