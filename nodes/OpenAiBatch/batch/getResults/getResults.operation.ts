import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { CollectOptions, Collected } from './collect';
import { collectResults } from './collect';
import { getResultsProperties } from './getResults.properties';
import type { ResultStatus } from './resultItem';
import { getBatch } from '../../../openai/api/batches';
import { deleteFile } from '../../../openai/api/files';
import type { Batch } from '../../../openai/api/objects';
import { statusOf } from '../../../openai/api/objects';
import type { OpenAiClient } from '../../../openai/client';
import { batchIdField, idParameter, wholeNumber } from '../../shared/fields';
import type { Operation } from '../../shared/operation';
import { failedItem, forEachItem, showFor } from '../../shared/operation';
import type { PriceOptions } from '../../shared/prices';
import { pricesOf } from '../../shared/prices';
import { assertFinished, failedValidation, hasNeverRun } from '../results/readiness';
import { findOriginal, findRetries } from '../results/retryChain';
import type { SubmittedPart } from '../../../openai/submissions/parts';
import { partsOfSubmission } from '../results/submissionBatches';
import { submissionIdOf } from '../../../openai/submissions/submission';

/** A batch and its retries, all of them finished. */
interface Job {
	batch: Batch;
	/** Those that have results, oldest first. */
	retries: Batch[];
	/** Retries that failed validation, so that none of their requests ran. */
	failed: Batch[];
}

/** The batches whose results are wanted: the given one alone, with its retries, or all parts. */
async function partsFor(
	context: IExecuteFunctions,
	client: OpenAiClient,
	given: Batch,
	{ followRetries, wholeSubmission }: GetResultsOptions,
): Promise<SubmittedPart[]> {
	if (wholeSubmission) return await partsOfSubmission(context, client, given);
	if (!followRetries) return [{ batch: given, retries: [] }];
	const batch = await findOriginal(client, given);
	assertFinished(context.getNode(), batch, client.options.itemIndex ?? 0);
	return [{ batch, retries: await findRetries(client, batch) }];
}

/**
 * Makes sure that a batch has results, and all of them.
 *
 * @throws {NodeOperationError} when it, or one of its retries, is not finished, since results would
 * be left out, and when none of its requests ran
 */
function jobOf(context: IExecuteFunctions, part: SubmittedPart, itemIndex: number): Job {
	const { batch, retries } = part;
	assertFinished(context.getNode(), batch, itemIndex);
	for (const retry of retries) {
		const name = `Batch ${retry.id}, a retry of ${batch.id},`;
		assertFinished(context.getNode(), retry, itemIndex, name);
	}
	const withResults = retries.filter((retry) => !hasNeverRun(retry));
	if (hasNeverRun(batch) && withResults.length === 0) {
		throw failedValidation(context.getNode(), batch, itemIndex);
	}
	return { batch, retries: withResults, failed: retries.filter(hasNeverRun) };
}

/** The output items. With the error output turned on, requests that did not succeed go there. */
function toItems(
	context: IExecuteFunctions,
	entries: Collected['entries'],
	itemIndex: number,
): INodeExecutionData[] {
	const hasErrorOutput = context.getNode().onError === 'continueErrorOutput';
	const error = new NodeOperationError(context.getNode(), 'The request did not succeed');
	const pairedItem = { item: itemIndex };
	return entries.map(({ status, item }) =>
		hasErrorOutput && status !== 'succeeded'
			? failedItem(item.json, error, pairedItem)
			: { ...item, pairedItem },
	);
}

const NOT_SUCCEEDED = ['failed', 'expired', 'cancelled', 'missing'] as const;

/** How many requests did not succeed, and the error that most of them ended with. */
function unsuccessful(batch: Batch, { results, stoppedEarly }: Collected): string[] {
	const { counts, total } = results;
	const many = total - counts.succeeded;
	if (many === 0) return [];
	const of = stoppedEarly ? `first ${total}` : String(total);
	const start =
		counts.succeeded === 0
			? `None of the ${of} requests of batch ${batch.id} succeeded`
			: `${many} of the ${of} requests of batch ${batch.id} did not succeed`;
	const kinds = NOT_SUCCEEDED.filter((status) => counts[status] > 0).map(
		(status) => `${counts[status]} ${status}`,
	);
	const common = results.errors.mostCommon();
	return [`${start} (${kinds.join(', ')}).`, ...(common ? [common] : [])];
}

const ENDED_EARLY: Record<string, string> = {
	expired: 'The batch expired. Requests that ran before have results and were charged.',
	cancelled: 'The batch was cancelled. Requests that ran before have results and were charged.',
};

/** What the user should know about the results as a whole; undefined when all is well. */
function resultsHint(
	batch: Batch,
	collected: Collected,
	failedRetries: Batch[],
): string | undefined {
	const { results, missingKnown } = collected;
	const parts = unsuccessful(batch, collected);
	const ended = ENDED_EARLY[statusOf(batch)];
	if (ended && results.counts.succeeded < results.total) parts.push(ended);
	if (!missingKnown) {
		parts.push(
			'The input file is no longer there. Requests could not be added to the results, and requests without a result could not be found.',
		);
	}
	if (results.repeatedIds.length > 0) {
		parts.push(
			`A custom_id stands for more than one request, and all their results are returned: ${results.repeatedIds.join(', ')}. Which result belongs to which request is not known.`,
		);
	}
	if (failedRetries.length > 0) {
		const ids = failedRetries.map(({ id }) => id).join(', ');
		parts.push(`These retries failed before any request ran, so they have no results: ${ids}.`);
	}
	return parts.length > 0 ? parts.join(' ') : undefined;
}

