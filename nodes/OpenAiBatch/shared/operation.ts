import type {
	IDataObject,
	IExecuteFunctions,
	INode,
	INodeExecutionData,
	INodeProperties,
	INodePropertyOptions,
} from 'n8n-workflow';
import { NodeApiError, NodeOperationError, sleep } from 'n8n-workflow';
import type { OutputFields } from './outputFields';
import type { OpenAiClient } from '../../openai/client';

/** What an operation does with all input items. @param client whose errors name no item yet */
type Execute = (
	context: IExecuteFunctions,
	client: OpenAiClient,
) => Promise<INodeExecutionData[][]>;

/** An operation: its entry in the list of operations, its fields, and what it does. */
export interface Operation {
	option: INodePropertyOptions;
	properties: INodeProperties[];
	/**
	 * The fields of its output items, which n8n's editor offers before the node has run. Options that
	 * return something else altogether, such as a dry run or a file, are left out.
	 */
	output: OutputFields;
	execute: Execute;
}

/**
 * Shows an operation's fields only while that operation is chosen. That comes before the fields' own
 * conditions, since n8n shows a field as soon as it comes to an expression among the conditions.
 */
export function showFor(
	resource: string,
	operation: string,
	properties: INodeProperties[],
): INodeProperties[] {
	return properties.map((property) => {
		const { show, ...others } = property.displayOptions ?? {};
		const all = { resource: [resource], operation: [operation], ...show };
		return { ...property, displayOptions: { ...others, show: all } };
	});
}

/** Any error as an error of this node about the given item. One that names an item keeps it. */
export function asNodeError(
	node: INode,
	error: unknown,
	itemIndex?: number,
): NodeApiError | NodeOperationError {
	if (error instanceof NodeApiError || error instanceof NodeOperationError) {
		error.context.itemIndex ??= itemIndex;
		return error;
	}
	return new NodeOperationError(node, error as Error, { itemIndex });
}

/**
 * An item for what did not succeed. With the error output turned on, n8n sends items that have an
 * `error` there. If that property were enumerable, n8n would replace all fields of the item by its
 * message. n8n does so on the regular output in any case, so items there have no `error`.
 */
export function failedItem(
	json: IDataObject,
	error: NodeApiError | NodeOperationError,
	pairedItem: INodeExecutionData['pairedItem'],
): INodeExecutionData {
	const item: INodeExecutionData = { json, pairedItem };
	if (error.node.onError !== 'continueErrorOutput') return item;
	return Object.defineProperty(item, 'error', { value: error, enumerable: false });
}

/** The item for an input item whose operation failed, when On Error is set to continue. */
export function errorItem(
	error: NodeApiError | NodeOperationError,
	itemIndex: number,
): INodeExecutionData {
	const details = { ...(error.context as IDataObject) };
	delete details.itemIndex;
	const json = { error: error.message, ...details };
	return failedItem(json, error, { item: itemIndex });
}

/**
 * Runs an operation for every input item, with n8n's pairing and its "On Error" settings.
 *
 * @param run gets a client whose errors are about the item
 */
export function forEachItem(
	run: (
		context: IExecuteFunctions,
		itemIndex: number,
		client: OpenAiClient,
	) => Promise<INodeExecutionData | INodeExecutionData[]>,
): Execute {
	return async (context, client) => {
		const output: INodeExecutionData[] = [];
		for (let itemIndex = 0; itemIndex < context.getInputData().length; itemIndex++) {
			try {
				const items = [await run(context, itemIndex, client.with({ itemIndex }))].flat();
				for (const item of items) {
					item.pairedItem ??= { item: itemIndex };
					output.push(item);
				}
			} catch (error) {
				const nodeError = asNodeError(context.getNode(), error, itemIndex);
				if (!context.continueOnFail()) throw nodeError;
				output.push(errorItem(nodeError, itemIndex));
			}
		}
		return [output];
	};
}

/**
 * Runs an operation that takes all input items together. With On Error: Continue, what it throws
 * becomes an error item: n8n would pass the input on as if it were the output. Errors are about the
 * first item.
 */
export function forAllItems(run: Execute): Execute {
	return async (context, client) => {
		try {
			return await run(context, client.with({ itemIndex: 0 }));
		} catch (error) {
			const nodeError = asNodeError(context.getNode(), error, 0);
			if (!context.continueOnFail()) throw nodeError;
			return [[errorItem(nodeError, 0)]];
		}
	};
}

/** How long n8n may be kept busy without a break. Its editor and webhooks wait meanwhile. */
const STRETCH_MS = 50;

/** Gives n8n time for its other work now and then during a long loop. */
export class Breather {
	private since = Date.now();

	/** Whether a break is due. Separate from `breathe`, since an await for every item costs more. */
	get isDue(): boolean {
		return Date.now() - this.since >= STRETCH_MS;
	}

	async breathe(): Promise<void> {
		await sleep(0);
		this.since = Date.now();
	}
}

/** Yields the chunks as they come, and gives n8n time for its other work in between. */
export async function* breathing<T>(chunks: AsyncIterable<T>): AsyncGenerator<T> {
	const breather = new Breather();
	for await (const chunk of chunks) {
		yield chunk;
		if (breather.isDue) await breather.breathe();
	}
}
