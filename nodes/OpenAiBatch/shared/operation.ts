import type {
	IDataObject,
	IExecuteFunctions,
	INode,
	INodeExecutionData,
	INodeProperties,
	INodePropertyOptions,
} from 'n8n-workflow';
import { NodeApiError, NodeOperationError } from 'n8n-workflow';

type Execute = (context: IExecuteFunctions) => Promise<INodeExecutionData[][]>;

/** What one operation file gives: its entry in the list, its fields, and what it does. */
export interface Operation {
	option: INodePropertyOptions;
	properties: INodeProperties[];
	execute: Execute;
}

/** The fault as an error of this node, about the given item; one that is already is kept. */
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
 * An item for what did not succeed. With the error output switched on, n8n routes items that
 * carry an `error` there; were it enumerable, n8n would put its message in place of all their
 * fields, which it does on the regular output in any case: so there items carry none.
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

/** The item that stands for an input item whose operation failed, under "continue" settings. */
export function errorItem(
	error: NodeApiError | NodeOperationError,
	itemIndex: number,
): INodeExecutionData {
	const details = { ...(error.context as IDataObject) };
	delete details.itemIndex;
	const json = { error: error.message, ...details };
	return failedItem(json, error, { item: itemIndex });
}

/** Runs an operation for every input item, with n8n's pairing and its "On Error" settings. */
export function forEachItem(
	run: (
		context: IExecuteFunctions,
		itemIndex: number,
	) => Promise<INodeExecutionData | INodeExecutionData[]>,
): Execute {
	return async (context) => {
		const output: INodeExecutionData[] = [];
		for (let itemIndex = 0; itemIndex < context.getInputData().length; itemIndex++) {
			try {
				const items = [await run(context, itemIndex)].flat();
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
