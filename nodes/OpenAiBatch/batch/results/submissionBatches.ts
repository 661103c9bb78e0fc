import type { IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { listBatches } from '../../../openai/api/batches';
import type { Batch } from '../../../openai/api/objects';
import type { OpenAiClient } from '../../../openai/client';
import type { SubmittedPart } from '../../../openai/submissions/parts';
import { findPart, isPart, partCountOf, partNumberOf } from '../../../openai/submissions/parts';
import { RIVALS_WITHIN, submissionIdOf } from '../../../openai/submissions/submission';

/** How long before its youngest batch a submission may have begun: parts can wait for room. */
const LONGEST_SECONDS = 30 * 86_400;

/**
 * All batches of the submission of a batch, newest first. Reads the list of batches from its newest
 * entry back to the last part that was still to be found: retries are newer than what they repeat.
 *
 * @throws {NodeOperationError} for a batch that no submission of this node has created
 */
export async function batchesOfSubmission(
	context: IExecuteFunctions,
	client: OpenAiClient,
	batch: Batch,
): Promise<Batch[]> {
	const id = submissionIdOf(batch);
	if (id === null) throw noSubmission(context, client, batch);
	const found: Batch[] = [];
	const toFind = new Set(partsOf(batch));
	let earliest = (batch.created_at ?? 0) - LONGEST_SECONDS;
	for await (const one of listBatches(client)) {
		if (one.created_at && one.created_at < earliest) break;
		if (submissionIdOf(one) !== id) continue;
		found.push(one);
		if (isPart(one)) toFind.delete(partNumberOf(one));
		// Beside the last one there may be an older one of the same part, which is the one that stands.
		if (toFind.size === 0) earliest = (one.created_at ?? Infinity) - RIVALS_WITHIN;
	}
	if (!found.some((one) => one.id === batch.id)) found.push(batch);
	return found;
}

/**
 * The parts of the submission of a batch, in order.
 *
 * @throws {NodeOperationError} when a part has no batch, since its results would be missing
 */
export async function partsOfSubmission(
	context: IExecuteFunctions,
	client: OpenAiClient,
	batch: Batch,
): Promise<SubmittedPart[]> {
	const batches = await batchesOfSubmission(context, client, batch);
	const numbers = partsOf(batch);
	return numbers.map((number) => {
		const part = findPart(batches, number);
		if (!part) throw missingPart(context, client, batch, number);
		return part;
	});
}

/** The numbers of the parts of a batch's submission. */
function partsOf(batch: Batch): number[] {
	return Array.from({ length: partCountOf(batch) }, (_, index) => index + 1);
}

function noSubmission(context: IExecuteFunctions, { options }: OpenAiClient, { id }: Batch) {
	return new NodeOperationError(context.getNode(), `Batch ${id} does not belong to a submission`, {
		itemIndex: options.itemIndex,
		description:
			'It was not created by this node, or its server does not keep metadata. Turn off Whole Submission.',
	});
}

function missingPart(
	context: IExecuteFunctions,
	{ options }: OpenAiClient,
	batch: Batch,
	part: number,
) {
	const parts = partCountOf(batch);
	const submission = submissionIdOf(batch);
	return new NodeOperationError(
		context.getNode(),
		`Part ${part} of ${parts} of submission ${submission} has no batch`,
		{
			itemIndex: options.itemIndex,
			description:
				'It waits for room (Submit Waiting Parts creates it), it was not created yet, it was created by an earlier submission of the same content, or its batch is older than 30 days. Submit the same requests again under the same Submission Key to create what is missing, or turn off Whole Submission.',
		},
	);
}
