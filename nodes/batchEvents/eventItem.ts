import type { IDataObject } from 'n8n-workflow';
import type { BatchEvent } from './batchEvent';
import { describeBatch } from '../openai/api/objects';
import { submissionIdOf } from '../openai/submissions/submission';

/** The batch's own fields that most workflows need. */
const SIMPLIFIED_FIELDS = [
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

/**
 * The JSON of the item that a trigger returns: what happened, and the batch as it is now. Its `id`
 * is what Get Results takes. A failed batch also says whether a later retry can succeed.
 *
 * @param simplify whether to leave out the batch's rarely needed fields
 */
export function toEventItem({ name, batch, time }: BatchEvent, simplify: boolean): IDataObject {
	const fields = Object.fromEntries(
		SIMPLIFIED_FIELDS.map((field) => [field, batch[field] || null]),
	);
	return {
		event: `batch.${name}`,
		event_id: `${batch.id}:${name}`,
		event_time: time,
		...(simplify ? { id: batch.id, ...fields } : (batch as unknown as IDataObject)),
		...describeBatch(batch),
		submission_id: submissionIdOf(batch),
	};
}
