import { createHash } from 'crypto';
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

/** The id of the submission that a scope stands for. @param scopeName see `SubmissionScope` */
export function submissionIdFor(scopeName: string): string {
	return digitsOf(scopeName);
}

/**
 * The key of one batch: the same content in the same scope gives the same key.
 *
 * @param scopeName in whose name it is created, see `SubmissionScope`
 * @param contentHash a digest of what the batch does
 * @param submissionId the submission that the batch belongs to, where it is not the scope's own
 * @returns 32 hexadecimal digits: 16 of the submission and 16 of this content
 */
export function submissionKey(
	scopeName: string,
	contentHash: string,
	submissionId = submissionIdFor(scopeName),
): string {
	return submissionId + digitsOf(`${scopeName}\n${contentHash}`);
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
