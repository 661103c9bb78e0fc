import type { IDataObject } from 'n8n-workflow';
import { durationSeconds, firstErrors, progressOf } from '../openai/describe';
import { passingFailure } from '../openai/passing';
import { statusOf } from '../openai/status';
import type { Batch } from '../openai/types';
import type { BatchEvent } from './events';

/** How many validation errors the summary of a failed batch tells; the rest is counted. */
const ERRORS_IN_SUMMARY = 3;

/** The batch's own fields that most workflows need. */
const LEAN_FIELDS = [
	'endpoint',
	'model',
	'created_at',
	'input_file_id',
	'output_file_id',
	'error_file_id',
	'request_counts',
	'usage',
	'metadata',
] as const;

function errorSummary(batch: Batch): string {
	const more = (batch.errors?.data?.length ?? 0) - ERRORS_IN_SUMMARY;
	const lines = firstErrors(batch, ERRORS_IN_SUMMARY);
	return [...lines, ...(more > 0 ? [`… and ${more} more`] : [])].join('\n');
}

/**
 * The JSON of an item: what happened, and the batch as it is now. Its `id` is what Get Results
 * takes. A failed batch also tells whether a later retry of it can succeed as it is.
 *
 * @param simplify whether to leave out the batch's rarely needed fields
 */
export function toJson({ name, batch, time }: BatchEvent, simplify: boolean): IDataObject {
	const status = statusOf(batch);
	const lean = Object.fromEntries(LEAN_FIELDS.map((field) => [field, batch[field] || null]));
	return {
		event: `batch.${name}`,
		event_id: `${batch.id}:${name}`,
		event_time: time,
		...(simplify ? { id: batch.id, ...lean } : (batch as unknown as IDataObject)),
		status,
		progress: progressOf(batch),
		duration_seconds: durationSeconds(batch),
		...(status === 'failed' && {
			retryable: passingFailure(batch) !== undefined,
			error_summary: errorSummary(batch),
		}),
	};
}
