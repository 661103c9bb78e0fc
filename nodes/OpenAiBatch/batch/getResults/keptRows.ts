import type { IExecuteFunctions, INodeExecutionData, IPairedItemData } from 'n8n-workflow';
import type { Job } from './decide';
import type { JsonObject } from '../../../jsonl/json';
import { isObject, membersOf, tryParseJson } from '../../../jsonl/json';
import type { Line } from '../../../jsonl/lines';
import { findFile } from '../../../openai/api/files';
import type { FileObject } from '../../../openai/api/objects';
import type { OpenAiClient } from '../../../openai/client';
import { idProblem } from '../../../openai/client';
import { ROWS_FILE_ID, submissionIdOf } from '../../../openai/submissions/submission';
import { compileExpression } from '../../parameters/compileExpression';
import { asNodeError } from '../../shared/operation';
import { inputLines } from '../results/batchFiles';

/** A row that Submit kept for the result of its request. */
export interface KeptRow {
	customId: string;
	/** The row as it is written, with all digits of its numbers and the order of its fields. */
	text: string;
	row: JsonObject;
}

/** The ids of the files with the rows of a batch and its retries. A retry has that of its original. */
export function rowsFileIds({ batch, retries, failed }: Job): string[] {
	const ids = [batch, ...retries, ...failed].map(({ metadata }) => metadata?.[ROWS_FILE_ID]);
	return [...new Set(ids.filter((id): id is string => !!id && idProblem(id) === undefined))];
}

/** The kept rows of a batch, as the service has them. */
export class StoredRows {
	/** By file, the first line that is no row. */
	readonly broken = new Map<string, number>();
	/** How many results have no row here. */
	lacking = 0;

	constructor(
		private readonly client: OpenAiClient,
		/** Of the batch and its retries. */
		private readonly files: readonly FileObject[],
		readonly batchId: string,
	) {}

	/**
	 * The rows in their order, as many at a time as came in one piece. What is no row is left out: a
	 * file that was cut off somewhere has one such line, and no row of it becomes another one.
	 *
	 * @throws {NodeApiError} when a file cannot be read to its end
	 */
	async *read(): AsyncGenerator<KeptRow[]> {
		for (const file of this.files) {
			for await (const lines of inputLines(this.client, file)) {
				const rows: KeptRow[] = [];
				for (const line of lines) {
					const row = rowIn(line);
					if (row) rows.push(row);
					else if (!this.broken.has(file.id)) this.broken.set(file.id, line.line);
				}
				yield rows;
			}
		}
	}
}

/** The kept rows of the batches whose results are returned, and which batches have none. */
export class KeptRows {
	private readonly stored: StoredRows[] = [];
	private readonly without: string[] = [];
	private readonly gone: string[] = [];

	constructor(private readonly client: OpenAiClient) {}

	/**
	 * The rows of a batch and its retries.
	 *
	 * @returns undefined when there are none, of which the hint then speaks
	 */
	async of(job: Job): Promise<StoredRows | undefined> {
		const ids = rowsFileIds(job);
		const files: FileObject[] = [];
		for (const id of ids) {
			const file = await findFile(this.client, id);
			if (file && (await isThere(this.client, file))) files.push(file);
		}
		if (files.length === 0) {
			(ids.length > 0 ? this.gone : this.without).push(job.batch.id);
			return undefined;
		}
		const stored = new StoredRows(this.client, files, job.batch.id);
		this.stored.push(stored);
		return stored;
	}

	/** What the user should know about rows that are not there; undefined when all are. */
	get hint(): string | undefined {
		const parts: string[] = [];
		if (this.gone.length > 0) {
			parts.push(
				`The kept rows of ${batches(this.gone)} are no longer at the service: their file has expired or was deleted. The results have no row.`,
			);
		}
		if (this.without.length > 0) {
			parts.push(
				`No rows were kept for ${batches(this.without)}, so the results have no row. Set Keep Fields when you submit.`,
			);
		}
		const [first, ...others] = this.stored.flatMap(({ broken }) => [...broken]);
		if (first) {
			const also = others.length > 0 ? ` So were lines of ${others.length} more files.` : '';
			parts.push(
				`Line ${first[1]} of the file ${first[0]} is not a row that was kept by Submit, and was left out.${also}`,
			);
		}
		const short = this.stored.filter(({ lacking }) => lacking > 0);
		const lacking = short.reduce((sum, one) => sum + one.lacking, 0);
		if (lacking > 0) {
			const results = lacking === 1 ? '1 result has' : `${lacking} results have`;
			const named = batches(short.map(({ batchId }) => batchId));
			parts.push(
				`${results} no row, since the kept rows of ${named} at the service are not complete.`,
			);
		}
		return parts.length > 0 ? parts.join(' ') : undefined;
	}
}

/** Whether a file has content. A server that cannot describe it does not say that it is gone. */
async function isThere(client: OpenAiClient, file: FileObject): Promise<boolean> {
	if (typeof file.bytes === 'number') return true;
	try {
		const first = await new StoredRows(client, [file], '').read().next();
		return first.done !== true;
	} catch (error) {
		if ((error as { httpCode?: unknown }).httpCode === '404') return false;
		throw asNodeError(client.context.getNode(), error, client.options.itemIndex);
	}
}

const NAMED = 3;

