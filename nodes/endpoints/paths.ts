/**
 * The endpoints that are known here, without the version. What makes their requests and what reads
 * their answers has an entry for each.
 */
export type EndpointPath =
	| '/chat/completions'
	| '/responses'
	| '/completions'
	| '/embeddings'
	| '/moderations'
	| '/images/generations'
	| '/images/edits';

/** What OpenAI writes in front of the path of each endpoint. */
const VERSION = '/v1';

/** The path of an endpoint as OpenAI writes it, with the version in front. */
export function versionedPath(path: string): string {
	return `${VERSION}${path}`;
}

/** Any version, as servers have them: `/v4`, `/v1beta`. */
const ANY_VERSION = /^\/v\d+[a-z]*\d*(?=\/)/i;

/**
 * The path without its version, by which an endpoint is known: Zhipu has `/v4/chat/completions`.
 * Undefined for what is not a path, such as null.
 */
export function unversionedPath(endpoint: unknown): string | undefined {
	if (typeof endpoint !== 'string' || endpoint === '') return undefined;
	return endpoint.replace(ANY_VERSION, '');
}

/**
 * Whether two spellings name the same endpoint: Azure writes `/chat/completions` where OpenAI has
 * `/v1/chat/completions`. A path with another version is another endpoint. An endpoint that is
 * absent, as some servers leave it out of their batches, is not the same as any other.
 */
export function isSameEndpoint(a: unknown, b: unknown): boolean {
	const path = openAiPath(a);
	return path !== undefined && path === openAiPath(b);
}

/** A path as OpenAI writes it; undefined for what is not a path. */
function openAiPath(endpoint: unknown): string | undefined {
	if (typeof endpoint !== 'string' || endpoint === '') return undefined;
	return endpoint.startsWith(`${VERSION}/`) ? endpoint : versionedPath(endpoint);
}

/** The path behind `https://host`, `//host.name` or `host.name`. */
const ADDRESS =
	/^(?:[a-z][\w+.-]*:\/\/[^/?#]*|(?:\/\/)?[\w-]+(?:\.[\w-]+)+(?::\d+)?(?=\/))([^?#]*)/i;

/** How many letters a misspelt path may differ in. */
const MOST_TYPOS = 2;

/**
 * Why a url cannot be meant, with the right one, in whole sentences; undefined for what may be a
 * path. A path that is not known may be an endpoint of a compatible server, unless it is nearly
 * one of the known paths.
 *
 * @param known paths without a version
 * @param what it is called: 'url' or 'endpoint'
 */
export function pathFault(url: string, known: readonly string[], what = 'url'): string | undefined {
	const text = url.trim();
	const address = ADDRESS.exec(text);
	if (address) {
		const path = pathInAddress(address[1], known);
		return `The ${what} '${url}' is a whole address. Use only the path${path ? `: '${path}'` : ''}.`;
	}
	if (!text.startsWith('/')) {
		const path = /^[A-Z]+ +(\/.*)$/.exec(text)?.[1] ?? `/${text}`;
		return `The ${what} '${url}' does not begin with a slash. Use '${meantPath(path, known) ?? path}'.`;
	}
	if (known.some((path) => path === unversionedPath(url))) return undefined;
	const meant = meantPath(text, known) ?? text;
	return meant === url
		? undefined
		: `The ${what} '${url}' is not one of the API. Did you mean '${meant}'?`;
}

/** The path to use of a whole address: from the version on where it leads to a known endpoint. */
function pathInAddress(path: string, known: readonly string[]): string {
	const trimmed = path.replace(/\/+$/, '');
	const ends = known.filter((one) => trimmed.endsWith(one)).sort((a, b) => b.length - a.length);
	if (ends.length === 0) return meantPath(path, known) ?? trimmed;
	const before = trimmed.slice(0, -ends[0].length);
	const version = /\/v\d+[a-z]*\d*$/i.exec(before)?.[0];
	return version === undefined ? versionedPath(ends[0]) : `${version}${ends[0]}`;
}

/**
 * The known endpoint that a path nearly is, with the path's own version or else OpenAI's: one in
 * capitals, with a query, with a version twice, with up to two typos. Undefined when it is none.
 */
function meantPath(path: string, known: readonly string[]): string | undefined {
	const [plain] = path.toLowerCase().split(/[?#]/);
	let rest = plain.replace(/\/+$/, '');
	const version = ANY_VERSION.exec(rest)?.[0];
	while (ANY_VERSION.test(rest)) rest = rest.replace(ANY_VERSION, '');
	const near = known.find((one) => isNear(rest, one));
	if (near === undefined) return undefined;
	return version === undefined ? versionedPath(near) : `${version}${near}`;
}

/** Whether one text becomes the other by at most `MOST_TYPOS` letters added, left out or changed. */
function isNear(a: string, b: string): boolean {
	if (Math.abs(a.length - b.length) > MOST_TYPOS) return false;
	let row = Array.from({ length: b.length + 1 }, (_, index) => index);
	for (let i = 1; i <= a.length; i++) {
		const next = [i];
		for (let j = 1; j <= b.length; j++) {
			const changed = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
			next.push(Math.min(changed, row[j] + 1, next[j - 1] + 1));
		}
		row = next;
	}
	return row[b.length] <= MOST_TYPOS;
}
