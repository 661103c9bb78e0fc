import type { Batch } from '../openai/api/types';

/** Values above this are milliseconds, whatever the server calls them. */
const LARGEST_SECONDS = 1e11;

/** Every field that says when something happened; `expires_at` speaks of the future. */
const TIMES = [
	'created_at',
	'in_progress_at',
	'finalizing_at',
	'completed_at',
	'failed_at',
	'expired_at',
	'cancelling_at',
	'cancelled_at',
] as const;

/** A time of the API in unix seconds; null when it is missing or makes no sense. */
export function seconds(value: number | null | undefined): number | null {
	if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) return null;
	return Math.floor(value > LARGEST_SECONDS ? value / 1000 : value);
}

/** The latest moment that the server has told of in a batch: its clock has reached at least that. */
export function latestTime(batch: Batch): number {
	return Math.max(0, ...TIMES.map((field) => seconds(batch[field]) ?? 0));
}

/** The latest moment that the server has told of in any of the batches; 0 without any. */
export function latestOf(batches: readonly Batch[]): number {
	return batches.reduce((latest, batch) => Math.max(latest, latestTime(batch)), 0);
}
