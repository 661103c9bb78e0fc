import type { INode } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { UnreadableResultsError } from './outcomes';
import type { Selection } from './retrySelection';
import type { Batch } from '../../../openai/api/objects';
import { statusOf } from '../../../openai/api/objects';
import type { CreatedBatch } from '../../../openai/submissions/submission';
import type { PartFailure } from '../../../openai/submissions/submissions';
import { asNodeError } from '../../shared/operation';

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

/** The error for a batch whose requests another one has, so that they would be paid twice. */
export function submittedAgain(node: INode, { id }: Batch, twin: Batch, itemIndex: number) {
	return new NodeOperationError(
		node,
		`Batch ${id} was cancelled, and batch ${twin.id} has the same requests`,
		{
			itemIndex,
			description: `Batch ${twin.id} is ${statusOf(twin)}. Get the results of that batch, or retry it, when it has ended. To ask for some requests of this one all the same, name them in the option Custom IDs.`,
		},
	);
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
		'Wait until it is finished. If you still want to run all unfinished requests again, and be charged twice for some of them, turn on Retry Unreadable.',
	results:
		'A retry would run requests again that may have an answer already, and be charged again. Look at the result files (File: Download). If you still want to run them again, turn on Retry Unreadable.',
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
	const ids = someOf(ambiguousIds);
	return ambiguousIds.length === 1
		? `1 request has the same custom_id as a request that succeeded, so it is not known which of them did not: ${ids}. Submit it again with an id of its own.`
		: `${ambiguousIds.length} requests have the same custom_id as a request that succeeded, so it is not known which of them did not: ${ids}. Submit them again with ids of their own.`;
}

function someOf(ids: readonly string[]): string {
	const some = ids.slice(0, LISTED_IDS).join(', ');
	return ids.length > LISTED_IDS ? `${some}, …` : some;
}

/** The words for ids that are not among the requests, where others are; undefined without any. */
export function unknownIdsHint({ id }: Batch, { unknownIds }: Selection): string | undefined {
	if (unknownIds.length === 0) return undefined;
	const requests = unknownIds.length === 1 ? 'no request' : 'no requests';
	return `Batch ${id} has ${requests} with the custom_id ${someOf(unknownIds)}.`;
}

const requests = (count: number) => (count === 1 ? '1 request' : `${count} requests`);

/**
 * Makes sure that there is something to run again, and that all of it can run.
 *
 * @throws {NodeOperationError} that says why not; nothing was sent then
 */
export function assertRetryable(
	node: INode,
	batch: Batch,
	selection: Selection,
	itemIndex: number,
): void {
	const error = (message: string, description: string) =>
		new NodeOperationError(node, message, { itemIndex, description });
	const { badLines, cutOffAgain, pieces, adopted, unknownIds } = selection;
	if (badLines.length > 0) throw refusedLines(batch, selection, error);
	if (pieces.length > 0 || adopted.length > 0) return;
	if (unknownIds.length > 0) {
		throw error(
			`Batch ${batch.id} has none of the requests in Custom IDs: ${someOf(unknownIds)}`,
			'Use the values of custom_id that Get Results returns for this batch, and its own id as the batch.',
		);
	}
	if (cutOffAgain > 0) {
		throw error(cutOffOf(batch, cutOffAgain), `${MORE_TOKENS} Or leave Cut Off out of Include.`);
	}
	throw nothingToRetry(node, batch, selection, itemIndex);
}

const MORE_TOKENS =
	'The same request with the same limit is cut off, and charged, again. Set a higher token limit in Body Fields, for example {"max_completion_tokens": 4000} (max_output_tokens for Responses), or another model or a lower effort. OpenAI and Azure end a request without a limit only at the end of the context of the model, so a limit does not help there.';

function cutOffOf({ id }: Batch, count: number): string {
	const [was, they] = count === 1 ? ['was', 'it'] : ['were', 'they'];
	return `${requests(count)} of batch ${id} ${was} cut off at the token limit, and ${they} would be cut off again`;
}

/** Requests that are left out, since they would be cut off as before. */
export function cutOffHint(batch: Batch, { cutOffAgain }: Selection): string | undefined {
	if (cutOffAgain === 0) return undefined;
	return `${cutOffOf(batch, cutOffAgain)}, so they are left out. ${MORE_TOKENS}`;
}

type ErrorFor = (message: string, description: string) => NodeOperationError;

function refusedLines({ id }: Batch, { badLines }: Selection, error: ErrorFor) {
	const lines = badLines.slice(0, LISTED_IDS).map(({ line, issues }) => {
		return `Line ${line}: ${issues.map(({ message }) => message).join(' ')}`;
	});
	if (badLines.length > lines.length) lines.push(`… and ${badLines.length - lines.length} more`);
	return error(
		`${requests(badLines.length)} of batch ${id} cannot be submitted with Body Fields; nothing was sent`,
		lines.join('<br>'),
	);
}

/** The error of a batch that could not be created, which names those before it: they are paid for. */
export function createdSoFar(
	node: INode,
	{ index, error: cause }: PartFailure,
	created: ReadonlyArray<CreatedBatch | undefined>,
	itemIndex: number,
) {
	const error = asNodeError(node, cause, itemIndex);
	const ids = created.flatMap((one) => one?.batch.id ?? []);
	if (ids.length === 0) return error;
	error.message = `Batch ${index + 1} of ${created.length}: ${error.message}`;
	error.description = `Created so far: ${ids.join(', ')}. ${error.description ?? ''}`;
	error.context.created_batch_ids = ids;
	return error;
}

/** The error for a batch that has no requests to retry. */
function nothingToRetry(
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
			`${requests(permanent)} failed with ${permanent === 1 ? 'an error' : 'errors'} that a retry would only repeat. Correct ${permanent === 1 ? 'that request and submit it' : 'those requests and submit them'} again, or turn on Retry All Failed when the cause is gone.`,
		permanentErrors.mostCommon(),
		running > 0 &&
			`${requests(running)} ${running === 1 ? 'is' : 'are'} still running in an earlier retry.`,
		leftOut > 0 && `${requests(leftOut)} did not succeed, but the option Include leaves them out.`,
		ambiguous,
		namelessLines(selection),
	];
	return new NodeOperationError(node, `Batch ${id} has no requests to retry`, {
		itemIndex,
		description: description.filter(Boolean).join('<br>'),
	});
}
