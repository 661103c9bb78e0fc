import type { INode } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { Batch } from '../../../openai/api/types';
import type { Selection } from './retrySelection';

/** The error for a batch whose requests cannot be read any more. */
export function inputFileGone(node: INode, batch: Batch, itemIndex: number): NodeOperationError {
	return new NodeOperationError(
		node,
		`The input file ${batch.input_file_id} of batch ${batch.id} is no longer there`,
		{
			itemIndex,
			description:
				'Its requests cannot be sent again from there: submit them again from your own data.',
		},
	);
}

/** The error for a batch of which no request is to run again. */
export function nothingToRetry(
	node: INode,
	{ id }: Batch,
	{ succeeded, permanent, permanentErrors, leftOut }: Selection,
	itemIndex: number,
): NodeOperationError {
	if (permanent === 0 && leftOut === 0) {
		const all = succeeded === 1 ? 'The only request' : `All ${succeeded} requests`;
		return new NodeOperationError(node, `${all} of batch ${id} succeeded`, {
			itemIndex,
			description: 'There is nothing to retry.',
		});
	}
	const common = permanentErrors.mostCommon();
	const description = [
		permanent > 0 &&
			`${permanent} failed with errors that would only repeat. Correct those requests and submit them again, or turn on Retry All Failed when the cause is gone.`,
		common && `Most common (${common.count}): ${common.message}`,
		leftOut > 0 && `${leftOut} did not succeed, but are left out by the option Include.`,
	];
	return new NodeOperationError(node, `No request of batch ${id} is to be retried`, {
		itemIndex,
		description: description.filter(Boolean).join('<br>'),
	});
}
