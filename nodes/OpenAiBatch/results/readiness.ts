import type { INode } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { firstErrors } from '../../openai/describe';
import { passingFailure } from '../../openai/passing';
import { isFinished, statusOf } from '../../openai/status';
import type { Batch } from '../../openai/types';

/** How many validation errors stand in the message. */
const LISTED_ERRORS = 20;

const ADVICE_FOR_PASSING = {
	file_not_ready:
		'This passes by itself: the service had not seen the uploaded file yet. Create the batch again from the same file.',
	enqueued_limit:
		'This passes by itself: wait until other batches of this model are finished, then create the batch again from the same file. Nothing was charged.',
};

function counts({ request_counts: requestCounts }: Batch): string {
	const { total, completed, failed } = requestCounts ?? {};
	if (!total) return '';
	return `: ${completed ?? 0} of ${total} requests are done${failed ? `, ${failed} failed` : ''}`;
}

/** The error for a batch that has no results yet. */
function unfinished(node: INode, batch: Batch, itemIndex: number): NodeOperationError {
	const status = statusOf(batch).replace('_', ' ');
	return new NodeOperationError(node, `Batch ${batch.id} is ${status}${counts(batch)}`, {
		itemIndex,
		description:
			'There are results once the batch is finished. Start this step from the OpenAI Batch Trigger, which fires then.',
	});
}

/** The error for a batch that failed validation: none of its requests ran. */
function failedValidation(node: INode, batch: Batch, itemIndex: number): NodeOperationError {
	const passing = passingFailure(batch);
	const reasons = firstErrors(batch, LISTED_ERRORS);
	const rest = (batch.errors?.data?.length ?? 0) - reasons.length;
	if (rest > 0) reasons.push(`… and ${rest} more`);
	const advice = passing
		? ADVICE_FOR_PASSING[passing.reason]
		: 'None of its requests ran and nothing was charged. Correct the requests and submit them again.';
	return new NodeOperationError(
		node,
		`Batch ${batch.id} failed: ${reasons[0] ?? 'no reason given'}`,
		{
			itemIndex,
			description: [advice, ...reasons.slice(1)].join('<br>'),
		},
	);
}

/**
 * Makes sure that a batch has results to read: completed, expired or cancelled.
 *
 * @throws {NodeOperationError} that says how far the batch is, or why it failed
 */
export function assertHasResults(node: INode, batch: Batch, itemIndex: number): void {
	if (!isFinished(batch)) throw unfinished(node, batch, itemIndex);
	if (statusOf(batch) === 'failed') throw failedValidation(node, batch, itemIndex);
}
