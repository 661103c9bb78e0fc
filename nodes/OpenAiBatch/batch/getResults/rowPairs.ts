import type { IExecuteFunctions, INodeExecutionData, IPairedItemData } from 'n8n-workflow';
import type { Job } from './decide';
import { rowsFileIds } from './keptRows';
import { submissionIdOf } from '../../../openai/submissions/submission';
import { compileExpression } from '../../parameters/compileExpression';

/** The rows of this execution, by the custom ids of their requests, in n8n's form for pairs. */
export type RowPairs = ReadonlyMap<string, IPairedItemData>;

type NodeItems = (
	nodeName: string,
	output: number,
	run: number,
) => INodeExecutionData[] | undefined;

type NodeParameters = Readonly<Record<string, unknown>>;

/** How many runs of Submit are looked through for a batch. */
const MAX_RUNS = 100;

/**
 * Finds the rows that batches were made of among the items of this execution. Only what is certain
 * counts: Submit ran in this execution and returned the batch, or another one of its submission, and
 * the Custom ID of each row can be made again. So a row that has changed has no pair.
 *
 * @param jobs batches of one submission, with their retries
 * @param options with Include Row, the rows that were kept come with the results, or a hint says that
 * there are none: nothing is said about pairs then
 * @returns undefined when there are none, as in a workflow that the trigger has started
 */
export function rowPairs(
	context: IExecuteFunctions,
	itemIndex: number,
	jobs: readonly Job[],
	{ includeRow }: { includeRow: boolean },
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
		const isMissed = !includeRow && hasMadeIds(parameters) && submitted.some(hasRows);
		if (isMissed && itemIndex === 0 && context.getMode() === 'manual') {
			const areKept = jobs.some((job) => rowsFileIds(job).length > 0);
			context.addExecutionHints({ message: notPaired(name, areKept), location: 'outputPane' });
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

function notPaired(name: string, areKept: boolean): string {
	const advice = areKept
		? 'The rows were kept: add the option Include Row to have them in the results.'
		: 'Use one such as {{ $json.key }}, keep the rows with Keep Fields, or join rows and results by custom_id in a Merge node.';
	return `The results are paired with their batch alone, not with its rows: the Custom ID in '${name}' does more than insert fields. ${advice}`;
}

/** Makes the custom id of a row as Submit did; undefined where only n8n could. */
function customIdsOf(parameters: NodeParameters) {
	const { requestSource, customId } = parameters;
	if (requestSource === 'lines') return ({ json }: INodeExecutionData) => json.custom_id;
	const isText = hasMadeIds(parameters) && typeof customId === 'string';
	return isText ? compileExpression(customId) : undefined;
}

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
