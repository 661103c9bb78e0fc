import type { Batch } from '../openai/api/objects';

/** Every field that says when something happened. `expires_at` is about the future. */
const TIME_FIELDS = [
	'created_at',
	'in_progress_at',
	'finalizing_at',
	'completed_at',
	'failed_at',
	'expired_at',
	'cancelling_at',
	'cancelled_at',
] as const;

/** When a batch was created, in unix seconds; 0 without a batch or a time. */
export function creationTime(batch: Batch | undefined): number {
	return batch?.created_at ?? 0;
}

/** The latest time in a batch, in unix seconds: the server's clock has reached at least that. */
export function latestTime(batch: Batch): number {
	return Math.max(...TIME_FIELDS.map((field) => batch[field] ?? 0));
}

/** The latest time in any of the batches, in unix seconds; 0 without any. */
export function latestTimeOf(batches: readonly Batch[]): number {
	return batches.reduce((latest, batch) => Math.max(latest, latestTime(batch)), 0);
}
