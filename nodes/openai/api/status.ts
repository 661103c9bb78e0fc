import type { Batch, BatchStatus } from './types';

/** The statuses in which nothing changes any more. */
export const FINISHED_STATUSES: readonly BatchStatus[] = [
	'completed',
	'failed',
	'expired',
	'cancelled',
];

/** A batch's status in the API's own spelling: some compatible servers send upper case. */
export function statusOf(batch: Pick<Batch, 'status'>): BatchStatus {
	return String(batch.status ?? '').toLowerCase() as BatchStatus;
}

/** Whether the batch has reached a status that it will not leave. */
export function isFinished(batch: Pick<Batch, 'status'>): boolean {
	return FINISHED_STATUSES.includes(statusOf(batch));
}
