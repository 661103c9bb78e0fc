import fc from 'fast-check';
import type { ListPage, PageStart } from '../../../../nodes/openai/api/objects';
import { pages, paginate, readPage } from '../../../../nodes/openai/api/objects';

interface Entry {
	id: string;
}

const ids = (from: number, to: number) =>
	Array.from({ length: to - from }, (_, index) => ({ id: `id-${from + index}` }));

/** Serves the list, and notes what it was asked for. */
function server(entries: Entry[], facts: (page: ListPage<Entry>) => object = () => ({})) {
	const asked: Array<string | undefined> = [];
	const fetchPage = async ({ after }: PageStart, limit: number): Promise<ListPage<Entry>> => {
		asked.push(after);
		const start = entries.findIndex(({ id }) => id === after) + 1;
		const data = entries.slice(start, start + limit);
		const page = { data, has_more: start + limit < entries.length, last_id: data.at(-1)?.id };
		return { ...page, ...facts(page) };
	};
	return { asked, fetchPage };
}

async function all<T>(entries: AsyncIterable<T>): Promise<T[]> {
	const found: T[] = [];
	for await (const entry of entries) found.push(entry);
	return found;
}

test.each<[string, (page: ListPage<Entry>) => object]>([
	['everything', () => ({})],
	['no last_id', () => ({ last_id: undefined })],
	['no has_more', () => ({ has_more: undefined })],
	['neither', () => ({ has_more: null, last_id: null })],
])('walks a list to its end with %s', async (_name, facts) => {
	const entries = ids(0, 25);
	const { fetchPage } = server(entries, facts);
	expect(await all(paginate(fetchPage, 10))).toEqual(entries);
});

test('asks for pages only as far as the caller reads', async () => {
	const { asked, fetchPage } = server(ids(0, 100));
	for await (const { id } of paginate(fetchPage, 10)) if (id === 'id-12') break;
	expect(asked).toEqual([undefined, 'id-9']);
});

test('ends where the server would send a page again', async () => {
	let calls = 0;
	const again = async () => {
		calls++;
		return { data: ids(0, 2), has_more: true, last_id: 'id-1' };
	};
	expect(await all(pages(again, 2))).toHaveLength(2);
	expect(calls).toBe(2);
});

test('an empty list is one empty page', async () => {
	expect(await all(pages(server([]).fetchPage, 10))).toEqual([[]]);
});

/** How servers send a page, and how they are asked for the next one. */
type Speaks = (data: Entry[], next: Entry | undefined) => object;

const LISTS: Record<string, Speaks> = {
	'as OpenAI': (data, next) => ({
		object: 'list',
		data,
		first_id: data[0]?.id ?? null,
		last_id: data.at(-1)?.id ?? null,
		has_more: next !== undefined,
	}),
	'without ids': (data, next) => ({ data, has_more: next !== undefined }),
	'without a word on more': (data) => ({ data }),
	'with null for an empty list': (data) => ({ data: data.length > 0 ? data : null }),
	'with cursors': (data, next) => ({ data, paging: { next_cursor: next?.id ?? null } }),
	'with cursors left out': (data, next) => ({ data, paging: next ? { next_cursor: next.id } : {} }),
	'as `value`': (data, next) => ({ value: data, has_more: next !== undefined }),
	'with entries that are none': (data, next) => ({
		data: [null, 'text', {}, ...data],
		has_more: next !== undefined,
		last_id: data.at(-1)?.id,
	}),
};

test('any list is read to its end, whoever sends it', async () => {
	const sizes = fc.integer({ min: 1, max: 7 });
	const lists = fc.constantFrom(...Object.keys(LISTS));
	await fc.assert(
		fc.asyncProperty(lists, fc.nat({ max: 30 }), sizes, async (name, length, size) => {
			const entries = ids(0, length);
			const place = (id: string) => entries.findIndex((entry) => entry.id === id);
			const fetchPage = async ({ after, cursor }: PageStart, limit: number) => {
				// Who has cursors does not know what `after` means.
				const known = name.includes('cursors') ? undefined : after;
				const start = cursor === undefined ? place(known ?? '') + 1 : place(cursor);
				const body = LISTS[name](entries.slice(start, start + limit), entries[start + limit]);
				const page = readPage(body as never, ({ id }) =>
					typeof id === 'string' ? { id } : undefined,
				);
				if (!page) throw new Error('No list');
				return page;
			};
			expect([name, await all(paginate(fetchPage, size))]).toEqual([name, entries]);
		}),
		{ numRuns: 300 },
	);
});

test.each([{}, { data: {} }, { data: 'text' }, { error: 'No.' }])('%j is not a list', (body) => {
	expect(readPage(body as never, () => ({ id: 'x' }))).toBeUndefined();
});
