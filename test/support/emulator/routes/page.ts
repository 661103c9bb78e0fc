import type { ListPage } from '../../../../nodes/openai/api/objects';
import { integerBetween } from '../checks';

/** A page as OpenAI sends it; dialects change it. */
export type Page<T> = Required<Omit<ListPage<T>, 'next_cursor'>>;

/**
 * One page of a list in its given order: what follows the object with the id `after`.
 *
 * @throws the error of `unknown` when there is no such object
 */
export function page<T extends { id: string }>(
	items: readonly T[],
	query: { after?: string; limit: number },
	unknown: (id: string) => Error,
): Page<T> {
	const { after, limit } = query;
	const position = after === undefined ? -1 : items.findIndex(({ id }) => id === after);
	if (after !== undefined && position < 0) throw unknown(after);
	const data = items.slice(position + 1, position + 1 + limit);
	return {
		object: 'list',
		data,
		first_id: data[0]?.id ?? null,
		last_id: data.at(-1)?.id ?? null,
		has_more: position + 1 + limit < items.length,
	};
}

/** The `limit` of a query, from 1 to `most`. */
export function limitOf(value: string | undefined, most: number, byDefault: number): number {
	if (value === undefined) return byDefault;
	return integerBetween(/^-?\d+$/.test(value) ? Number(value) : value, 'limit', 1, most);
}
