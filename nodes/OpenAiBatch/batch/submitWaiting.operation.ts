import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { deleteFile } from '../../openai/api/files';
import type { Batch } from '../../openai/api/objects';
import { durationSeconds, statusOf, transientFailure } from '../../openai/api/objects';
import type { OpenAiClient } from '../../openai/client';
import type { RoomLimits, WaitingPart } from '../../openai/submissions/queue';
import { QueueRoom, waitingItem } from '../../openai/submissions/queue';
import type { StoredQueue } from '../../openai/submissions/storedQueues';
import { findQueues } from '../../openai/submissions/storedQueues';
import { createdItem } from '../../openai/submissions/submission';
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

/** A part that failed since the queue was full waits again; any other end of it is an answer. */
const isTriedAgain = (attempts: readonly Batch[]) =>
	transientFailure(lastAttempt(attempts))?.reason === 'enqueued_limit';

/**
 * The last of several attempts at a part. One that was created while another was not over is a
 * duplicate of two executions, and was cancelled: it says nothing about the part.
 */
function lastAttempt(attempts: readonly Batch[]): Batch {
	const [first, ...others] = [...attempts].reverse().sort((a, b) => createdAt(a) - createdAt(b));
	return others.reduce((last, one) => {
		const duration = durationSeconds(last);
		const isDuplicate = duration !== null && createdAt(one) <= createdAt(last) + duration;
		return isDuplicate ? last : one;
	}, first);
}

const createdAt = ({ created_at: at }: Batch) => at ?? 0;

function submissionPart({ queue, part }: Listed, override: RoomLimits | undefined): SubmissionPart {
	const { key, fileId, model, place, tokens } = part;
	const { countsOthers, maxEnqueuedTokens } = override ?? queue;
	return {
		contentHash: '',
		key,
		input: { fileId, isGone: queue.lost.has(key) },
		settings: queue.settings,
		place,
		share: { model, tokens, countsOthers, maxEnqueuedTokens },
		isTriedAgain,
	};
}

/** Whether a part does not wait any more: its batch is beyond the check for room. */
const isThrough = (one: Submitted['parts'][number]) =>
	isCreated(one) && statusOf(one.batch) !== 'validating';

/** The parts that got a batch now, and those that still wait. */
function itemOf({ part, queue }: Listed, one: Submitted['parts'][number]): INodeExecutionData[] {
	if (one === undefined) return [];
	const { place, requests, bytes } = part;
	if (!isCreated(one)) return [{ json: waitingItem(part, queue.settings.endpoint) }];
	// What has had a batch before was returned when it was created.
	if (one.adopted && !one.hasYielded) return [];
	return [{ json: createdItem(one, { ...place, requests, bytes }) }];
}

/** What to do about a part that failed. */
function adviceFor({ file, hasKey, lost }: StoredQueue, { key }: WaitingPart): string {
	const giveUp = `delete file ${file.id}, which lists what waits`;
	if (!lost.has(key)) return `It is tried again the next time. To give it up, ${giveUp}.`;
	return hasKey
		? 'Submit the same items again with the same Submission Key: it creates only what is missing.'
		: `Submit the items of this part again, and only these, since the other parts would be paid again. Then ${giveUp}.`;
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
	const made = created.length > 0 ? `Created so far: ${created.join(', ')}.` : '';
	const sentences = [adviceFor(queue, part), made, error.description];
	error.description = sentences.filter(Boolean).join(' ');
	error.context.created_batch_ids = created;
	return error;
}

async function execute(
	context: IExecuteFunctions,
	client: OpenAiClient,
): Promise<INodeExecutionData[][]> {
	const raw = context.getNodeParameter('options', 0, {}) as IDataObject;
	const given = context.getNodeParameter('submissionId', 0, '');
	const name = { displayName: submissionIdField.displayName, itemIndex: 0 };
	const override = roomLimits(context, raw);
	const queues = await findQueues(client, optionalText(context, given, name));
	const listed = queues.flatMap((queue) => queue.parts.map((part): Listed => ({ queue, part })));
	if (listed.length === 0) return [[]];

	const since = Math.min(...queues.map(({ file }) => file.created_at ?? Infinity));
	const windows = queues.map(({ settings }) => settings.completionWindow);
	const submissions = new Submissions(client, context, { submissionKey: 'waiting', since });
	const { parts, failures } = await submissions.createWithin(
		{ queue: new QueueRoom(windows) },
		listed.map((one) => submissionPart(one, override)),
	);
	for (const queue of queues) {
		const own = parts.filter((_, index) => listed[index].queue === queue);
		// A file that stays is found again, and deleted the next time.
		if (own.every(isThrough)) await deleteFile(client, queue.file.id).catch(() => undefined);
	}
	const output = parts.flatMap((one, index) => itemOf(listed[index], one));
	const created = parts.flatMap((one) => (isCreated(one) && !one.adopted ? one.batch.id : []));
	const errors = failures.map((one) => partError(context, one, listed[one.index], created));
	if (errors.length > 0 && !context.continueOnFail()) throw errors[0];
	return [[...output, ...errors.map((error) => errorItem(error, 0))]];
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
		{ ...optionsField, options: [ignoreOtherBatchesField, maxEnqueuedTokensField] },
	]),
	execute: forAllItems(execute),
};
