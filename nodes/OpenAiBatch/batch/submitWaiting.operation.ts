import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { simplifyField, SUBMITTED_FIELDS, SubmittedItems } from './submittedItem';
import { deleteFile } from '../../openai/api/files';
import type { Batch } from '../../openai/api/objects';
import { durationSeconds, isFinished, statusOf, transientFailure } from '../../openai/api/objects';
import type { OpenAiClient } from '../../openai/client';
import type { RoomLimits, WaitingPart } from '../../openai/submissions/queue';
import { QueueRoom } from '../../openai/submissions/queue';
import type { StoredQueue } from '../../openai/submissions/storedQueues';
import { findQueues } from '../../openai/submissions/storedQueues';
import type { PartFailure, SubmissionPart, Submitted } from '../../openai/submissions/submissions';
import { isCreated, Submissions } from '../../openai/submissions/submissions';
import {
	ignoreOtherBatchesField,
	maxEnqueuedTokensField,
	roomLimits,
} from '../shared/batchOptions';
import { optionalText, optionsField } from '../shared/fields';
import type { Operation } from '../shared/operation';
import { asNodeError, errorItem, forAllItems, showFor } from '../shared/operation';

const submissionIdField = {
	displayName: 'Submission ID',
	name: 'submissionId',
	type: 'string',
	default: '',
	placeholder: 'e.g. 3f2a9c0d1e4b5a67',
	description:
		'Only the parts of this submission. Without it, those of all submissions, the oldest first.',
} as const;

/** A part of a queue, and where it stands in it. */
interface Listed {
	queue: StoredQueue;
	part: WaitingPart;
}

/** How long a part that was refused several times waits, in seconds, and for how long at most. */
const PAUSE_SECONDS = 600;
const LONGEST_PAUSE_SECONDS = 6 * 3_600;

/** From this many refusals in a row on, a part may simply be too large. */
const DOUBTFUL = 3;

const isAtLimit = (batch: Batch) => transientFailure(batch)?.reason === 'enqueued_limit';

/**
 * What becomes of a part whose batches failed or were cancelled. When the last one failed for lack of
 * room, the part waits again, after several refusals for longer each time. Any other end is an answer.
 * So is a retry of the whole part that came after it was written down.
 */
function afterAttempts(listed: Listed, attempts: readonly Batch[], room: QueueRoom) {
	const { part, queue } = listed;
	if (retryOf(listed, attempts, room)) return 'never';
	const last = lastAttempt(attempts);
	// What was over before the part was written down has had its effect then.
	if (!isSince(last, part, queue)) return 'again';
	if (!isAtLimit(last)) return 'never';
	const refusals = refusalsOf(part, queue, attempts);
	if (refusals < DOUBTFUL) return 'again';
	const pause = Math.min(PAUSE_SECONDS * 2 ** (refusals - DOUBTFUL), LONGEST_PAUSE_SECONDS);
	const endedAt = createdAt(last) + (durationSeconds(last) ?? 0);
	return Date.now() / 1000 < endedAt + pause ? 'later' : 'again';
}

/** The service counts the requests of a batch while it validates it. */
const isCounted = (batch: Batch) => (batch.request_counts?.total ?? 0) > 0 || isFinished(batch);

/**
 * The retry that asks for all that a part has no answer for yet, or of which this is not known yet.
 * One of some requests only, by their ids, leaves the others to the part.
 */
function retryOf(
	{ part, queue }: Listed,
	attempts: readonly Batch[],
	{ retries }: QueueRoom,
): Batch | undefined {
	const isWhole = (retry: Batch, { request_counts: answered }: Batch) =>
		(retry.request_counts?.total ?? 0) + (answered?.completed ?? 0) >= part.requests;
	for (const attempt of attempts) {
		const since = (retries.get(attempt.id) ?? []).filter(
			({ created_at: at }) => (at ?? Infinity) >= (queue.file.created_at ?? 0),
		);
		const found = since.find((retry) => !isCounted(retry) || isWhole(retry, attempt));
		if (found) return found;
	}
	return undefined;
}

const retriedByHand = ({ place }: WaitingPart, { submissionId }: StoredQueue, { id }: Batch) =>
	`Part ${place.part} of ${place.parts} of submission ${submissionId} is not created again, because batch ${id} repeats what was not answered of it.`;

/**
 * Whether a batch was not over when its part was written down. Another execution may have created it
 * shortly before.
 */
function isSince(batch: Batch, { batchId }: WaitingPart, { file }: StoredQueue): boolean {
	const writtenAt = file.created_at ?? 0;
	if (batch.id === batchId || (batch.created_at ?? Infinity) >= writtenAt) return true;
	return createdAt(batch) + (durationSeconds(batch) ?? 0) > writtenAt;
}

