import type { Batch } from '../openai/api/types';
import type { Changes } from './changes';
import type { BatchEvent, Mask } from '../batchEvents/events';
import { CREATED, eventsSince, finishTime } from '../batchEvents/events';
import { matches, readFilters, type Filters } from '../batchEvents/filters';
import { shortHash } from './marks';
import type { Position } from './position';
import { isOlder, positionOf } from './position';
import type { Gap, OpenBatch, State } from './state';

/** A batch that the poll has seen and that it has something to say or to remember about. */
export interface Sighting {
	batch: Batch;
	position: Position;
	/**
	 * `open`: remembered as open. `news`: what is not marked is news. `old`: it was there before the
	 * activation, or before the filters were changed.
	 */
	kind: 'open' | 'news' | 'old';
	/** Whether it lies below `from`, where an open batch has to be remembered one by one. */
	isBelow: boolean;
	/** How many batches are above it in the list. */
	rank?: number;
	/** What the state says has happened. */
	accounted: Mask;
	events: BatchEvent[];
}

type Found = Pick<Sighting, 'batch' | 'position' | 'isBelow' | 'rank'> & {
	kind?: Sighting['kind'];
	since: number | null;
};

/** What a batch in a stretch of the list is, by where it is and by what the filters were. */
function kindIn({ tell, low, former }: Gap): (batch: Batch) => Sighting['kind'] | undefined {
	const filters: Filters | undefined = former === undefined ? undefined : readFilters(former);
	return (batch) => {
		const position = positionOf(batch);
		const isNews = !isOlder(position, tell) && (!filters || matches(batch, filters));
		if (isNews) return 'news';
		return position.t >= low ? 'old' : undefined;
	};
}

function* found({ state, rest, head, lookups, beyond }: Changes): Generator<Found> {
	const { gap } = state;
	const headKind = beyond && kindIn(beyond);
	for (const batch of lookups?.found.values() ?? []) {
		yield { batch, position: positionOf(batch), isBelow: true, since: null };
	}
	for (const [index, batch] of head.batches.entries()) {
		const position = positionOf(batch);
		const isBelow = isOlder(position, state.from);
		const kind = headKind ? headKind(batch) : isBelow ? undefined : 'news';
		yield { batch, position, isBelow, kind, rank: index, since: beyond?.since ?? null };
	}
	if (!rest || !gap) return;
	const restKind = kindIn(gap);
	for (const [index, batch] of rest.batches.entries()) {
		const position = positionOf(batch);
		if (position.t > gap.high) continue;
		const rank = gap.rank + index;
		yield { batch, position, isBelow: true, kind: restKind(batch), rank, since: gap.since };
	}
}

/** What the state accounts for of a batch that it does not remember as open. */
function marked({ marks }: State, { id }: Batch): Mask {
	return marks.size > 0 ? (marks.get(shortHash(id))?.mask ?? 0) : 0;
}

/** Whether an event was before the activation of a trigger that could not mark it. */
function isBeforeBase({ base }: State, position: Position, { name, time }: BatchEvent): boolean {
	if (!base || position.t > base.t) return false;
	return name === 'created' || time === null || time < base.since;
}

function eventsOf(
	{ state, settings, begins }: Changes,
	sighting: Omit<Sighting, 'events'>,
	since: number | null,
): BatchEvent[] {
	const { batch, kind, position, accounted } = sighting;
	if (!matches(batch, settings.filters)) return [];
	const events = eventsSince(batch, accounted, settings.events);
	if (kind === 'open') return events;
	if (kind === 'news') return events.filter((event) => !isBeforeBase(state, position, event));
	const finished = begins ? finishTime(batch) : null;
	return events.filter(
		({ time }) =>
			since !== null && time !== null && time >= since && (!begins || time === finished),
	);
}

/** Sorts what the poll has seen: what is news, and what happened of it. */
export function sightings(changes: Changes): Sighting[] {
	const { state } = changes;
	const open = new Map<string, OpenBatch>(state.open.map((batch) => [batch.id, batch]));
	const seen = new Map<string, Sighting>();
	for (const { since, ...rest } of found(changes)) {
		const known = open.get(rest.batch.id);
		const kind = known ? 'open' : rest.kind;
		if (!kind || (!known && !matches(rest.batch, changes.settings.filters))) continue;
		const accounted = known ? known.mask | CREATED : marked(state, rest.batch);
		const sighting = { ...rest, kind, accounted };
		seen.set(rest.batch.id, { ...sighting, events: eventsOf(changes, sighting, since) });
	}
	return [...seen.values()];
}
