import type { INode } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { Batch } from '../../../openai/api/objects';
import {
	firstErrors,
	isFinished,
	isKnownStatus,
	statusOf,
	transientFailure,
} from '../../../openai/api/objects';

/** How many validation errors the message lists. */
const LISTED_ERRORS = 20;

const RETRY_ADVICE =
	'Retry Unfinished creates the batch again from the same file. Nothing was charged.';

const ADVICE_FOR_TRANSIENT = {
	file_not_ready: `This is temporary: the service had not found the uploaded file yet. ${RETRY_ADVICE}`,
	enqueued_limit: `This is temporary: wait until other batches of this model are finished. ${RETRY_ADVICE}`,
};

const ADVICE =
	'None of its requests ran and nothing was charged. Correct the requests and submit them again.';

/** How far a batch is, in words: `in progress: 3 of 10 requests are done, 1 failed`. */
export function describeProgress(batch: Batch): string {
	if (!isKnownStatus(batch)) return `in the unknown status '${batch.status}'`;
	const status = statusOf(batch).replace('_', ' ');
	const { total, completed, failed } = batch.request_counts ?? {};
	if (!total) return status;
	const failures = failed ? `, ${failed} failed` : '';
	return `${status}: ${completed ?? 0} of ${total} requests are done${failures}`;
}

/**
 * Makes sure that a batch is finished.
 *
 * @param name what the error calls it, such as `Batch batch_…`
 * @throws {NodeOperationError} that says how far the batch is
 */
export function assertFinished(
	node: INode,
	batch: Batch,
	itemIndex: number,
	name = `Batch ${batch.id}`,
): void {
	if (isFinished(batch)) return;
	throw new NodeOperationError(node, `${name} is ${describeProgress(batch)}`, {
		itemIndex,
		description:
			'A batch has results only when it is finished. Start this step from the OpenAI Batch Trigger, which fires at that moment, or put Wait for Completion before it.',
	});
}

/**
 * Whether a batch failed before any of its requests ran. Servers that call a batch failed since all
 * its requests failed give their results.
 */
export function hasNeverRun(batch: Batch): boolean {
	return statusOf(batch) === 'failed' && !batch.output_file_id && !batch.error_file_id;
}

/** The error for a batch that failed validation: none of its requests ran. */
export function failedValidation(node: INode, batch: Batch, itemIndex: number): NodeOperationError {
	const transient = transientFailure(batch);
	const reasons = firstErrors(batch, LISTED_ERRORS);
	const rest = (batch.errors?.data?.length ?? 0) - reasons.length;
	if (rest > 0) reasons.push(`… and ${rest} more`);
	const advice = transient ? ADVICE_FOR_TRANSIENT[transient.reason] : ADVICE;
	return new NodeOperationError(
		node,
		`Batch ${batch.id} failed: ${reasons[0] ?? 'no reason given'}`,
		{ itemIndex, description: [advice, ...reasons.slice(1)].join('<br>') },
	);
}
