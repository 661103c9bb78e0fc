import type { Batch } from '../api/objects';
import { isAdoptable, oldestOf, placeOf, RETRY_OF } from './submission';

/** A part of a submission: its batch, and the batches that repeated some of its requests. */
export interface SubmittedPart {
	batch: Batch;
	/** Oldest first. */
	retries: Batch[];
}

/** Whether a batch is a part of its submission itself, and no retry of one. */
export const isPart = ({ metadata }: Batch): boolean => !metadata?.[RETRY_OF];

/** The number of the part that a batch is, or that it repeats. */
export const partNumberOf = (batch: Batch): number => placeOf(batch)?.part ?? 1;

/** How many parts the submission of a batch has. */
export const partCountOf = (batch: Batch): number => placeOf(batch)?.parts ?? 1;

/**
 * One part of a submission: of several attempts the one that stands, else the newest, and all
 * retries of the part.
 *
 * @param batches all batches of the submission, newest first
 * @returns undefined when none of them is this part
 */
export function findPart(batches: readonly Batch[], number: number): SubmittedPart | undefined {
	const ofPart = batches.filter((batch) => partNumberOf(batch) === number);
	const attempts = ofPart.filter(isPart);
	const batch = oldestOf(attempts.filter(isAdoptable)) ?? attempts[0];
	return batch && { batch, retries: ofPart.filter((one) => !isPart(one)).reverse() };
}
