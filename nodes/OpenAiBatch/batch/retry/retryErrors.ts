import type { INode } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { Selection, UnreadableResultsError } from './retrySelection';
import type { Batch } from '../../../openai/api/objects';

/** How many ids an error lists. */
const LISTED_IDS = 20;

const OWN_DATA_ADVICE =
	'Its requests cannot be sent again from there: submit them again from your own data.';

/** The error for a batch whose requests cannot be read, or not any more. */
export function inputFileGone(
	node: INode,
	{ id, input_file_id: fileId }: Batch,
	itemIndex: number,
): NodeOperationError {
	const message = fileId
		? `The input file ${fileId} of batch ${id} is no longer there`
		: `The server does not name the input file of batch ${id}`;
	return new NodeOperationError(node, message, {
		itemIndex,
		description: OWN_DATA_ADVICE,
	});
}

/** The error for a batch of which nobody says to which endpoint its requests go. */
export function endpointUnknown(node: INode, { id }: Batch, itemIndex: number): NodeOperationError {
	return new NodeOperationError(
		node,
		`The endpoint of batch ${id} is named neither by the server nor in its input file`,
		{
			itemIndex,
			description:
				'Create the batch again with the operation Create, where you choose the endpoint.',
		},
	);
}

const ADVICE_ON_UNREADABLE: Record<UnreadableResultsError['of'], string> = {
	requests: OWN_DATA_ADVICE,
	running:
		'Wait until it is finished. If you want to run all unfinished requests again all the same, and be charged twice for some of them, turn on Retry Unreadable.',
	results:
		'A retry would run requests again that may have an answer already, and be charged again. Look at the result files (File: Download). If you want to run them again all the same, turn on Retry Unreadable.',
};

/** The error for results that may have been charged, and that nobody can read. */
export function unreadableResults(
	node: INode,
	{ of, message }: UnreadableResultsError,
	itemIndex: number,
): NodeOperationError {
	return new NodeOperationError(node, message, {
		itemIndex,
		description: ADVICE_ON_UNREADABLE[of],
	});
}

/** The words for lines that are never sent again; undefined without any. */
export function namelessLines({ nameless }: Selection): string | undefined {
	if (nameless === 0) return undefined;
	const lines = nameless === 1 ? '1 line has' : `${nameless} lines have`;
	return `${lines} no custom_id in the input file, so they cannot be matched to results and are not sent again.`;
}

/** The words for requests that share their id with one that succeeded; undefined without any. */
export function ambiguity({ ambiguousIds }: Selection): string | undefined {
	if (ambiguousIds.length === 0) return undefined;
	const some = ambiguousIds.slice(0, LISTED_IDS).join(', ');
	const ids = ambiguousIds.length > LISTED_IDS ? `${some}, …` : some;
	return `${ambiguousIds.length} have the same custom_id as a request that succeeded, so it is not known which of them did not: ${ids}. Submit them again with ids of their own.`;
}

const requests = (count: number) => (count === 1 ? '1 request' : `${count} requests`);

/** The error for a batch that has no requests to retry. */
export function nothingToRetry(
	node: INode,
	{ id }: Batch,
	selection: Selection,
	itemIndex: number,
): NodeOperationError {
	const { succeeded, permanent, permanentErrors, running, leftOut, nameless } = selection;
	const ambiguous = ambiguity(selection);
	if (permanent + leftOut + running + nameless === 0 && !ambiguous) {
		const all = succeeded === 1 ? 'The only request' : `All ${succeeded} requests`;
		return new NodeOperationError(node, `${all} of batch ${id} succeeded`, {
			itemIndex,
			description: 'There is nothing to retry.',
		});
	}
	const description = [
		permanent > 0 &&
			`${requests(permanent)} failed with errors that a retry would only repeat. Correct those requests and submit them again, or turn on Retry All Failed when the cause is gone.`,
		permanentErrors.mostCommon(),
		running > 0 &&
			`${requests(running)} will be answered by an earlier retry that is not finished.`,
		leftOut > 0 && `${requests(leftOut)} did not succeed, but the option Include leaves them out.`,
		ambiguous,
		namelessLines(selection),
	];
	return new NodeOperationError(node, `Batch ${id} has no requests to retry`, {
		itemIndex,
		description: description.filter(Boolean).join('<br>'),
	});
}
