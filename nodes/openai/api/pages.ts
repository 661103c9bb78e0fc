import type { ListPage } from './types';

/** Fetches one page: the entries after the given id, or the first ones. */
export type FetchPage<T> = (after: string | undefined, limit: number) => Promise<ListPage<T>>;

/**
 * The id to ask for the next page with; undefined after the last page. Some servers leave out
 * `has_more` or `last_id`.
 */
export function nextCursor<T extends { id: string }>(
	page: ListPage<T>,
	pageSize: number,
): string | undefined {
	const data = page.data ?? [];
	const hasMore = page.has_more ?? data.length === pageSize;
	return hasMore && data.length > 0 ? page.last_id || data[data.length - 1].id : undefined;
}

/**
 * Walks a list to its end, one page at a time and only as far as the caller reads. Ends where a
 * server would send a page again.
 */
export async function* pages<T extends { id: string }>(
	fetchPage: FetchPage<T>,
	pageSize: number,
): AsyncGenerator<T[]> {
	const cursors = new Set<string>();
	let after: string | undefined;
	do {
		const page = await fetchPage(after, pageSize);
		yield page.data ?? [];
		after = nextCursor(page, pageSize);
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
