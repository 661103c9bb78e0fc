import type { IDataObject } from 'n8n-workflow';
import { describeBatch } from '../../openai/api/status';
import type { Batch } from '../../openai/api/types';
import { submissionIdIn, submissionIdOf } from '../../openai/submissions/submission';
import type { CreatedBatch } from '../../openai/submissions/submissions';

/** The JSON of a batch: its own fields, how far it is, and the submission that it belongs to. */
export function batchItem(batch: Batch): IDataObject {
	return {
		...(batch as unknown as IDataObject),
		...describeBatch(batch),
		submission_id: submissionIdOf(batch),
	};
}

/**
 * The JSON of a batch that was created, or found to be there already.
 *
 * @param more what the operation says about it
 */
export function createdItem(
	{ batch, key, adopted }: CreatedBatch,
	more: IDataObject = {},
): IDataObject {
	return {
		...(batch as unknown as IDataObject),
		...more,
		// A server that drops metadata does not return the key.
		submission_id: submissionIdIn(key),
		submission_key: key,
		adopted,
	};
}
