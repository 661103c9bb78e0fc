import type { Batch } from '../openai/api/types';
import type { Reading } from './reading';
import type { BatchEvent, EventMask } from '../batchEvents/batchEvent';
import { CREATED, newEvents, endTime } from '../batchEvents/batchEvent';
import { matchesFilters, type EventFilters } from '../batchEvents/eventFilters';
import type { Position } from './position';
import { isOlder, positionOf } from './position';
import { readFilters, shortHash, type OpenBatch, type State, type Unread } from './state';

/** A batch that the poll has seen and that it has something to say or to remember about. */
export interface ObservedBatch {
	batch: Batch;
	position: Position;
	/**
	 * `open`: remembered as open. `news`: what is not marked is news. `old`: it was there before the
	 * activation, or before the filters were changed.
	 */
	kind: 'open' | 'news' | 'old';
	/** Whether it lies below `settledUpTo`, where an open batch has to be remembered one by one. */
	isBelow: boolean;
	/** How many batches are above it in the list. */
	rank?: number;
	/** What the state says has happened. */
	accounted: EventMask;
	events: BatchEvent[];
}

type Found = Pick<ObservedBatch, 'batch' | 'position' | 'isBelow' | 'rank'> & {
	kind?: ObservedBatch['kind'];
	since: number | null;
};

/** What a batch in a stretch of the list is, by where it is and by what the filters were. */
function kindIn({
	newsFrom,
	low,
	former,
}: Unread): (batch: Batch) => ObservedBatch['kind'] | undefined {
	const filters: EventFilters | undefined = former === undefined ? undefined : readFilters(former);
	return (batch) => {
		const position = positionOf(batch);
		const isNews = !isOlder(position, newsFrom) && (!filters || matchesFilters(batch, filters));
		if (isNews) return 'news';
		return position.t >= low ? 'old' : undefined;
	};
}

function* found({ state, rest, head, lookups, beyond }: Reading): Generator<Found> {
	const { unread } = state;
	const headKind = beyond && kindIn(beyond);
	for (const batch of lookups?.found.values() ?? []) {
		yield { batch, position: positionOf(batch), isBelow: true, since: null };
	}
	for (const [index, batch] of head.batches.entries()) {
		const position = positionOf(batch);
		const isBelow = isOlder(position, state.settledUpTo);
		const kind = headKind ? headKind(batch) : isBelow ? undefined : 'news';
		yield { batch, position, isBelow, kind, rank: index, since: beyond?.since ?? null };
	}
	if (!rest || !unread) return;
	const restKind = kindIn(unread);
	for (const [index, batch] of rest.batches.entries()) {
		const position = positionOf(batch);
		if (position.t > unread.high) continue;
		const rank = unread.rank + index;
		yield { batch, position, isBelow: true, kind: restKind(batch), rank, since: unread.since };
	}
}

/** What the state accounts for of a batch that it does not remember as open. */
function marked({ marks }: State, { id }: Batch): EventMask {
	return marks.size > 0 ? (marks.get(shortHash(id))?.seenEvents ?? 0) : 0;
}

/** Whether an event was before the activation of a trigger that could not mark it. */
function isBeforeActivation(
	{ activation }: State,
	position: Position,
	{ name, time }: BatchEvent,
): boolean {
	if (!activation || position.t > activation.t) return false;
	return name === 'created' || time === null || time < activation.since;
}

function eventsOf(
	{ state, settings, begins }: Reading,
	observation: Omit<ObservedBatch, 'events'>,
	since: number | null,
): BatchEvent[] {
	const { batch, kind, position, accounted } = observation;
	if (!matchesFilters(batch, settings.filters)) return [];
	const events = newEvents(batch, accounted, settings.events);
	if (kind === 'open') return events;
	if (kind === 'news') return events.filter((event) => !isBeforeActivation(state, position, event));
	const finished = begins ? endTime(batch) : null;
	return events.filter(
		({ time }) =>
			since !== null && time !== null && time >= since && (!begins || time === finished),
	);
}

/** Sorts what the poll has seen: what is news, and what happened of it. */
export function observe(reading: Reading): ObservedBatch[] {
	const { state } = reading;
	const open = new Map<string, OpenBatch>(state.open.map((batch) => [batch.id, batch]));
	const seen = new Map<string, ObservedBatch>();
	for (const { since, ...rest } of found(reading)) {
		const known = open.get(rest.batch.id);
		const kind = known ? 'open' : rest.kind;
		if (!kind || (!known && !matchesFilters(rest.batch, reading.settings.filters))) continue;
		const accounted = known ? known.seenEvents | CREATED : marked(state, rest.batch);
		const observation = { ...rest, kind, accounted };
		seen.set(rest.batch.id, { ...observation, events: eventsOf(reading, observation, since) });
	}
	return [...seen.values()];
}
