import type { JsonObject } from '../../jsonl/json';
import { isObject } from '../../jsonl/json';

/** One page of a list, newest first. `has_more` and the ids may be absent. */
export interface ListPage<T> {
	object?: string;
	data: T[];
	first_id?: string | null;
	last_id?: string | null;
	has_more?: boolean | null;
	/** Groq's pages begin at a cursor instead of behind an entry. */
	next_cursor?: string | null;
}

/** Where a page begins; without either it is the first one. */
export interface PageStart {
	/** The id of the entry above it. */
	after?: string;
	cursor?: string;
}

/** Fetches one page. */
export type FetchPage<T> = (start: PageStart, limit: number) => Promise<ListPage<T>>;

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);

/** What servers call the entries of a list; an older interface of Azure has `value`. */
const ENTRY_FIELDS = ['data', 'value', 'batches', 'files', 'items', 'list'] as const;

/**
 * Reads a page of a list. A list that is null, as servers written in Go send for an empty one, is
 * empty; entries that are not objects with an id are left out, since nothing could be done with them.
 *
 * @param readEntry makes an entry regular; undefined for what is none
 * @returns undefined for what is not a list, such as a proxy's `{}`
 */
export function readPage<T>(
	body: JsonObject,
	readEntry: (entry: JsonObject) => T | undefined,
): ListPage<T> | undefined {
	const name = ENTRY_FIELDS.find((field) => body[field] !== undefined);
	const entries = name && body[name];
	// Some servers put the list into an envelope of their own.
	if (name === 'data' && isObject(entries)) return readPage(entries, readEntry);
	if (entries !== null && !Array.isArray(entries)) return undefined;
	const read = (entries ?? []).map((entry) => (isObject(entry) ? readEntry(entry) : undefined));
	// Groq says where the next page begins instead of whether there is one.
	const paging = isObject(body.paging) ? body.paging : undefined;
	const next_cursor = text(paging?.next_cursor);
	return {
		object: 'list',
		data: read.filter((entry) => entry !== undefined),
		first_id: text(body.first_id),
		last_id: text(body.last_id),
		has_more: typeof body.has_more === 'boolean' ? body.has_more : paging && next_cursor !== null,
		next_cursor,
	};
}

/** Where the page after this one begins; undefined after the last page. */
export function nextPage<T extends { id: string }>(
	page: ListPage<T>,
	pageSize: number,
): PageStart | undefined {
	const { data, has_more, last_id, next_cursor } = page;
	if (data.length === 0 || has_more === false) return undefined;
	if (next_cursor) return { cursor: next_cursor };
	if (!has_more && data.length !== pageSize) return undefined;
	return { after: last_id || data[data.length - 1].id };
}

/**
 * Walks a list to its end, one page at a time and only as far as the caller reads. Tolerates
 * servers that leave out `has_more` or `last_id`, and ends where a server sends a page again.
 */
export async function* pages<T extends { id: string }>(
	fetchPage: FetchPage<T>,
	pageSize: number,
): AsyncGenerator<T[]> {
	const seen = new Set<string>();
	let start: PageStart | undefined = {};
	while (start) {
		const page: ListPage<T> = await fetchPage(start, pageSize);
		const fresh = page.data.filter(({ id }) => !seen.has(id));
		for (const { id } of fresh) seen.add(id);
		yield fresh;
		start = fresh.length > 0 ? nextPage(page, pageSize) : undefined;
	}
}

/** The entries of all pages, one by one. */
export async function* paginate<T extends { id: string }>(
	fetchPage: FetchPage<T>,
	pageSize: number,
): AsyncGenerator<T> {
	for await (const page of pages(fetchPage, pageSize)) yield* page;
}
