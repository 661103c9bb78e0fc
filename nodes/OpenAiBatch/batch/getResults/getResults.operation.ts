import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { CollectOptions } from './collect';
import { collectResults } from './collect';
import type { Job } from './decide';
import { Selection } from './decide';
import type { ReturnAs } from './getResults.properties';
import { getResultsProperties, returnAsParameter, separatorOption } from './getResults.properties';
import { KeptRows, rowsFileIds } from './keptRows';
import { outcomeHints } from './outcomeHints';
import type { ResultItem, ResultStatus } from './resultItem';
import { RESULT_FIELDS } from './resultItem';
import type { FileOptions } from './resultsFile';
import { writeResults } from './resultsFile';
import type { RowPairs } from './rowPairs';
import { rowPairs } from './rowPairs';
import { getBatch } from '../../../openai/api/batches';
import { deleteFile } from '../../../openai/api/files';
import type { Batch } from '../../../openai/api/objects';
import type { OpenAiClient } from '../../../openai/client';
import { binaryPropertyName, storageHint } from '../../shared/binary';
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

/**
 * The output items. With the error output turned on, requests that did not succeed go there.
 *
 * @param rows where known, each result is paired with its row alone: the batch is paired with all rows
 * of its part, and n8n would follow each of these pairs for each result
 */
function toOutput(
	context: IExecuteFunctions,
	items: ResultItem[],
	itemIndex: number,
	rows: RowPairs | undefined,
): INodeExecutionData[] {
	const hasErrorOutput = context.getNode().onError === 'continueErrorOutput';
	const error = new NodeOperationError(context.getNode(), 'The request did not succeed');
	const toBatch = { item: itemIndex };
	return items.map(({ json, binary }) => {
		const row = rows?.get(String(json.custom_id));
		if (hasErrorOutput && json.status !== 'succeeded') {
			// For an item with an error, n8n reads the input item by the first of its pairs.
			return failedItem(json, error, row ? [toBatch, row] : toBatch);
		}
		return { json, ...(binary && { binary }), pairedItem: row ?? toBatch };
	});
}

/** Deletes the files of the batches. A file that is gone already is no fault. */
async function deleteBatchFiles(
	context: IExecuteFunctions,
	client: OpenAiClient,
	jobs: Job[],
): Promise<void> {
	const batches = jobs.flatMap(({ batch, retries, failed }) => [batch, ...retries, ...failed]);
	const ids = batches.flatMap((batch) => [
		batch.output_file_id,
		batch.error_file_id,
		batch.input_file_id,
		...(batch.output_file_ids ?? []),
		...(batch.error_file_ids ?? []),
	]);
	const rows = jobs.flatMap(rowsFileIds);
	for (const id of new Set([...ids, ...rows].filter((fileId) => !!fileId) as string[])) {
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
		description:
			'Get the results of a batch that is completed, expired or cancelled: one item for each request, or one file',
	},
	properties: showFor('batch', 'getResults', [batchIdField, ...getResultsProperties]),
	output: RESULT_FIELDS,
	execute: async (context, client) => {
		const returned: Returned = { submissions: new Map(), toDelete: [] };
		const run = forEachItem(async (...item) => await resultsOf(returned, ...item));
		const output = await run(context, client);
		// An error of a later item would have taken the results of the earlier ones with it.
		await deleteBatchFiles(context, client, returned.toDelete);
		return output;
	},
};

/** What is among the output already. */
interface Returned {
	/**
	 * The submissions, and with which options, with the item that asked for them: of a submission, each
	 * of its batches may come as an item.
	 */
	submissions: Map<string, number>;
	/** Whose files are to be deleted when the output is complete. */
	toDelete: Job[];
}

/** The results of one input item. */
async function resultsOf(
	{ submissions, toDelete }: Returned,
	context: IExecuteFunctions,
	itemIndex: number,
	client: OpenAiClient,
): Promise<INodeExecutionData[]> {
	const batchId = idParameter(context, 'batchId', itemIndex);
	const options = getResultsOptions(context, itemIndex);
	const given = await getBatch(client, batchId);
	const submission = options.wholeSubmission ? submissionIdOf(given) : null;
	// With other options these are other results, such as the next page.
	const raw = context.getNodeParameter('options', itemIndex, {});
	const asked = `${submission} ${options.returnAs} ${JSON.stringify(raw)}`;
	const earlier = submission === null ? undefined : submissions.get(asked);
	if (earlier !== undefined) {
		client.hint(returnedBefore(given, submission!, earlier));
		return [];
	}
	const jobs: Job[] = [];
	for (const part of await partsFor(context, client, given, options)) {
		jobs.push(jobOf(context, part, itemIndex));
	}
	const output =
		options.returnAs === 'items'
			? await itemsOf(context, client, jobs, options, itemIndex)
			: [await fileOf(context, client, jobs, options, itemIndex)];
	if (options.deleteFiles) {
		if (output.some(mayBeLost)) client.hint(NOT_DELETED);
		else toDelete.push(...jobs);
	}
	submissions.set(asked, itemIndex);
	return output;
}

/** Whether n8n may not be able to read again what it has stored for an item. */
const mayBeLost = ({ binary = {} }: INodeExecutionData) =>
	Object.values(binary).some((one) => storageHint(one) !== undefined);

const NOT_DELETED =
	'The files of the batch were not deleted, in spite of Delete Files, since n8n may not be able to read their only copy.';

const returnedBefore = ({ id }: Batch, submission: string, item: number) =>
	`The results of submission ${submission} were already returned for item ${item}, so batch ${id} adds nothing. Whole Submission returns them once.`;