function batches(ids: string[]): string {
	if (ids.length === 1) return `batch ${ids[0]}`;
	const rest = ids.length - NAMED;
	return `the batches ${ids.slice(0, NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function rowIn({ text }: Line): KeptRow | undefined {
	const parsed = tryParseJson(text);
	if (!parsed.ok || !isObject(parsed.value)) return undefined;
	const { custom_id: customId, row } = parsed.value;
	if (typeof customId !== 'string' || !isObject(row)) return undefined;
	return { customId, row, text: rowText(text, customId) };
}

const ROW = '"row":';

/** The text of the row in a line. To look for its end in every line takes longer than to read it. */
function rowText(line: string, customId: string): string {
	const start = `{"custom_id":${JSON.stringify(customId)},${ROW}`;
	const isPlain = line.startsWith(start) && line.lastIndexOf(ROW) === start.length - ROW.length;
	if (isPlain && line.endsWith('}}')) return line.slice(start.length, -1);
	let text = '{}';
	for (const { key, from, to } of membersOf(line)) {
		if (key === 'row') text = line.slice(from, to);
	}
	return text;
}

/** The rows of this execution, by the custom ids of their requests, in n8n's form for pairs. */
export type RowPairs = ReadonlyMap<string, IPairedItemData>;

type NodeItems = (
	nodeName: string,
	output: number,
	run: number,
) => INodeExecutionData[] | undefined;

/** How many runs of Submit are looked through for a batch. */
const MAX_RUNS = 100;

/**
 * Finds the rows that batches were made of among the items of this execution. Only what is certain
 * counts: Submit ran in this execution and returned the batch, or another one of its submission, and
 * the Custom ID of each row can be made again. So a row that has changed has no pair.
 *
 * @param jobs batches of one submission, with their retries
 * @returns undefined when there are none, as in a workflow that the trigger has started
 */
export function rowPairs(
	context: IExecuteFunctions,
	itemIndex: number,
	jobs: readonly Job[],
): RowPairs | undefined {
	const { name: ownName, type: ownType } = context.getNode();
	const proxy = context.getWorkflowDataProxy(itemIndex);
	const itemsOf: NodeItems = (nodeName, output, run) => {
		try {
			return proxy.$(nodeName, true).all(output, run) as INodeExecutionData[];
		} catch {
			// The node, or this run of it, has not run.
			return undefined;
		}
	};
	const parents = context.getParentNodes(ownName, { includeNodeParameters: true });
	for (const { name, type, parameters = {} } of parents) {
		if (type !== ownType || parameters.operation !== 'submit') continue;
		const submitted = submittedItems(jobs, (run) => itemsOf(name, 0, run));
		if (!submitted) continue;
		const idOf = customIdsOf(parameters);
		if (idOf) return pairsOf(submitted, idOf, itemsOf);
		const isMissed = hasMadeIds(parameters) && submitted.some(hasRows);
		if (isMissed && itemIndex === 0 && context.getMode() === 'manual') {
			context.addExecutionHints({ message: notPaired(name), location: 'outputPane' });
		}
	}
	return undefined;
}

/** Whether Submit makes a request and its custom id of each item. */
const hasMadeIds = ({ requestSource }: NodeParameters) =>
	requestSource === 'fields' || requestSource === 'json';

/** Whether a batch has several rows. With one alone, n8n knows which it is. */
const hasRows = ({ pairedItem }: INodeExecutionData) =>
	Array.isArray(pairedItem) && pairedItem.length > 1;

const notPaired = (name: string) =>
	`The results are paired with their batch alone, not with its rows: the Custom ID in '${name}' does more than insert fields. Use one such as {{ $json.key }}, keep the rows with Keep Fields, or join rows and results by custom_id in a Merge node.`;

/** Makes the custom id of a row as Submit did; undefined where only n8n could. */
function customIdsOf(parameters: NodeParameters) {
	const { requestSource, customId } = parameters;
	if (requestSource === 'lines') return ({ json }: INodeExecutionData) => json.custom_id;
	const isText = hasMadeIds(parameters) && typeof customId === 'string';
	return isText ? compileExpression(customId) : undefined;
}

type NodeParameters = Readonly<Record<string, unknown>>;

/** The items of Submit for the batches, from its last run, or else from its first one that has any. */
function submittedItems(
	jobs: readonly Job[],
	runOf: (run: number) => INodeExecutionData[] | undefined,
): INodeExecutionData[] | undefined {
	const ids = new Set(jobs.map(({ batch }) => batch.id));
	const submission = submissionIdOf(jobs[0].batch);
	for (let run = -1; run < MAX_RUNS; run++) {
		const items = runOf(run);
		if (!items) return undefined;
		const own = items.filter(({ json }) => ids.has(json.id as string));
		if (own.length === ids.size) return own;
		// A retry is not among them, and its rows are those of its submission.
		const all = items.filter(
			({ json }) => submission !== null && json.submission_id === submission,
		);
		if (all.length > 0) return all;
	}
	return undefined;
}

function pairsOf(
	submitted: readonly INodeExecutionData[],
	idOf: (item: INodeExecutionData, itemIndex: number) => unknown,
	itemsOf: NodeItems,
): RowPairs {
	const pairs = new Map<string, IPairedItemData>();
	for (const { pairedItem } of submitted) {
		const own = [pairedItem ?? []].flat() as IPairedItemData[];
		const source = own[0]?.sourceOverwrite;
		if (!source) continue;
		const { previousNode, previousNodeOutput = 0, previousNodeRun = 0 } = source;
		const rows = itemsOf(previousNode, previousNodeOutput, previousNodeRun) ?? [];
		for (const { item } of own) {
			const id = rows[item] && idOf(rows[item], item);
			if (typeof id !== 'string' && typeof id !== 'number') continue;
			pairs.set(String(id), { item, sourceOverwrite: source });
		}
	}
	return pairs;
}
