import { creationTime, latestTime } from './batchTimes';
import type { Batch } from '../openai/api/objects';
import { isFinished, statusOf } from '../openai/api/objects';

/** What can happen to a batch, in the order in which it does; `created` includes `validating`. */
export const EVENTS = [
	'created',
	'in_progress',
	'finalizing',
	'cancelling',
	'completed',
	'failed',
	'expired',
	'cancelled',
] as const;

export type EventName = (typeof EVENTS)[number];

/** The events after which nothing happens to a batch any more. */
export const ENDINGS: readonly EventName[] = ['completed', 'failed', 'expired', 'cancelled'];

/** Stands for all endings where the user chooses events. */
export const ANY_OUTCOME = 'ended';

/** One thing that happened to a batch. */
export interface BatchEvent {
	name: EventName;
	/** The batch as it is now, which may be further than the event. */
	batch: Batch;
	/** Unix seconds; null where the server sends no time. */
	time: number | null;
}

/** A set of events as bits. A batch ends only once, so all four endings share one bit. */
export type EventMask = number;

const ENDED: EventMask = 16;

const BITS: Record<EventName, EventMask> = {
	created: 1,
	in_progress: 2,
	finalizing: 4,
	cancelling: 8,
	completed: ENDED,
	failed: ENDED,
	expired: ENDED,
	cancelled: ENDED,
};

export const CREATED: EventMask = BITS.created;

/** When an event happened to a batch, in unix seconds; null where the server sends no time. */
export function eventTime(batch: Batch, name: EventName): number | null {
	return batch[`${name}_at`] ?? null;
}

/**
 * The events that a batch has been through. A status that it has left again shows only in its time;
 * of the endings, only the one that is the status counts.
 */
function pastEvents(batch: Batch): EventName[] {
	const status = statusOf(batch);
	return EVENTS.filter((name) => {
		if (name === 'created' || name === status) return true;
		return BITS[name] !== ENDED && eventTime(batch, name) !== null;
	});
}

/** The events that a batch has been through, as bits. */
export function eventMaskOf(batch: Batch): EventMask {
	return pastEvents(batch).reduce((mask, name) => mask | BITS[name], 0);
}

/**
 * The wanted events of a batch that are not among the seen ones, in the order in which they
 * happened. Nothing follows an ending, even when the list shows an earlier status again.
 */
export function newEvents(
	batch: Batch,
	seen: EventMask,
	wanted: ReadonlySet<EventName>,
): BatchEvent[] {
	if ((seen & ENDED) !== 0) return [];
	return pastEvents(batch)
		.filter((name) => (BITS[name] & seen) === 0 && wanted.has(name))
		.map((name) => ({ name, batch, time: eventTime(batch, name) }));
}

/** When a batch ended, in unix seconds; null while it runs and where the server sends no time. */
export function endTime(batch: Batch): number | null {
	return isFinished(batch) ? eventTime(batch, statusOf(batch) as EventName) : null;
}

/** The events of many batches in the order in which they happened. */
export function inOrder(events: readonly BatchEvent[]): BatchEvent[] {
	const when = ({ batch, time }: BatchEvent) => time ?? latestTime(batch);
	return [...events].sort(
		(a, b) =>
			when(a) - when(b) ||
			EVENTS.indexOf(a.name) - EVENTS.indexOf(b.name) ||
			creationTime(a.batch) - creationTime(b.batch) ||
			(a.batch.id < b.batch.id ? -1 : 1),
	);
}