/** One item for each result. */
async function itemsOf(
	context: IExecuteFunctions,
	client: OpenAiClient,
	jobs: Job[],
	options: GetResultsOptions,
	itemIndex: number,
): Promise<INodeExecutionData[]> {
	const output: INodeExecutionData[] = [];
	const selection = new Selection(options);
	const keptRows = new KeptRows(client);
	const pairs = rowPairs(context, itemIndex, jobs, options);
	for (const job of jobs) {
		const rows = options.includeRow ? await keptRows.of(job) : undefined;
		const collected = await collectResults(context, client, job, selection, { ...options, rows });
		for (const hint of outcomeHints(job, collected, options)) client.hint(hint);
		output.push(...toOutput(context, collected.items, itemIndex, pairs));
		if (selection.isFull) break;
	}
	if (keptRows.hint) client.hint(keptRows.hint);
	return output;
}

/** One item with a file of all results, and with how many requests ended how. */
async function fileOf(
	context: IExecuteFunctions,
	client: OpenAiClient,
	jobs: Job[],
	options: GetResultsOptions,
	itemIndex: number,
): Promise<INodeExecutionData> {
	const property = binaryPropertyName(context, itemIndex);
	const { json, binary, parts, hint } = await writeResults(context, client, jobs, {
		...options,
		format: options.returnAs as FileOptions['format'],
	});
	for (const part of parts) {
		const { job, tally, answers, missingKnown, stoppedEarly } = part;
		const outcome = { tally: tally!, answers, missingKnown, stoppedEarly };
		for (const about of outcomeHints(job, outcome, options)) client.hint(about);
	}
	for (const about of [hint, storageHint(binary)]) if (about) client.hint(about);
	return { json, binary: { [property]: binary } };
}

interface RawOptions extends PriceOptions {
	byteOrderMark?: boolean;
	deleteFiles?: boolean;
	escapeFormulas?: boolean;
	followRetries?: boolean;
	include?: ResultStatus[];
	includeRequest?: boolean;
	includeRow?: boolean;
	inputOrder?: boolean;
	limit?: unknown;
	mediaAsBinary?: boolean;
	offset?: unknown;
	parseJson?: boolean;
	separator?: unknown;
	simplify?: boolean;
	wholeSubmission?: boolean;
}

export interface GetResultsOptions extends CollectOptions, Omit<FileOptions, 'format'> {
	returnAs: ReturnAs;
	deleteFiles: boolean;
	followRetries: boolean;
}

const ALL_STATUSES: ResultStatus[] = ['succeeded', 'failed', 'expired', 'cancelled', 'missing'];

/** Why files may not be deleted, since paid results would be lost; undefined when they may. */
function deleteFilesFault(
	context: IExecuteFunctions,
	{ include, limit, offset }: Pick<GetResultsOptions, 'include' | 'limit' | 'offset'>,
): [message: string, description: string] | undefined {
	if (limit < Infinity || offset > 0) {
		return [
			'Delete Files cannot be used together with Limit or Offset',
			'The results that Limit and Offset leave out would be lost. Remove these two options or turn off Delete Files.',
		];
	}
	// n8n runs a node again if the first item that it returns has a field `error`, as results have.
	if (context.getNode().retryOnFail) {
		return [
			'Delete Files cannot be used together with Retry On Fail',
			'n8n may run this node again after the files are deleted, and the results would be lost. Turn off Retry On Fail in the settings of this node, which repeats its requests in any case, or turn off Delete Files.',
		];
	}
	if (include.has('succeeded')) return undefined;
	return [
		'Delete Files needs Succeeded among the Include Statuses',
		'The answers that are left out are paid for, and would be lost. Add Succeeded to Include Statuses, or turn off Delete Files.',
	];
}

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
	const returnAs = returnAsParameter(context, itemIndex);
	const number = (value: unknown, displayName: string, min: number) =>
		wholeNumber(context, value, { displayName, min, itemIndex });
	const limit = number(raw.limit, 'Limit', 1) ?? Infinity;
	const offset = number(raw.offset, 'Offset', 0) ?? 0;
	const include = new Set(raw.include?.length ? raw.include : ALL_STATUSES);
	const fault = raw.deleteFiles && deleteFilesFault(context, { include, limit, offset });
	if (fault) {
		const [message, description] = fault;
		throw new NodeOperationError(context.getNode(), message, { itemIndex, description });
	}
	const includeRow = raw.includeRow ?? false;
	// CSV has columns of its own, and no place for whole requests and lines.
	const hasObjects = returnAs !== 'csv';
	return {
		returnAs,
		byteOrderMark: raw.byteOrderMark ?? false,
		deleteFiles: raw.deleteFiles ?? false,
		escapeFormulas: raw.escapeFormulas ?? true,
		followRetries: raw.followRetries ?? false,
		mediaAsBinary: raw.mediaAsBinary ?? false,
		include,
		includeRequest: hasObjects && (raw.includeRequest ?? false),
		includeRow,
		inputOrder: includeRow && (raw.inputOrder ?? false),
		limit,
		offset,
		parseJson: raw.parseJson ?? false,
		prices: pricesOf(context, raw, itemIndex),
		separator: separatorOption(context, raw.separator, itemIndex),
		simplify: !hasObjects || (raw.simplify ?? true),
		wholeSubmission: raw.wholeSubmission ?? false,
		withAttempts: (raw.followRetries || raw.wholeSubmission) ?? false,
	};
}
