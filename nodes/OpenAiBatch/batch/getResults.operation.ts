import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { getBatch } from '../../openai/batches';
import { OpenAiClient } from '../../openai/client';
import { deleteFile } from '../../openai/files';
import type { Batch } from '../../openai/types';
import { showFor } from '../display';
import { batchIdField, idParameter } from '../fields';
import type { Operation } from '../operation';
import { failedItem, forEachItem } from '../operation';
import { collectResults } from '../results/collect';
import { resultsHint } from '../results/hints';
import { assertHasResults } from '../results/readiness';
import type { ResultStatus } from '../results/resultItem';
import { getResultsOptions } from './getResults.properties';

interface GetResultsOptions {
	deleteFiles?: boolean;
	include?: ResultStatus[];
	includeRequest?: boolean;
	limit?: number;
	offset?: number;
	parseJson?: boolean;
	simplify?: boolean;
}

const ALL_STATUSES: ResultStatus[] = ['succeeded', 'failed', 'expired', 'cancelled', 'missing'];

function readOptions(context: IExecuteFunctions, itemIndex: number) {
	const raw = context.getNodeParameter('options', itemIndex, {}) as GetResultsOptions;
	if (raw.deleteFiles && (raw.limit !== undefined || raw.offset)) {
		throw new NodeOperationError(
			context.getNode(),
			'Delete Files cannot be used together with Limit or Offset',
			{ itemIndex, description: 'The results that are left out would be lost.' },
		);
	}
	return {
		deleteFiles: raw.deleteFiles ?? false,
		include: new Set(raw.include?.length ? raw.include : ALL_STATUSES),
		includeRequest: raw.includeRequest ?? false,
		limit: raw.limit ?? Infinity,
		offset: raw.offset ?? 0,
		parseJson: raw.parseJson ?? false,
		simplify: raw.simplify ?? true,
	};
}

/** Deletes what belongs to the batch; a file that is gone already is no fault. */
async function deleteFiles(client: OpenAiClient, batch: Batch): Promise<void> {
	const ids = [batch.output_file_id, batch.error_file_id, batch.input_file_id];
	for (const id of ids.filter((fileId): fileId is string => !!fileId)) {
		try {
			await deleteFile(client, id);
		} catch (error) {
			const { httpCode, message } = error as { httpCode?: string; message: string };
			if (httpCode === '404') continue;
			(client.context as IExecuteFunctions).addExecutionHints({
				message: `File ${id} could not be deleted: ${message}`,
				location: 'outputPane',
			});
		}
	}
}

/** Items for the results; with the error output switched on, what did not succeed goes there. */
function toItems(
	context: IExecuteFunctions,
	results: IDataObject[],
	itemIndex: number,
): INodeExecutionData[] {
	const hasErrorOutput = context.getNode().onError === 'continueErrorOutput';
	const error = new NodeOperationError(context.getNode(), 'The request did not succeed');
	const pairedItem = { item: itemIndex };
	return results.map((json) =>
		hasErrorOutput && json.status !== 'succeeded'
			? failedItem(json, error, pairedItem)
			: { json, pairedItem },
	);
}

export const getResults: Operation = {
	option: {
		name: 'Get Results',
		value: 'getResults',
		action: 'Get the results of a batch',
		description: 'Get one item for each request of a finished batch, also of an expired one',
	},
	properties: showFor('batch', 'getResults', [batchIdField, getResultsOptions]),
	execute: forEachItem(async (context, itemIndex) => {
		const batchId = idParameter(context, 'batchId', itemIndex);
		const { limit, offset, ...options } = readOptions(context, itemIndex);
		const client = new OpenAiClient(context, { itemIndex });
		const batch = await getBatch(client, batchId);
		assertHasResults(context.getNode(), batch, itemIndex);
		const { parseJson, simplify } = options;
		const shape = { endpoint: batch.endpoint, batchId: batch.id, parseJson, simplify };
		const collected = await collectResults(client, batch, { ...options, shape });
		const hint = resultsHint(batch, collected);
		if (hint) context.addExecutionHints({ message: hint, location: 'outputPane' });
		const results = [...collected.results.included()].slice(offset, offset + limit);
		const items = toItems(context, results, itemIndex);
		if (options.deleteFiles) await deleteFiles(client, batch);
		return items;
	}),
};