/** How often a part was refused since it was written down. */
const refusalsOf = (part: WaitingPart, queue: StoredQueue, attempts: readonly Batch[]) =>
	attempts.filter((batch) => isAtLimit(batch) && isSince(batch, part, queue)).length;

/**
 * The last of several attempts at a part. One that was created while another was not over is a
 * duplicate of two executions, and was cancelled: it says nothing about the part.
 */
function lastAttempt(attempts: readonly Batch[]): Batch {
	const [first, ...others] = [...attempts].reverse().sort(byAge);
	return others.reduce((last, one) => {
		const duration = durationSeconds(last);
		const isDuplicate = duration !== null && createdAt(one) <= createdAt(last) + duration;
		return isDuplicate ? last : one;
	}, first);
}

/** Of two from the same second the one with the smaller id stands, as in `oldestOf`. */
function byAge(a: Batch, b: Batch): number {
	const age = createdAt(a) - createdAt(b);
	return age !== 0 || createdAt(a) === 0 ? age : a.id < b.id ? -1 : 1;
}

const createdAt = ({ created_at: at }: Batch) => at ?? 0;

const perhapsTooLarge = ({ place }: WaitingPart, { submissionId }: StoredQueue, count: number) =>
	`Part ${place.part} of ${place.parts} of submission ${submissionId} was refused ${count} times, since the queue of the service had no room for it. It is tried again less and less often. If it is larger than the limit of your account, submit its items with a smaller Max Tokens per Batch instead.`;

/** Limits that replace those of the submissions. */
type Override = { [Name in keyof RoomLimits]: RoomLimits[Name] | undefined };

function overrideOf(context: IExecuteFunctions, raw: IDataObject): Override {
	const ignores = raw.ignoreOtherBatches;
	return {
		maxEnqueuedTokens: roomLimits(context, raw)?.maxEnqueuedTokens,
		countsOthers: typeof ignores === 'boolean' ? !ignores : undefined,
	};
}

/** What is noticed about parts, by their keys. */
class Notes {
	/** How often a part was refused for lack of room. */
	readonly refusals = new Map<string, number>();
	/** The batch that stands for a part, since it was retried by hand. */
	readonly retries = new Map<string, Batch>();
}

/** @param room knows the retries when the list was read */
function submissionPart(
	listed: Listed,
	override: Override,
	room: QueueRoom,
	notes: Notes,
): SubmissionPart {
	const { part, queue } = listed;
	const { key, fileId, rowsFileId, model, place, tokens } = part;
	return {
		contentHash: '',
		key,
		input: { fileId, rowsFileId, isGone: queue.lost.has(key) },
		settings: queue.settings,
		place,
		share: {
			model,
			tokens,
			countsOthers: override.countsOthers ?? queue.countsOthers,
			maxEnqueuedTokens: override.maxEnqueuedTokens ?? queue.maxEnqueuedTokens,
		},
		afterAttempts: (attempts) => {
			notes.refusals.set(key, refusalsOf(part, queue, attempts));
			const retry = retryOf(listed, attempts, room);
			if (retry) notes.retries.set(key, retry);
			return afterAttempts(listed, attempts, room);
		},
	};
}

/** Whether a part does not wait any more: its batch is beyond the check for room. */
const isThrough = (one: Submitted['parts'][number]) =>
	isCreated(one) && statusOf(one.batch) !== 'validating';

/** The parts that got a batch now, and those that still wait. */
function itemOf(
	submitted: SubmittedItems,
	{ part, queue }: Listed,
	one: Submitted['parts'][number],
): INodeExecutionData[] {
	if (one === undefined) return [];
	const { place, requests, bytes, model } = part;
	if (!isCreated(one)) return [{ json: submitted.waiting(part, queue.settings.endpoint) }];
	// What has had a batch before was returned when it was created.
	if (!one.isOfThisRun) return [];
	return [{ json: submitted.created(one, { ...place, requests, bytes, model }) }];
}

/** For how long a Submission Key surely finds what was created: a day less than Submit searches. */
const KEY_SECONDS = 6 * 86_400;

/** What to do about a part that failed. */
function adviceFor({ file, hasKey, lost, since }: StoredQueue, { key }: WaitingPart): string {
	const giveUp = `delete file ${file.id}, which lists what waits`;
	if (!lost.has(key)) return `It is tried again the next time. To give it up, ${giveUp}.`;
	const oldest = Math.min(since ?? Infinity, file.created_at ?? 0);
	const isFound = hasKey && Date.now() / 1000 < oldest + KEY_SECONDS;
	return isFound
		? 'Submit the same items again with the same Submission Key: it creates only what is missing.'
		: `Submit the items of this part again, and only these, since the other parts would be paid again. Then ${giveUp}.`;
}

