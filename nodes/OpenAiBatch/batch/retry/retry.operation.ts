import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { getBatch } from '../../../openai/api/batches';
import { OpenAiClient } from '../../../openai/http/client';
import { transientFailure } from '../../../openai/api/transientFailure';
import { statusOf } from '../../../openai/api/status';
import { batchExpiries } from '../../shared/batchOptions';
import { idParameter } from '../../shared/fields';
import type { Operation } from '../../shared/operation';
import { forEachItem, showFor } from '../../shared/operation';
import { findInputFile } from '../results/batchFiles';
import { assertFinished, failedValidation } from '../results/readiness';
import { retryProperties } from './retry.properties';
import type { RetryContext } from './retryBatch';
import { retryFile, retryRequests } from './retryBatch';
import { RETRY_KEYS, retryMetadata } from './retryMetadata';
import { inputFileGone, nothingToRetry } from './retryRefusal';
import type { Reason } from './retrySelection';
import { REASONS, selectForRetry } from './retrySelection';
import { submissionScope, userMetadata } from '../submission';

interface RetryOptions {
	include?: Reason[];
	inputExpiresAfter?: number;
	outputExpiresAfter?: number;
	retryAllFailed?: boolean;
	submissionKey?: string;
}

/** Looks up the batch and gathers what a retry of it needs. */
async function prepare(
	context: IExecuteFunctions,
	itemIndex: number,
	options: RetryOptions,
): Promise<RetryContext> {
	const batchId = idParameter(context, 'batchId', itemIndex);
	const users = userMetadata(context, itemIndex, RETRY_KEYS);
	const expiries = batchExpiries(context, options, itemIndex);
	const client = new OpenAiClient(context, { itemIndex });
	const original = await getBatch(client, batchId);
	const node = context.getNode();
	assertFinished(node, original, itemIndex);
	if (statusOf(original) === 'failed' && !transientFailure(original)) {
		throw failedValidation(node, original, itemIndex);
	}
	const inputFile = await findInputFile(client, original);
	if (!inputFile) throw inputFileGone(node, original, itemIndex);
	const { metadata, dropped } = retryMetadata(original, users);
	if (dropped.length > 0) {
		const message = `Batch ${original.id} has more metadata than its retry has room for. Left out: ${dropped.join(', ')}.`;
		context.addExecutionHints({ message, location: 'outputPane' });
	}
	return {
		client,
		original,
		inputFile,
		scope: submissionScope(context, options.submissionKey),
		settings: {
			endpoint: original.endpoint,
			completionWindow: original.completion_window || '24h',
			metadata,
			...expiries,
		},
	};
}

export const retry: Operation = {
	option: {
		name: 'Retry Unfinished',
		value: 'retry',
		action: 'Retry the unfinished requests of a batch',
		description:
			'Create a new batch of only the requests that failed for a transient reason, expired, were cancelled or never came back',
	},
	properties: showFor('batch', 'retry', retryProperties),
	execute: forEachItem(async (context, itemIndex) => {
		const options = context.getNodeParameter('options', itemIndex, {}) as RetryOptions;
		const prepared = await prepare(context, itemIndex, options);
		const { client, original, inputFile } = prepared;
		const isWhole = statusOf(original) === 'failed';
		const selection = isWhole
			? undefined
			: await selectForRetry(client, original, inputFile, {
					include: new Set(options.include?.length ? options.include : REASONS),
					allFailed: options.retryAllFailed ?? false,
				});
		if (selection?.requests === 0) {
			throw nothingToRetry(context.getNode(), original, selection, itemIndex);
		}
		const { batch, key, adopted } = selection
			? await retryRequests(prepared, selection)
			: await retryFile(prepared);
		const counts = REASONS.map((reason) => [`retried_${reason}`, selection?.counts[reason]]);
		return {
			json: {
				...(batch as unknown as IDataObject),
				retry_of: original.id,
				// A batch that failed before any request ran is repeated as a whole, uncounted.
				...(selection && { requests: selection.requests, ...Object.fromEntries(counts) }),
				not_retried: selection ? selection.permanent + selection.leftOut : 0,
				submission_key: key,
				adopted,
			},
		};
	}),
};
