import type { Batch } from '../openai/api/types';
import { seconds } from '../batchEvents/batchTimes';

/**
 * A place in the order of all batches: by creation time, and within one second by id. The server
 * lists a second's batches in an order that it does not promise; this one is always the same.
 */
export interface Position {
	/** Unix seconds. */
	t: number;
	/** '' stands before every batch of the second. */
	id: string;
}

export const BOTTOM: Position = { t: -1, id: '' };
export const TOP: Position = { t: Number.MAX_SAFE_INTEGER, id: '' };

export function positionOf(batch: Batch): Position {
	return { t: seconds(batch.created_at) ?? 0, id: batch.id };
}

/** Below zero when `a` is older than `b`, above when newer. */
export function compare(a: Position, b: Position): number {
	if (a.t !== b.t) return a.t - b.t;
	if (a.id === b.id) return 0;
	return a.id < b.id ? -1 : 1;
}

export const isOlder = (a: Position, b: Position): boolean => compare(a, b) < 0;

export const newest = (a: Position, b: Position): Position => (isOlder(a, b) ? b : a);
export const oldest = (a: Position, b: Position): Position => (isOlder(a, b) ? a : b);
