import type { IDataObject } from 'n8n-workflow';
import type { Batch } from '../../openai/api/objects';
import { describeBatch } from '../../openai/api/objects';
import type { CreatedBatch } from '../../openai/submissions/submission';
import { submissionIdIn, submissionIdOf } from '../../openai/submissions/submission';
import type { FieldsOf } from '../shared/outputFields';
import {
	amount,
	amountOrNull,
	inOrder,
	listOf,
	objectOrNull,
	text,
	textOrNull,
	texts,
	yesOrNo,
} from '../shared/outputFields';

/** The service's own fields of a batch: first what most workflows need, last what few do. */
const USUAL_FIELDS: FieldsOf<Omit<Batch, 'output_file_ids' | 'error_file_ids'>> = {
	id: text,
	status: text,
	request_counts: objectOrNull({
		total: amountOrNull,
		completed: amountOrNull,
		failed: amountOrNull,
	}),
	endpoint: textOrNull,
	model: textOrNull,
	metadata: objectOrNull({}),
	input_file_id: textOrNull,
	output_file_id: textOrNull,
	error_file_id: textOrNull,
	usage: objectOrNull({
		input_tokens: amount,
		input_tokens_details: { type: 'object' },
		output_tokens: amount,
		output_tokens_details: { type: 'object' },
		total_tokens: amount,
	}),
	errors: objectOrNull({
		object: text,
		data: listOf({
			code: textOrNull,
			line: amountOrNull,
			message: textOrNull,
			param: textOrNull,
		}),
	}),
	created_at: amountOrNull,
	in_progress_at: amountOrNull,
	finalizing_at: amountOrNull,
	completed_at: amountOrNull,
	failed_at: amountOrNull,
	expired_at: amountOrNull,
	cancelling_at: amountOrNull,
	cancelled_at: amountOrNull,
	expires_at: amountOrNull,
	completion_window: textOrNull,
	object: textOrNull,
};

/** All of them: some servers write several files. */
const OWN_FIELDS: FieldsOf<Batch> = {
	...USUAL_FIELDS,
	output_file_ids: texts,
	error_file_ids: texts,
};

type Description = ReturnType<typeof describeBatch>;

/** What an item says about a batch besides its own fields. */
interface Described extends Partial<Description> {
	submission_id: string | null;
}

const { id, status, ...others } = OWN_FIELDS;

/** The fields of a batch that was read. */
export const BATCH_FIELDS: FieldsOf<Batch & Described> = {
	id,
	status,
	progress: amount,
	...others,
	duration_seconds: amountOrNull,
	retryable: yesOrNo,
	error_summary: text,
	submission_id: textOrNull,
};

/** The JSON of a batch: its own fields, how far it is, and the submission that it belongs to. */
export function batchItem(batch: Batch): IDataObject {
	const described: Batch & Described = {
		...batch,
		...describeBatch(batch),
		submission_id: submissionIdOf(batch),
	};
	return inOrder(BATCH_FIELDS, described) as unknown as IDataObject;
}

/** What an item says about the creation of a batch. */
interface Created {
	submission_id: string;
	submission_key: string;
	adopted: boolean;
}

/** The fields of a batch that was created, which has no lists of files yet. */
export const CREATED_FIELDS: FieldsOf<Omit<Batch, 'output_file_ids' | 'error_file_ids'> & Created> =
	{
		...USUAL_FIELDS,
		submission_id: text,
		submission_key: text,
		adopted: yesOrNo,
	};

/**
 * The JSON of a batch that was created, or found to be there already.
 *
 * @param more what the operation says about it
 */
export function createdItem(
	{ batch, key, adopted }: CreatedBatch,
	more: IDataObject = {},
): IDataObject {
	const first = { id, status, ...more };
	const item: IDataObject = {
		...(batch as unknown as IDataObject),
		...more,
		// A server that drops metadata does not return the key.
		submission_id: submissionIdIn(key),
		submission_key: key,
		adopted,
	};
	return inOrder({ ...first, ...CREATED_FIELDS }, item);
}
