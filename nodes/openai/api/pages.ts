import type { ListPage } from './types';

/** Fetches one page: the entries after the given id, or the first ones. */
export type FetchPage<T> = (after: string | undefined, limit: number) => Promise<ListPage<T>>;

/**
 * Walks a list to its end, one page at a time and only as far as the caller reads. Tolerates
 * servers that leave out `has_more` or `last_id`, and ends where a server would send a page again.
 */
export async function* pages<T extends { id: string }>(
	fetchPage: FetchPage<T>,
	pageSize: number,
): AsyncGenerator<T[]> {
	const cursors = new Set<string>();
	let after: string | undefined;
	do {
		const page = await fetchPage(after, pageSize);
		const data = page.data ?? [];
		yield data;
		const more = page.has_more ?? data.length === pageSize;
		after = more && data.length > 0 ? page.last_id || data[data.length - 1].id : undefined;
		if (after !== undefined && cursors.has(after)) return;
		if (after !== undefined) cursors.add(after);
	} while (after !== undefined);
}

/** The entries of all pages, one by one. */
export async function* paginate<T extends { id: string }>(
	fetchPage: FetchPage<T>,
	pageSize: number,
): AsyncGenerator<T> {
	for await (const page of pages(fetchPage, pageSize)) yield* page;
}
