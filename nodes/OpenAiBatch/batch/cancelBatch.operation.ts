import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { BATCH_FIELDS, batchItem } from './batchItems';
import { batchesOfSubmission } from './results/submissionBatches';
import { cancelBatch, getBatch } from '../../openai/api/batches';
import type { Batch } from '../../openai/api/objects';
import { isFinished, statusOf } from '../../openai/api/objects';
import type { OpenAiClient } from '../../openai/client';
import { deleteQueue } from '../../openai/submissions/queue';
import { partCountOf } from '../../openai/submissions/parts';
import { SUBMISSION_TOKENS, submissionIdOf } from '../../openai/submissions/submission';
import { idParameter, optionsField, runningBatchField } from '../shared/fields';
import type { Operation } from '../shared/operation';
import { forEachItem, showFor } from '../shared/operation';

interface CancelOptions {
	wholeSubmission?: boolean;
}

export const cancel: Operation = {
	option: {
		name: 'Cancel',
		value: 'cancel',
		action: 'Cancel a batch',
		description:
			'Stop a batch that is not finished. The service keeps the results so far, and charges for them.',
	},
	properties: showFor('batch', 'cancel', [
		runningBatchField,
		{
			...optionsField,
			options: [
				{
					displayName: 'Whole Submission',
					name: 'wholeSubmission',
					type: 'boolean',
					default: true,
					description:
						'Whether to cancel all batches of the submission that the batch belongs to, as far as they are not finished. There is one output item for each batch of the submission, retries included, also for those that had ended before. Parts that wait for room are not submitted any more.',
				},
			],
		},
	]),
	output: BATCH_FIELDS,
	execute: forEachItem(async (context, itemIndex, client) => {
		const batchId = idParameter(context, 'batchId', itemIndex);
		const options = context.getNodeParameter('options', itemIndex, {}) as CancelOptions;
		if (!options.wholeSubmission) return { json: batchItem(await cancelBatch(client, batchId)) };
		return await cancelSubmission(context, client, batchId);
	}),
};

/**
 * Cancels what is not finished of a submission. One batch that cannot be cancelled does not keep the
 * others running.
 */
async function cancelSubmission(
	context: IExecuteFunctions,
	client: OpenAiClient,
	batchId: string,
): Promise<INodeExecutionData[]> {
	const batches = await batchesOfSubmission(context, client, await getBatch(client, batchId));
	const failures: string[] = [];
	// First, so that no waiting part takes the room of a batch that was cancelled.
	await dropWaiting(client, batches).catch((error) => failures.push(notDropped(error as Error)));
	const running = batches.filter((batch) => !isEnding(batch)).length;
	let unstopped = 0;
	const items: INodeExecutionData[] = [];
	for (const batch of batches.reverse()) {
		try {
			const now = isEnding(batch) ? batch : await cancelBatch(client, batch.id);
			items.push({ json: batchItem(now) });
		} catch (error) {
			// A batch that has ended by itself just before is no failure.
			const now = await getBatch(client, batch.id).catch(() => batch);
			if (isEnding(now)) {
				items.push({ json: batchItem(now) });
				continue;
			}
			unstopped++;
			failures.push(`${batch.id}: ${(error as Error).message}`);
		}
	}
	if (failures.length > 0) {
		throw new NodeOperationError(
			context.getNode(),
			unstopped > 0
				? `${unstopped} of ${running} batches could not be cancelled`
				: 'The batches were cancelled, but parts that wait may still be submitted',
			{ itemIndex: client.options.itemIndex, description: failures.join('<br>') },
		);
	}
	return items;
}

const isEnding = (batch: Batch) => isFinished(batch) || statusOf(batch) === 'cancelling';

/** Sees to it that no part of the submission follows that waits for room. */
async function dropWaiting(client: OpenAiClient, batches: readonly Batch[]): Promise<void> {
	const mayWait = batches.some(
		(batch) => partCountOf(batch) > 1 || batch.metadata?.[SUBMISSION_TOKENS] !== undefined,
	);
	if (!mayWait) return;
	const submissionId = submissionIdOf(batches[0])!;
	if (await deleteQueue(client, submissionId)) client.hint(notSubmitted(submissionId));
}

const notSubmitted = (submissionId: string) =>
	`Parts of submission ${submissionId} that wait for room are not submitted any more: the list of them was deleted. Their uploaded files stay until they expire.`;

const notDropped = ({ message }: Error) =>
	`The list of the parts that wait for room could not be deleted, so Submit Waiting Parts still submits them: ${message}`;
