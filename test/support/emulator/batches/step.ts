import type { BatchStatus } from '../../../../nodes/openai/api/objects';
import type { StoredBatch } from './batch';
import type { Lifecycle } from './lifecycle';

/** From which statuses a status is reached; the last one is gone through when on neither. */
const BEFORE: Record<BatchStatus, readonly BatchStatus[]> = {
	validating: [],
	failed: ['validating'],
	in_progress: ['validating'],
	finalizing: ['in_progress'],
	completed: ['finalizing'],
	expired: ['in_progress'],
	cancelling: ['validating', 'in_progress'],
	cancelled: ['cancelling'],
};

const CHANGES: Record<
	Exclude<BatchStatus, 'validating'>,
	(lifecycle: Lifecycle, batch: StoredBatch) => void | Promise<void>
> = {
	in_progress: (lifecycle, batch) => lifecycle.begin(batch),
	failed: (lifecycle, batch) =>
		lifecycle.fail(batch, [
			{ code: 'server_error', line: null, message: 'The batch could not be read.', param: null },
		]),
	finalizing: (lifecycle, batch) => lifecycle.finalize(batch),
	completed: (lifecycle, batch) => lifecycle.complete(batch),
	expired: (lifecycle, batch) => lifecycle.expire(batch),
	cancelling: (lifecycle, batch) => lifecycle.cancel(batch),
	cancelled: (lifecycle, batch) => lifecycle.finishCancel(batch),
};

/**
 * Takes a batch to a status at once, through every status on the way, without moving the clock.
 * `done` is the number of requests executed when the batch is in progress; a batch that expires
 * or is cancelled without any has executed half.
 *
 * @throws Error when the status cannot be reached, for instance because validation failed
 */
export async function step(
	lifecycle: Lifecycle,
	batch: StoredBatch,
	to: BatchStatus,
	done?: number,
): Promise<void> {
	if (batch.wire.status === to) {
		if (to === 'in_progress' && done !== undefined) lifecycle.freeze(batch, done);
		return;
	}
	const before = BEFORE[to];
	if (before.length === 0) throw unreachable(batch, to);
	if (!before.includes(batch.wire.status)) await step(lifecycle, batch, before.at(-1)!, done);
	if (batch.work !== undefined && (to === 'expired' || to === 'cancelling')) {
		const natural = lifecycle.doneNow(batch);
		lifecycle.freeze(batch, done ?? (natural > 0 ? natural : Math.floor(batch.work.total / 2)));
	}
	await CHANGES[to as keyof typeof CHANGES](lifecycle, batch);
	if (batch.wire.status !== to) throw unreachable(batch, to);
	if (to === 'in_progress' && done !== undefined) lifecycle.freeze(batch, done);
}

function unreachable({ wire }: StoredBatch, to: BatchStatus): Error {
	const errors = wire.errors === null ? '' : `: ${JSON.stringify(wire.errors)}`;
	return new Error(`Batch ${wire.id} is ${wire.status} and cannot become ${to}${errors}`);
}
