import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { failedItem } from '../shared/operation';
import type { BadItem } from './plan';

/** How many bad items are listed; the rest is counted. */
const LISTED = 20;

function describe({ itemIndex, issues }: BadItem): string {
	return `Item ${itemIndex}: ${issues.map(({ message }) => message).join(' ')}`;
}

/** One error for all bad items, so that a user mends them in one go. */
export function badItemsError(
	context: IExecuteFunctions,
	badItems: BadItem[],
	total: number,
): NodeOperationError {
	const lines = badItems.slice(0, LISTED).map(describe);
	const rest = badItems.length - lines.length;
	if (rest > 0) lines.push(`… and ${rest} more`);
	const count = `${badItems.length} of ${total} item${total === 1 ? '' : 's'}`;
	return new NodeOperationError(
		context.getNode(),
		badItems.length === 1 && badItems[0].issues.length === 1
			? `Item ${badItems[0].itemIndex} cannot be submitted: ${badItems[0].issues[0].message}`
			: `${count} cannot be submitted; nothing was sent`,
		{ itemIndex: badItems[0].itemIndex, description: lines.join('<br>') },
	);
}

/** The items that stand for bad ones when the user chose to continue. */
export function badItemOutput(
	context: IExecuteFunctions,
	{ itemIndex, issues }: BadItem,
): INodeExecutionData {
	const message = issues.map((issue) => issue.message).join(' ');
	const error = new NodeOperationError(context.getNode(), message, { itemIndex });
	const { code, param, custom_id } = issues[0];
	const json = { error: message, code, param: param ?? null, custom_id: custom_id ?? null };
	return failedItem(json, error, { item: itemIndex });
}
