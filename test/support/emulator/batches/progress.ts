import { Random } from '../random';
import { failsAtRun } from '../outcomes';
import type { StoredBatch, WireBatch, Work } from './batch';

/** Requests are executed in shuffled order inside blocks of this size, block after block. */
export const BLOCK = 512;

/**
 * The place at which each request is executed. Shuffling inside blocks keeps the result files out
 * of order, as the real ones are, while they can be written in one pass with little memory.
 */
export function executionPlaces(total: number, seed: number): Uint32Array {
	const places = Uint32Array.from({ length: total }, (_, index) => index);
	const random = new Random(seed ^ total);
	for (let start = 0; start < total; start += BLOCK) {
		const size = Math.min(BLOCK, total - start);
		for (let index = size - 1; index > 0; index--) {
			const other = start + random.integer(0, index);
			[places[start + index], places[other]] = [places[other], places[start + index]];
		}
	}
	return places;
}

/** How many requests have been executed at a moment. `duration` and `now` in milliseconds. */
export function doneAt(work: Work, now: number, duration: number): number {
	if (work.done !== undefined) return work.done;
	const share = duration === 0 ? 1 : Math.min(1, (now - work.startedAt) / duration);
	return Math.floor(work.limit * share);
}

/** The counts when `done` requests have been executed. */
export function countsAt(work: Work, done: number, fate: StoredBatch['fate']) {
	if (fate === 'fail_all') return { total: work.total, completed: 0, failed: done };
	let failed = 0;
	let lost = 0;
	for (const [index, outcome] of work.outcomes) {
		if (work.places[index] >= done) continue;
		if (failsAtRun(outcome)) failed++;
		else if (outcome.type === 'missing') lost++;
	}
	// A request that is lost counts as neither: nobody has its result.
	return { total: work.total, completed: done - failed - lost, failed };
}

/** The batch object at a moment: the counts grow while it is in progress. */
export function wireAt(batch: StoredBatch, now: number, duration: number): WireBatch {
	const { wire, work } = batch;
	if (work === undefined || wire.status !== 'in_progress') return wire;
	return { ...wire, request_counts: countsAt(work, doneAt(work, now, duration), batch.fate) };
}
