import type { Batch, BatchStatus } from './types';

/** The statuses in which nothing changes any more. */
export const FINISHED_STATUSES: readonly BatchStatus[] = [
	'completed',
	'failed',
	'expired',
	'cancelled',
];

const STATUSES: readonly string[] = [
	'validating',
	'in_progress',
	'finalizing',
	'cancelling',
	...FINISHED_STATUSES,
];

/** A batch's status, which is one of the API's own where the batch was read by `readBatch`. */
export function statusOf(batch: Pick<Batch, 'status'>): BatchStatus {
	return batch.status as BatchStatus;
}

/** Whether the status is one of the API's, or another name of one. */
export function isKnownStatus({ status }: Pick<Batch, 'status'>): boolean {
	return STATUSES.includes(status);
}

/** Whether the batch has reached a status that it will not leave. */
export function isFinished(batch: Pick<Batch, 'status'>): boolean {
	return FINISHED_STATUSES.includes(statusOf(batch));
}
