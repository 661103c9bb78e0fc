import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { deleteFile } from '../../openai/api/files';
import type { Batch } from '../../openai/api/objects';
import { statusOf, transientFailure } from '../../openai/api/objects';
import type { OpenAiClient } from '../../openai/client';
import type { CreatedBatch } from '../../openai/submissions/submission';
import { createdItem } from '../../openai/submissions/submission';
import type { SubmissionPart, Submitted, UploadedPart } from '../../openai/submissions/submissions';
import { isCreated, Submissions } from '../../openai/submissions/submissions';
import type { RoomLimits, StoredQueue, WaitingPart } from '../../openai/submissions/waiting';
import { findQueues, QueueRoom, waitingItem } from '../../openai/submissions/waiting';
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

/** A part that failed since the queue was full waits again; any other end of it is an answer. */
const isTriedAgain = ([newest]: readonly Batch[]) =>
	transientFailure(newest)?.reason === 'enqueued_limit';

const submissionPart = (part: WaitingPart, { lost }: StoredQueue): SubmissionPart => ({
	contentHash: '',
	key: part.key,
	input: { fileId: part.fileId, isGone: lost.includes(part) },
	place: part.place,
	share: { model: part.model, tokens: part.tokens },
	isTriedAgain,
});

/** Creates what fits of one submission. The file that holds its queue goes after the last part. */
async function submitQueue(
	context: IExecuteFunctions,
	client: OpenAiClient,
	queue: StoredQueue,
	room: QueueRoom,
): Promise<{ items: INodeExecutionData[]; failure?: unknown }> {
	const { file, parts, settings, submissionId } = queue;
	const choices = { submissionKey: `waiting:${submissionId}`, since: file.created_at ?? undefined };
	const submissions = new Submissions(client, context, choices);
	const { created, failure } = await submissions.createWithin(
		room,
		parts.map((part) => submissionPart(part, queue)),
		settings,
	);
	const items = itemsOf(queue, created);
	if (failure !== undefined) return { items, failure: partError(context, failure, queue, created) };
	if (created.every(isThrough)) await deleteFile(client, file.id).catch(() => undefined);
	return { items };
}

/** Whether a part does not wait any more: its batch is beyond the check for room. */
const isThrough = (one: CreatedBatch | UploadedPart) =>
	isCreated(one) && statusOf(one.batch) !== 'validating';

/** The parts that got a batch now, and those that still wait. */
function itemsOf({ parts, settings }: StoredQueue, created: Submitted['created']) {
	return created.flatMap((one, index): INodeExecutionData[] => {
		const { place, requests, bytes } = parts[index];
		if (!isCreated(one)) return [{ json: waitingItem(parts[index], settings.endpoint) }];
		// What has a batch already was returned when it was created.
		if (one.adopted) return [];
		return [{ json: createdItem(one, { ...place, requests, bytes }) }];
	});
}

function partError(
	context: IExecuteFunctions,
	failure: unknown,
	{ file, parts, submissionId }: StoredQueue,
	created: Submitted['created'],
) {
	const error = asNodeError(context.getNode(), failure, 0);
	const { place, fileId } = parts[created.length];
	const ids = created.filter(isCreated).map(({ batch }) => batch.id);
	error.message = `Part ${place.part} of ${place.parts} of submission ${submissionId}: ${error.message}`;
	const lost = `If its input file ${fileId} is gone, submit the same items again with the same Submission Key, and delete file ${file.id}, which lists the parts that wait.`;
	const made = ids.length > 0 ? `Created so far: ${ids.join(', ')}.` : '';
	error.description = [made, lost, error.description].filter(Boolean).join(' ');
	error.context.created_batch_ids = ids;
	return error;
}

async function execute(
	context: IExecuteFunctions,
	client: OpenAiClient,
): Promise<INodeExecutionData[][]> {
	const raw = context.getNodeParameter('options', 0, {}) as IDataObject;
	const given = context.getNodeParameter('submissionId', 0, '');
	const name = { displayName: submissionIdField.displayName, itemIndex: 0 };
	const submissionId = optionalText(context, given, name);
	const override = roomLimits(context, raw);
	const queues = await findQueues(client, submissionId);
	const output: INodeExecutionData[] = [];
	const failures: Array<NodeOperationError | Error> = [];
	const rooms = new Map<string, QueueRoom>();
	for (const queue of queues) {
		const limits: RoomLimits = override ?? queue;
		const window = queue.settings.completionWindow;
		const room = rooms.get(window) ?? new QueueRoom(limits, window);
		rooms.set(window, room);
		room.limits = limits;
		const { items, failure } = await submitQueue(context, client, queue, room);
		output.push(...items);
		if (failure !== undefined) failures.push(failure as Error);
	}
	if (failures.length === 0) return [output];
	const [error] = failures.map((failure) => asNodeError(context.getNode(), failure, 0));
	if (!context.continueOnFail()) throw error;
	return [
		[...output, ...failures.map((one) => errorItem(asNodeError(context.getNode(), one, 0), 0))],
	];
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
