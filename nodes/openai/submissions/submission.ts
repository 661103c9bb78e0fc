import { createHash } from 'crypto';
import type { IDataObject } from 'n8n-workflow';
import { describeBatch } from '../api/status';
import type { Batch } from '../api/types';

/** The metadata pair by which a batch of a submission is found again. */
export const SUBMISSION_KEY = 'submission_key';

/** The metadata pair with the place of a batch among the parts of its submission, as `2/3`. */
export const SUBMISSION_PART = 'submission_part';

/** The metadata keys that every batch of a submission carries. */
export const SUBMISSION_METADATA = [SUBMISSION_KEY, SUBMISSION_PART];

/** How many hexadecimal digits of a key are those of the submission; as many are the part's. */
const ID_DIGITS = 16;

const KEY = /^[0-9a-f]{32}$/;

const digitsOf = (text: string) =>
	createHash('sha256').update(text).digest('hex').slice(0, ID_DIGITS);

/**
 * The id of a submission: the same contents in the same scope are the same submission. A loop, or
 * a key that is used again for other contents, makes another one each time.
 *
 * @param scopeName in whose name it is submitted, see `SubmissionScope`
 * @param contentHashes digests of what each of its parts does, in order
 * @returns 16 hexadecimal digits
 */
export function submissionIdFor(scopeName: string, contentHashes: readonly string[]): string {
	return digitsOf([scopeName, ...contentHashes].join('\n'));
}

/**
 * The key of one batch of a submission.
 *
 * @param contentHash a digest of what the batch does
 * @returns 32 hexadecimal digits: 16 of the submission and 16 of this content in this scope
 */
export function submissionKey(
	scopeName: string,
	contentHash: string,
	submissionId: string,
): string {
	return submissionId + digitsOf(`${scopeName}\n${contentHash}`);
}

/** Whether two keys are of the same content in the same scope, perhaps of different submissions. */
export function isSameContent(key: string, other: string): boolean {
	return KEY.test(key) && KEY.test(other) && key.slice(ID_DIGITS) === other.slice(ID_DIGITS);
}

/** The key that a batch was created with, if any. */
export function keyOf(batch: Batch): string | undefined {
	return batch.metadata?.[SUBMISSION_KEY];
}

/** The id of the submission in a key. */
export const submissionIdIn = (key: string): string => key.slice(0, ID_DIGITS);

/** The id of the submission that a batch belongs to; null for a batch of somebody else. */
export function submissionIdOf(batch: Batch): string | null {
	const key = keyOf(batch);
	return key !== undefined && KEY.test(key) ? submissionIdIn(key) : null;
}

/** The place of a batch among the parts of its submission, from 1. */
export interface Place {
	part: number;
	parts: number;
}

/** The place of a batch, which its retries keep; undefined where it carries none. */
export function placeOf(batch: Batch): Place | undefined {
	const found = /^([1-9]\d{0,5})\/([1-9]\d{0,5})$/.exec(batch.metadata?.[SUBMISSION_PART] ?? '');
	if (!found) return undefined;
	const [part, parts] = [Number(found[1]), Number(found[2])];
	return part <= parts ? { part, parts } : undefined;
}

/** As the metadata pair has it. */
export const placeText = ({ part, parts }: Place): string => `${part}/${parts}`;

/** A batch that exists at the service, and is paid for. */
export interface CreatedBatch {
	batch: Batch;
	key: string;
	/** True when the batch was there already. */
	adopted: boolean;
}

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
