import type { Batch } from '../openai/api/types';
import { LIST_LAG, RECENT_BATCHES, SHORT_LIST_LAG } from './limits';
import { compare, oldest, positionOf, type Position, TOP } from './position';

/** How long to wait for batches that turn up late; `least`: until the next poll. */
export type Caution = 'usual' | 'short' | 'least';

export interface Times {
	/** The latest time that the server had told of when the list was read, in unix seconds. */
	clock: number;
	/**
	 * The creation time of the newest batch. A server whose times of other events run ahead must
	 * not take the position beyond it.
	 */
	newest: number;
	/** The same at the last poll. */
	newestBefore: number;
}

/**
 * Where the batches begin that may still be joined by others turning up late. Only the server's
 * own times count, as n8n's clock may differ.
 *
 * @param recent the newest batches, newest first
 */
export function settled(times: Times, recent: readonly Batch[], caution: Caution): Position {
	const { clock, newest, newestBefore } = times;
	const many = recent.length >= RECENT_BATCHES ? positionOf(recent[RECENT_BATCHES - 1]).t - 1 : 0;
	const short = clock - SHORT_LIST_LAG;
	const late = {
		usual: Math.max(clock - LIST_LAG, Math.min(many, short)),
		short,
		least: Math.max(short, newestBefore),
	}[caution];
	return { t: Math.max(0, Math.min(newest, late)) + 1, id: '' };
}

/**
 * How far up batches can be let go of, remembering no more than `room` open ones of them.
 *
 * @param open the positions of open batches that are not remembered yet
 */
export function highest(limit: Position, open: readonly Position[], room: number): Position {
	return oldest(limit, [...open].sort(compare)[room] ?? TOP);
}