/** Deletes the files of the batches. A file that is gone already is no fault. */
async function deleteBatchFiles(
	context: IExecuteFunctions,
	client: OpenAiClient,
	batches: Batch[],
): Promise<void> {
	const ids = batches.flatMap((batch) => [
		batch.output_file_id,
		batch.error_file_id,
		batch.input_file_id,
		...(batch.output_file_ids ?? []),
		...(batch.error_file_ids ?? []),
	]);
	for (const id of new Set(ids.filter((fileId): fileId is string => !!fileId))) {
		try {
			await deleteFile(client, id);
		} catch (error) {
			const { httpCode, message } = error as { httpCode?: string; message: string };
			if (httpCode === '404') continue;
			context.addExecutionHints({
				message: `File ${id} could not be deleted: ${message}`,
				location: 'outputPane',
			});
		}
	}
}

export const getResults: Operation = {
	option: {
		name: 'Get Results',
		value: 'getResults',
		action: 'Get the results of a batch',
		description: 'Get one item for each request of a batch that is completed, expired or cancelled',
	},
	properties: showFor('batch', 'getResults', [batchIdField, getResultsProperties]),
	execute: async (context, client) => {
		const returned = new Map<string, number>();
		return await forEachItem(async (...item) => await resultsOf(returned, ...item))(
			context,
			client,
		);
	},
};

/**
 * The results of one input item.
 *
 * @param returned the submissions whose results are among the output, and with which options, with
 * the item that asked for them: of a submission, each of its batches may come as an item
 */
async function resultsOf(
	returned: Map<string, number>,
	context: IExecuteFunctions,
	itemIndex: number,
	client: OpenAiClient,
): Promise<INodeExecutionData[]> {
	const batchId = idParameter(context, 'batchId', itemIndex);
	const options = getResultsOptions(context, itemIndex);
	const given = await getBatch(client, batchId);
	const submission = options.wholeSubmission ? submissionIdOf(given) : null;
	// With other options these are other results, such as the next page.
	const asked = `${submission} ${JSON.stringify(context.getNodeParameter('options', itemIndex, {}))}`;
	const earlier = submission === null ? undefined : returned.get(asked);
	if (earlier !== undefined) {
		client.hint(returnedBefore(given, submission!, earlier));
		return [];
	}
	const jobs: Job[] = [];
	for (const part of await partsFor(context, client, given, options)) {
		jobs.push(jobOf(context, part, itemIndex));
	}
	const items: INodeExecutionData[] = [];
	const { limit, offset } = options;
	for (const { batch, retries, failed } of jobs) {
		// Limit and Offset are those of all parts together.
		const wanted = jobs.length > 1 ? { limit: offset + limit - items.length, offset: 0 } : {};
		const collected = await collectResults(context, client, batch, {
			...options,
			...wanted,
			retries,
		});
		const hint = resultsHint(batch, collected, failed);
		if (hint) client.hint(hint);
		items.push(...toItems(context, collected.entries, itemIndex));
		if (items.length >= offset + limit) break;
	}
	if (options.deleteFiles) {
		const all = jobs.flatMap(({ batch, retries, failed }) => [batch, ...retries, ...failed]);
		await deleteBatchFiles(context, client, all);
	}
	returned.set(asked, itemIndex);
	return jobs.length > 1 ? items.slice(offset, offset + limit) : items;
}

const returnedBefore = ({ id }: Batch, submission: string, item: number) =>
	`Batch ${id} belongs to submission ${submission}, whose results item ${item} has returned. With Whole Submission they are returned once.`;

interface RawOptions extends PriceOptions {
	deleteFiles?: boolean;
	followRetries?: boolean;
	include?: ResultStatus[];
	includeRequest?: boolean;
	limit?: unknown;
	mediaAsBinary?: boolean;
	offset?: unknown;
	parseJson?: boolean;
	simplify?: boolean;
	wholeSubmission?: boolean;
}

export interface GetResultsOptions extends Omit<CollectOptions, 'retries'> {
	deleteFiles: boolean;
	followRetries: boolean;
	wholeSubmission: boolean;
}

const ALL_STATUSES: ResultStatus[] = ['succeeded', 'failed', 'expired', 'cancelled', 'missing'];

/**
 * The options of Get Results for an item.
 *
 * @throws {NodeOperationError} for a value that is not possible, and when two options contradict
 */
export function getResultsOptions(
	context: IExecuteFunctions,
	itemIndex: number,
): GetResultsOptions {
	const raw = context.getNodeParameter('options', itemIndex, {}) as RawOptions;
	const number = (value: unknown, displayName: string, min: number) =>
		wholeNumber(context, value, { displayName, min, itemIndex });
	const limit = number(raw.limit, 'Limit', 1) ?? Infinity;
	const offset = number(raw.offset, 'Offset', 0) ?? 0;
	if (raw.deleteFiles && (limit < Infinity || offset > 0)) {
		throw new NodeOperationError(
			context.getNode(),
			'Delete Files cannot be used together with Limit or Offset',
			{
				itemIndex,
				description:
					'The results that Limit and Offset leave out would be lost. Remove these two options or turn off Delete Files.',
			},
		);
	}
	return {
		deleteFiles: raw.deleteFiles ?? false,
		followRetries: raw.followRetries ?? false,
		mediaAsBinary: raw.mediaAsBinary ?? false,
		include: new Set(raw.include?.length ? raw.include : ALL_STATUSES),
		includeRequest: raw.includeRequest ?? false,
		limit,
		offset,
		parseJson: raw.parseJson ?? false,
		prices: pricesOf(context, raw, itemIndex),
		simplify: raw.simplify ?? true,
		wholeSubmission: raw.wholeSubmission ?? false,
		withAttempts: (raw.followRetries || raw.wholeSubmission) ?? false,
	};
}
