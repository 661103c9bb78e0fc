import { isFinished } from '../openai/api/status';
import type { Changes } from './changes';
import { maskOf } from '../batchEvents/events';
import { matches } from '../batchEvents/filters';
import { LONGEST_LIFE, MAX_OPEN, PATIENCE } from './limits';
import type { Position } from './position';
import type { Sighting } from './sightings';
import type { OpenBatch } from './state';
import { seconds } from './times';

/**
 * What tells whether a batch should have been over long ago: a server may lose some for ever.
 *
 * @param seen the latest time that the server has told of, in unix seconds
 * @param count how many batches are open; when there are too many, patience ends
 */
export function overdue(seen: number, count: number): (position: Position) => boolean {
	const limit = LONGEST_LIFE + (count > MAX_OPEN ? 0 : PATIENCE);
	return ({ t }) => seen - t > limit;
}

/** What is remembered of an open batch from now on. */
export function remember({ batch, position, rank = 0, accounted }: Sighting): OpenBatch {
	return { ...position, rank, mask: accounted | maskOf(batch) };
}

/** The batches remembered as open that still are, or that could not be looked at. */
export function stillOpen(
	{ state, settings, lookups, rest, created }: Changes,
	sightings: readonly Sighting[],
	isOverdue: (position: Position) => boolean,
): OpenBatch[] {
	const byId = new Map(sightings.map((sighting) => [sighting.batch.id, sighting]));
	const filled = rest?.batches.map(({ created_at }) => seconds(created_at) ?? 0) ?? [];
	return state.open.flatMap((open) => {
		if (lookups?.gone.has(open.id)) return [];
		const sighting = byId.get(open.id);
		const rank = sighting?.rank ?? open.rank + created + filled.filter((t) => t > open.t).length;
		if (!sighting) return [{ ...open, rank }];
		const { batch } = sighting;
		if (isFinished(batch) || !matches(batch, settings.filters)) return [];
		if (isOverdue(open)) return [];
		return [{ ...open, rank, mask: open.mask | maskOf(batch) }];
	});
}