/** Names the batches of this run, since they are paid for. */
function sayCreated(error: ReturnType<typeof asNodeError>, created: readonly string[]): void {
	error.context.created_batch_ids = created;
	if (created.length === 0) return;
	const made = `Created so far: ${created.join(', ')}.`;
	error.description = [made, error.description].filter(Boolean).join(' ');
}

function partError(
	context: IExecuteFunctions,
	{ error: failure }: PartFailure,
	{ part, queue }: Listed,
	created: readonly string[],
) {
	const error = asNodeError(context.getNode(), failure, 0);
	const { place } = part;
	error.message = `Part ${place.part} of ${place.parts} of submission ${queue.submissionId}: ${error.message}`;
	sayCreated(error, created);
	error.description = [adviceFor(queue, part), error.description].filter(Boolean).join(' ');
	return error;
}

async function execute(
	context: IExecuteFunctions,
	client: OpenAiClient,
): Promise<INodeExecutionData[][]> {
	const raw = context.getNodeParameter('options', 0, {}) as IDataObject;
	const given = context.getNodeParameter('submissionId', 0, '');
	const name = { displayName: submissionIdField.displayName, itemIndex: 0 };
	const override = overrideOf(context, raw);
	const found = await findQueues(client, optionalText(context, given, name));
	const { queues } = found;
	const listed = queues.flatMap((queue) => queue.parts.map((part): Listed => ({ queue, part })));
	const unread = found.failures.map((failure) => asNodeError(context.getNode(), failure, 0));
	if (listed.length === 0) return output(context, [], unread);
	// No batch of these parts is older.
	const since = Math.min(
		...queues.map((queue) => Math.min(queue.since ?? Infinity, queue.file.created_at ?? 0)),
	);
	const windows = queues.map(({ settings }) => settings.completionWindow);
	const submissions = new Submissions(client, context, { submissionKey: 'waiting', since });
	const room = new QueueRoom(windows);
	const notes = new Notes();
	const { parts, failures } = await submissions.createWithin(
		{ queue: room },
		listed.map((one) => submissionPart(one, override, room, notes)),
	);
	for (const { part, queue } of listed) {
		const count = notes.refusals.get(part.key) ?? 0;
		if (count >= DOUBTFUL) client.hint(perhapsTooLarge(part, queue, count));
		const retry = notes.retries.get(part.key);
		if (retry && isCounted(retry)) client.hint(retriedByHand(part, queue, retry));
	}
	for (const queue of queues) {
		const own = parts.filter((_, index) => listed[index].queue === queue);
		const mayWait = queue.parts.some(({ key }) => {
			const retry = notes.retries.get(key);
			return retry !== undefined && !isCounted(retry);
		});
		// A file that stays is found again, and deleted the next time.
		if (own.every(isThrough) && !mayWait)
			await deleteFile(client, queue.file.id).catch(() => undefined);
	}
	const submitted = new SubmittedItems(context, raw);
	const items = parts.flatMap((one, index) => itemOf(submitted, listed[index], one));
	const created = parts.flatMap((one) => (isCreated(one) && one.isOfThisRun ? one.batch.id : []));
	const errors = failures.map((one) => partError(context, one, listed[one.index], created));
	for (const error of unread) sayCreated(error, created);
	return output(context, items, [...unread, ...errors]);
}

function output(
	context: IExecuteFunctions,
	items: INodeExecutionData[],
	errors: ReadonlyArray<ReturnType<typeof asNodeError>>,
): INodeExecutionData[][] {
	const [first, ...others] = errors;
	if (first && !context.continueOnFail()) {
		const also = others.map(({ message }) => `Also: ${message.replace(/\.$/, '')}.`);
		first.description = [first.description, ...also].filter(Boolean).join(' ');
		throw first;
	}
	return [[...items, ...errors.map((error) => errorItem(error, 0))]];
}

export const submitWaiting: Operation = {
	option: {
		name: 'Submit Waiting Parts',
		value: 'submitWaiting',
		action: 'Submit waiting parts of submissions',
		description:
			'Create the batches of parts that wait for room under Max Enqueued Tokens, as many as fit now',
	},
	properties: showFor('batch', 'submitWaiting', [
		submissionIdField,
		{
			...optionsField,
			options: [
				ignoreOtherBatchesField,
				{
					...maxEnqueuedTokensField,
					description: 'Replaces the limit that the submissions were given',
				},
				simplifyField,
			],
		},
	]),
	output: SUBMITTED_FIELDS,
	execute: forAllItems(execute),
};
