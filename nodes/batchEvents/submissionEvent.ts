import { createHash } from 'crypto';
import type { IDataObject } from 'n8n-workflow';
import { endTime, eventTime } from './batchEvent';
import { creationTime } from './batchTimes';
import { isObject } from '../jsonl/json';
import type { Batch } from '../openai/api/objects';
import { isFinished, statusOf } from '../openai/api/objects';
import { findPart, isPart, partCountOf } from '../openai/submissions/parts';
import {
	ROWS_FILE_ID,
	SUBMISSION_METADATA,
	SUBMISSION_TOKENS,
	submissionIdOf,
} from '../openai/submissions/submission';

/** The event of the last batch of a submission, beside those of each batch. */
export const SUBMISSION_FINISHED = 'submission_finished';

/** A submission of which every part exists and every batch has ended. */
export interface SubmissionEvent {
	submissionId: string;
	/** The parts in their order, each with its retries after it, oldest first. */
	batches: Batch[];
}

/**
 * The event of a submission, undefined while a part is missing or a batch has not ended.
 *
 * @param batches all batches of one submission
 */
export function submissionEvent(batches: readonly Batch[]): SubmissionEvent | undefined {
	const [first] = batches;
	const submissionId = first && submissionIdOf(first);
	if (!submissionId || !batches.every(isFinished)) return undefined;
	const newestFirst = [...batches].sort(
		(a, b) => (b.created_at ?? 0) - (a.created_at ?? 0) || (a.id < b.id ? 1 : -1),
	);
	const found: Batch[] = [];
	for (let number = 1; number <= partCountOf(first); number++) {
		const part = findPart(newestFirst, number);
		if (!part) return undefined;
		found.push(part.batch, ...part.retries);
	}
	return { submissionId, batches: found };
}

/**
 * What the event is known by. It is another one only when another batch has joined the submission,
 * whichever trigger reports it.
 */
export function submissionEventId({ submissionId, batches }: SubmissionEvent): string {
	const ids = batches.map(({ id }) => id).sort();
	const digest = createHash('sha256').update(ids.join('\n')).digest('hex').slice(0, 16);
	return `submission_${submissionId}:${digest}`;
}

/** Adds up the numbers of two objects of the same kind, also inside of the objects in them. */
function addNumbers(sum: IDataObject, more: IDataObject): IDataObject {
	const added = { ...sum };
	for (const [name, value] of Object.entries(more)) {
		const before = added[name];
		if (typeof value === 'number') added[name] = (typeof before === 'number' ? before : 0) + value;
		else if (isObject(value)) added[name] = addNumbers(isObject(before) ? before : {}, value);
	}
	return added;
}

/** The sum of what the batches say; null when none of them says anything. */
function sumOf(values: ReadonlyArray<object | null | undefined>): IDataObject | null {
	const given = values.filter(isObject);
	return given.length === 0 ? null : given.reduce<IDataObject>(addNumbers, {});
}

/** What all say alike; null where they differ. */
function shared<T>(values: readonly T[]): T | null {
	return values.every((value) => value === values[0]) ? (values[0] ?? null) : null;
}

const OURS: readonly string[] = [...SUBMISSION_METADATA, SUBMISSION_TOKENS, ROWS_FILE_ID];

/** The user's metadata that all batches carry. */
function sharedMetadata(batches: readonly Batch[]): Record<string, string> {
	const pairs = Object.entries(batches[0].metadata ?? {});
	return Object.fromEntries(
		pairs.filter(
			([key, value]) =>
				!OURS.includes(key) && batches.every(({ metadata }) => metadata?.[key] === value),
		),
	);
}

/** How many batches ended how, by status. */
function countStatuses(batches: readonly Batch[]): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const batch of batches) counts[statusOf(batch)] = (counts[statusOf(batch)] ?? 0) + 1;
	return counts;
}

/**
 * The JSON of the item that a trigger returns for a submission. Its `id` is a batch of it, so that
 * Get Results takes it as it is, with Whole Submission.
 *
 * @param simplify whether to leave out the batches themselves
 */
export function toSubmissionItem(event: SubmissionEvent, simplify: boolean): IDataObject {
	const { submissionId, batches } = event;
	const created = Math.min(...batches.map((batch) => creationTime(batch) || Infinity));
	const ends = batches.map((batch) => endTime(batch) ?? eventTime(batch, 'completed'));
	const end = ends.every((time) => time !== null) ? Math.max(...ends) : null;
	return {
		event: 'submission.finished',
		event_id: submissionEventId(event),
		event_time: end,
		submission_id: submissionId,
		id: batches[0].id,
		batch_ids: batches.map(({ id }) => id),
		parts: batches.filter(isPart).length,
		statuses: countStatuses(batches),
		endpoint: shared(batches.map(({ endpoint }) => endpoint)),
		model: shared(batches.map(({ model }) => model)),
		request_counts: sumOf(batches.map((batch) => batch.request_counts)),
		usage: sumOf(batches.map((batch) => batch.usage)),
		metadata: sharedMetadata(batches),
		created_at: created === Infinity ? null : created,
		duration_seconds: end === null || created === Infinity ? null : Math.max(0, end - created),
		...(simplify ? {} : { batches: batches as unknown as IDataObject[] }),
	};
}
