import { isFinished, statusOf } from '../openai/api/status';
import type { Batch } from '../openai/api/types';
import { compare, positionOf } from '../OpenAiBatchTrigger/position';
import { latestTime, seconds } from '../OpenAiBatchTrigger/times';

/** What can happen to a batch, in the order in which it does; `created` takes in `validating`. */
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

/** One thing that happened to a batch. */
export interface BatchEvent {
	name: EventName;
	/** The batch as it is now, which may be further than the event. */
	batch: Batch;
	/** Unix seconds; null where the server tells no time. */
	time: number | null;
}

/** A set of events as bits. A batch finishes once, so all endings share one. */
export type Mask = number;

const FINISHED: Mask = 16;

const BITS: Record<EventName, Mask> = {
	created: 1,
	in_progress: 2,
	finalizing: 4,
	cancelling: 8,
	completed: FINISHED,
	failed: FINISHED,
	expired: FINISHED,
	cancelled: FINISHED,
};

export const CREATED: Mask = BITS.created;

/** When something happened to a batch, in unix seconds, where the server tells it. */
export function timeOf(batch: Batch, name: EventName): number | null {
	return seconds(batch[`${name}_at`]);
}

/**
 * What has happened to a batch so far. A transient status that is over is known by its time only;
 * of the endings, only the one that the status names is true.
 */
function passed(batch: Batch): EventName[] {
	const status = statusOf(batch);
	return EVENTS.filter((name) => {
		if (name === 'created' || name === status) return true;
		return BITS[name] !== FINISHED && timeOf(batch, name) !== null;
	});
}

/** Everything that has happened to a batch so far. */
export function maskOf(batch: Batch): Mask {
	return passed(batch).reduce((mask, name) => mask | BITS[name], 0);
}

/**
 * What has happened to a batch, is wanted, and is not in `accounted`; in the order it happened.
 * Nothing follows an ending, even where a server's list falls back behind it for a while.
 */
export function eventsSince(
	batch: Batch,
	accounted: Mask,
	wanted: ReadonlySet<EventName>,
): BatchEvent[] {
	if ((accounted & FINISHED) !== 0) return [];
	return passed(batch)
		.filter((name) => (BITS[name] & accounted) === 0 && wanted.has(name))
		.map((name) => ({ name, batch, time: timeOf(batch, name) }));
}

/** When a finished batch finished; null while it runs and where no time is told. */
export function finishTime(batch: Batch): number | null {
	return isFinished(batch) ? timeOf(batch, statusOf(batch) as EventName) : null;
}

/** Sorts events of many batches into the order in which they happened. */
export function inOrder(events: readonly BatchEvent[]): BatchEvent[] {
	const when = ({ batch, time }: BatchEvent) => time ?? latestTime(batch);
	return [...events].sort(
		(a, b) =>
			when(a) - when(b) ||
			EVENTS.indexOf(a.name) - EVENTS.indexOf(b.name) ||
			compare(positionOf(a.batch), positionOf(b.batch)),
	);
}
