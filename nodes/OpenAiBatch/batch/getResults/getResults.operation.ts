import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { getBatch } from '../../../openai/api/batches';
import { OpenAiClient } from '../../../openai/http/client';
import { statusOf } from '../../../openai/api/status';
import type { Batch } from '../../../openai/api/types';
import { batchIdField, idParameter } from '../../shared/fields';
import type { Operation } from '../../shared/operation';
import { failedItem, forEachItem, showFor } from '../../shared/operation';
import type { Collected } from './collect';
import { collectResults } from './collect';
import { deleteBatchFiles } from './deleteFiles';
import { resultsHint } from './hints';
import { moveImages } from './moveImages';
import { assertFinished, failedValidation } from '../results/readiness';
import type { Entry } from './resultSet';
import { findOriginal, findRetries } from '../results/retryChain';
import { getResultsOptions } from './getResults.options';
import { getResultsProperties } from './getResults.properties';

/**
 * The retries of a batch, parted into those with results and those that failed before any.
 *
 * @throws {NodeOperationError} when one is still running, since its results would be left out
 */
async function retriesOf(
	context: IExecuteFunctions,
	client: OpenAiClient,
	batch: Batch,
	itemIndex: number,
): Promise<{ withResults: Batch[]; failed: Batch[] }> {
	const retries = await findRetries(client, batch);
	for (const retry of retries) {
		const name = `Batch ${retry.id}, a retry of ${batch.id},`;
		assertFinished(context.getNode(), retry, itemIndex, name);
	}
	return {
		withResults: retries.filter((retry) => statusOf(retry) !== 'failed'),
		failed: retries.filter((retry) => statusOf(retry) === 'failed'),
	};
}

/** Items for the results; with the error output switched on, what did not succeed goes there. */
function toItems(
	context: IExecuteFunctions,
	entries: Collected['entries'],
	itemIndex: number,
): INodeExecutionData[] {
	const hasErrorOutput = context.getNode().onError === 'continueErrorOutput';
	const error = new NodeOperationError(context.getNode(), 'The request did not succeed');
	const pairedItem = { item: itemIndex };
	return entries.map(({ status, json, binary }) =>
		hasErrorOutput && status !== 'succeeded'
			? failedItem(json, error, pairedItem)
			: { json, pairedItem, ...(binary && { binary }) },
	);
}

export const getResults: Operation = {
	option: {
		name: 'Get Results',
		value: 'getResults',
		action: 'Get the results of a batch',
		description: 'Get one item for each request of a finished batch, also of an expired one',
	},
	properties: showFor('batch', 'getResults', [batchIdField, getResultsProperties]),
	execute: forEachItem(async (context, itemIndex) => {
		const batchId = idParameter(context, 'batchId', itemIndex);
		const options = getResultsOptions(context, itemIndex);
		const { deleteFiles, followRetries, imagesAsBinary, parseJson, prices, simplify } = options;
		const client = new OpenAiClient(context, { itemIndex });
		const given = await getBatch(client, batchId);
		const batch = followRetries ? await findOriginal(client, given) : given;
		assertFinished(context.getNode(), batch, itemIndex);
		const retries = followRetries
			? await retriesOf(context, client, batch, itemIndex)
			: { withResults: [], failed: [] };
		if (statusOf(batch) === 'failed' && retries.withResults.length === 0) {
			throw failedValidation(context.getNode(), batch, itemIndex);
		}
		const moveImagesOf = async (entry: Entry) => {
			entry.binary = await moveImages(context, entry.json!);
		};
		const collected = await collectResults(client, batch, {
			...options,
			shape: { parseJson, prices, simplify },
			retries: retries.withResults,
			onResult: imagesAsBinary ? moveImagesOf : undefined,
		});
		const hint = resultsHint(batch, collected, retries.failed);
		if (hint) context.addExecutionHints({ message: hint, location: 'outputPane' });
		const items = toItems(context, collected.entries, itemIndex);
		if (deleteFiles) {
			await deleteBatchFiles(context, client, [batch, ...retries.withResults, ...retries.failed]);
		}
		return items;
	}),
};
