import type { Provider } from '../client';

/** Where requests go when the credential names no other server. */
export const DEFAULT_BASE_URL = 'https://api.openai.com/v1';

/** OpenAI's host, and those of its regions: `eu.api.openai.com`. */
const OPENAI_HOST = /^(?:[\w-]+\.)*api\.openai\.com\.?$/;

/** Azure's hosts, those of its clouds for governments and for China included. */
const AZURE_HOST =
	/\.(?:openai\.azure|cognitiveservices\.azure|services\.ai\.azure)\.(?:com|us|cn)\.?$/;

/**
 * Whose server a base URL names. What is not an address is nobody's that is known.
 *
 * @param baseUrl as in the credential; empty or not text means OpenAI
 */
export function providerAt(baseUrl: unknown): Provider {
	const url = typeof baseUrl === 'string' ? baseUrl.trim() : '';
	const host = hostOf(url) ?? '';
	if (url === '' || OPENAI_HOST.test(host)) return 'openai';
	return AZURE_HOST.test(host) ? 'azure' : 'other';
}

function hostOf(url: string): string | undefined {
	try {
		return new URL(url).hostname;
	} catch {
		return undefined;
	}
}

/** What no encoding keeps from meaning another path, or what has none; servers may send it as id. */
const NO_SEGMENT = /^\.{0,2}$|\p{Cs}/u;

/**
 * The path of a request: its segments, each encoded on its own.
 *
 * @throws {RangeError} for an id from a server that would lead elsewhere
 */
export function apiPath(segments: readonly string[]): string {
	const wrong = segments.find((segment) => NO_SEGMENT.test(segment));
	if (wrong !== undefined) throw new RangeError(`The server gave '${wrong}' as an id`);
	return segments.map((segment) => `/${encodeURIComponent(segment)}`).join('');
}

/**
 * The absolute address of a request. A query in the base URL (such as an `api-version`) is kept;
 * parameters that are undefined are left out.
 *
 * @throws {TypeError} when the base URL is not an absolute http(s) address.
 */
export function buildUrl(
	baseUrl: string | undefined,
	path: string,
	query: Record<string, string | number | undefined> = {},
): string {
	const url = new URL((baseUrl ?? '').trim() || DEFAULT_BASE_URL);
	if (url.protocol !== 'https:' && url.protocol !== 'http:') {
		throw new TypeError(`${url.protocol} is not http or https`);
	}
	url.pathname = url.pathname.replace(/\/+$/, '') + path;
	for (const [name, value] of Object.entries(query)) {
		if (value !== undefined) url.searchParams.set(name, String(value));
	}
	url.hash = '';
	return url.href;
}
