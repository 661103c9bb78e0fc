/** Where requests go when the credential names no other server. */
export const DEFAULT_BASE_URL = 'https://api.openai.com/v1';

/** OpenAI's host, and those of its regions: `eu.api.openai.com`. */
const OPENAI_HOST = /^(?:[\w-]+\.)*api\.openai\.com\.?$/;

/**
 * Whether requests go to OpenAI itself, where its own rules hold. False for a compatible server,
 * and for what is not an address.
 *
 * @param baseUrl as in the credential; empty or not text means OpenAI
 */
export function isOpenAiHost(baseUrl: unknown): boolean {
	const url = typeof baseUrl === 'string' ? baseUrl.trim() : '';
	return url === '' || OPENAI_HOST.test(hostOf(url) ?? '');
}

/** Azure's hosts, those of its clouds for governments and for China included. */
const AZURE_HOST =
	/\.(?:openai\.azure|cognitiveservices\.azure|services\.ai\.azure)\.(?:com|us|cn)\.?$/;

/** Whether requests go to OpenAI or to Azure, whose files have the same limits. */
export function isOpenAiOrAzure(baseUrl: unknown): boolean {
	return isOpenAiHost(baseUrl) || AZURE_HOST.test(hostOf(baseUrl) ?? '');
}

function hostOf(baseUrl: unknown): string | undefined {
	try {
		return new URL(String(baseUrl).trim()).hostname;
	} catch {
		return undefined;
	}
}

// Nothing in an id may be something that a URL parser takes as structure, or half a character,
// which has no encoding.
const UNSAFE_ID = /[\p{Cc}\p{Cs}\s/\\?#%]/u;

/**
 * Refuses ids that could reach another path of the API than the one meant.
 *
 * @returns the reason, or undefined for an id that is safe to put into a path.
 */
export function idProblem(id: string): string | undefined {
	if (id === '') return 'it is empty';
	if (id === '.' || id === '..') return 'it is a path, not an id';
	if (id.length > 512) return 'it is longer than 512 characters';
	if (UNSAFE_ID.test(id)) return 'it has spaces, slashes or control characters in it';
	return undefined;
}

/** What no encoding keeps from meaning another path, or what has none; servers may send it as id. */
const NO_SEGMENT = /^\.{0,2}$|\p{Cs}/u;

/**
 * The path of a request: literal words and ids, each encoded on its own.
 *
 * @throws {RangeError} for an id from a server that would lead elsewhere
 */
export function apiPath(...segments: string[]): string {
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
