import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { batchesOfSubmission } from './results/submissionBatches';
import { cancelBatch, getBatch } from '../../openai/api/batches';
import type { Batch } from '../../openai/api/objects';
import { isFinished, statusOf } from '../../openai/api/objects';
import type { OpenAiClient } from '../../openai/client';
import { deleteQueue } from '../../openai/submissions/queue';
import { batchItem, SUBMISSION_TOKENS, submissionIdOf } from '../../openai/submissions/submission';
import { chosenBatchField, idParameter, optionsField } from '../shared/fields';
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
		chosenBatchField,
		{
			...optionsField,
			options: [
				{
					displayName: 'Whole Submission',
					name: 'wholeSubmission',
					type: 'boolean',
					default: true,
					description:
						'Whether to cancel all batches of the submission that the batch belongs to, as far as they are not finished. There is one output item for each of them. Parts that wait for room are not submitted any more.',
				},
			],
		},
	]),
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
	const given = await getBatch(client, batchId);
	const submissionId = submissionIdOf(given);
	// First, so that no waiting part takes the room of a batch that was cancelled.
	if (given.metadata?.[SUBMISSION_TOKENS] && submissionId !== null) {
		const isDeleted = await deleteQueue(client, submissionId);
		if (isDeleted) client.hint(notSubmitted(submissionId));
	}
	const batches = await batchesOfSubmission(context, client, given);
	const running = batches.filter((batch) => !isFinished(batch) && statusOf(batch) !== 'cancelling');
	const cancelled: Batch[] = [];
	const failures: string[] = [];
	for (const { id } of running.reverse()) {
		try {
			cancelled.push(await cancelBatch(client, id));
		} catch (error) {
			failures.push(`${id}: ${(error as Error).message}`);
		}
	}
	if (failures.length > 0) {
		throw new NodeOperationError(
			context.getNode(),
			`${failures.length} of ${running.length} batches could not be cancelled`,
			{ itemIndex: client.options.itemIndex, description: failures.join('<br>') },
		);
	}
	return cancelled.map((batch) => ({ json: batchItem(batch) }));
}

const notSubmitted = (submissionId: string) =>
	`Parts of submission ${submissionId} that wait for room are not submitted any more: the list of them was deleted. Their uploaded files stay until they expire.`;
