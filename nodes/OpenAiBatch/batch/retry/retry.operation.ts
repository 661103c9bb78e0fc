import { createHash } from 'crypto';
import type { IDataObject, IExecuteFunctions, INode } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { getBatch } from '../../../openai/api/batches';
import { statusOf } from '../../../openai/api/status';
import { transientFailure } from '../../../openai/api/transientFailure';
import type { Batch, FileObject } from '../../../openai/api/types';
import { OpenAiClient } from '../../../openai/http/client';
import type { SubmissionPart } from '../../../openai/submissions/submissions';
import { SUBMISSION_METADATA, Submissions } from '../../../openai/submissions/submissions';
import { batchExpiries } from '../../shared/batchOptions';
import { idParameter } from '../../shared/fields';
import { MAX_METADATA_PAIRS, userMetadata } from '../../shared/metadata';
import type { Operation } from '../../shared/operation';
import { forEachItem, showFor } from '../../shared/operation';
import { findInputFile } from '../results/batchFiles';
import { assertFinished, failedValidation } from '../results/readiness';
import { RETRY_OF } from '../results/retryChain';
import { retryProperties } from './retry.properties';
import type { Reason, Selection } from './retrySelection';
import { REASONS, selectForRetry } from './retrySelection';

interface RetryOptions {
	include?: Reason[];
	inputExpiresAfter?: number;
	outputExpiresAfter?: number;
	retryAllFailed?: boolean;
	submissionKey?: string;
	createWithoutSearch?: boolean;
}

/** The metadata keys that every retry carries. */
const RETRY_METADATA = [...SUBMISSION_METADATA, RETRY_OF];

/**
 * The metadata of a retry: the original's own, the user's over it, and which batch it repeats.
 *
 * @returns also the keys of the original for which there is no room
 */
function retryMetadata(
	original: Batch,
	users: Record<string, string>,
): { metadata: Record<string, string>; dropped: string[] } {
	const carried = Object.entries(original.metadata ?? {}).filter(
		([key]) => !RETRY_METADATA.includes(key) && !Object.hasOwn(users, key),
	);
	const room = MAX_METADATA_PAIRS - RETRY_METADATA.length - Object.keys(users).length;
	return {
		metadata: {
			...Object.fromEntries(carried.slice(0, room)),
			...users,
			[RETRY_OF]: original.id,
		},
		dropped: carried.slice(room).map(([key]) => key),
	};
}

/** The error for a batch whose requests cannot be read any more. */
function inputFileGone(node: INode, batch: Batch, itemIndex: number): NodeOperationError {
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

/** The error for a batch that has no requests to retry. */
function nothingToRetry(
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
			`${permanent} failed with errors that a retry would only repeat. Correct those requests and submit them again, or turn on Retry All Failed when the cause is gone.`,
		common && `Most common (${common.count}): ${common.message}`,
		leftOut > 0 && `${leftOut} did not succeed, but the option Include leaves them out.`,
	];
	return new NodeOperationError(node, `Batch ${id} has no requests to retry`, {
		itemIndex,
		description: description.filter(Boolean).join('<br>'),
	});
}

/**
 * The batch to retry and its input file.
 *
 * @throws {NodeOperationError} when it is not finished, when its own requests are invalid, or when
 * they cannot be read any more
 */
async function findOriginal(
	client: OpenAiClient,
	node: INode,
	batchId: string,
	itemIndex: number,
): Promise<{ original: Batch; inputFile: FileObject }> {
	const original = await getBatch(client, batchId);
	assertFinished(node, original, itemIndex);
	if (statusOf(original) === 'failed' && !transientFailure(original)) {
		throw failedValidation(node, original, itemIndex);
	}
	const inputFile = await findInputFile(client, original);
	if (!inputFile) throw inputFileGone(node, original, itemIndex);
	return { original, inputFile };
}

/** The name of the file of a retry: the original's, with the retry's key. */
function fileNameFor({ filename }: FileObject, key: string): string {
	const name = (filename || 'n8n-batch').replace(/\.jsonl$/i, '').replace(/-retry-\w{8}$/, '');
	return `${name}-retry-${key.slice(0, 8)}.jsonl`;
}

/**
 * What is submitted: the chosen requests as a new file, or the very same file of a batch that
 * failed before any request ran.
 */
function retryPart(
	original: Batch,
	inputFile: FileObject,
	selection: Selection | undefined,
	expiresAfter: number | undefined,
): SubmissionPart {
	const content = selection?.contentHash ?? inputFile.id;
	return {
		contentHash: createHash('sha256').update(`${original.id}\n${content}`).digest('hex'),
		place: '1/1',
		input: selection
			? {
					fileName: (key) => fileNameFor(inputFile, key),
					bytes: selection.bytes,
					open: selection.open,
					expiresAfter,
				}
			: { fileId: inputFile.id },
	};
}

/** The metadata of the new batch, with a hint when it does not hold all of the original's. */
function metadataFor(
	context: IExecuteFunctions,
	original: Batch,
	users: Record<string, string>,
): Record<string, string> {
	const { metadata, dropped } = retryMetadata(original, users);
	if (dropped.length > 0) {
		const message = `Batch ${original.id} has more metadata than its retry has room for. Left out: ${dropped.join(', ')}.`;
		context.addExecutionHints({ message, location: 'outputPane' });
	}
	return metadata;
}

export const retry: Operation = {
	option: {
		name: 'Retry Unfinished',
		value: 'retry',
		action: 'Retry the unfinished requests of a batch',
		description:
			'Create a new batch from only the requests that failed for a transient reason, expired, were cancelled or never came back',
	},
	properties: showFor('batch', 'retry', retryProperties),
	execute: forEachItem(async (context, itemIndex) => {
		const options = context.getNodeParameter('options', itemIndex, {}) as RetryOptions;
		const batchId = idParameter(context, 'batchId', itemIndex);
		const users = userMetadata(context, itemIndex, RETRY_METADATA);
		const { inputExpiresAfter, outputExpiresAfter } = batchExpiries(context, options, itemIndex);
		const node = context.getNode();
		const client = new OpenAiClient(context, { itemIndex });
		const { original, inputFile } = await findOriginal(client, node, batchId, itemIndex);
		const settings = {
			endpoint: original.endpoint,
			completionWindow: original.completion_window || '24h',
			metadata: metadataFor(context, original, users),
			outputExpiresAfter,
		};
		// A batch that failed before any request ran is repeated as a whole, uncounted.
		const isWhole = statusOf(original) === 'failed';
		const selection = isWhole
			? undefined
			: await selectForRetry(client, original, inputFile, {
					include: new Set(options.include?.length ? options.include : REASONS),
					allFailed: options.retryAllFailed ?? false,
				});
		if (selection?.requests === 0) throw nothingToRetry(node, original, selection, itemIndex);
		const submissions = new Submissions(client, context, options);
		const part = retryPart(original, inputFile, selection, inputExpiresAfter);
		const { batch, key, adopted } = await submissions.create(part, settings);
		const counts = REASONS.map((reason) => [`retried_${reason}`, selection?.counts[reason]]);
		return {
			json: {
				...(batch as unknown as IDataObject),
				retry_of: original.id,
				...(selection && { requests: selection.requests, ...Object.fromEntries(counts) }),
				not_retried: selection ? selection.permanent + selection.leftOut : 0,
				submission_key: key,
				adopted,
			},
		};
	}),
};
