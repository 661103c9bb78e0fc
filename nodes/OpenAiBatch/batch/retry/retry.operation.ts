import { createHash } from 'crypto';
import type { IExecuteFunctions, INode } from 'n8n-workflow';
import { retryProperties } from './retry.properties';
import {
	ambiguity,
	endpointUnknown,
	inputFileGone,
	namelessLines,
	nothingToRetry,
	unreadableResults,
} from './retryErrors';
import type { Reason, Selection, SelectionOptions } from './retrySelection';
import { REASONS, selectForRetry, UnreadableResultsError } from './retrySelection';
import { getBatch, isWithoutList } from '../../../openai/api/batches';
import type { Batch, FileObject } from '../../../openai/api/objects';
import { transientFailure } from '../../../openai/api/objects';
import type { OpenAiClient } from '../../../openai/client';
import {
	createdItem,
	isAdoptable,
	keyOf,
	placeOf,
	SUBMISSION_METADATA,
	SUBMISSION_TOKENS,
	submissionIdOf,
} from '../../../openai/submissions/submission';
import type { SubmissionPart } from '../../../openai/submissions/submissions';
import { RETRY_OF } from '../../../openai/submissions/parts';
import { Submissions } from '../../../openai/submissions/submissions';
import { batchExpiries, MAX_METADATA_PAIRS, userMetadata } from '../../shared/batchOptions';
import { idParameter } from '../../shared/fields';
import type { Operation } from '../../shared/operation';
import { asNodeError, forEachItem, showFor } from '../../shared/operation';
import { findInputFile, inputLines, requestIn } from '../results/batchFiles';
import { assertFinished, failedValidation, hasNeverRun } from '../results/readiness';
import { findRetries } from '../results/retryChain';

interface RetryOptions {
	include?: Reason[];
	inputExpiresAfter?: number;
	outputExpiresAfter?: number;
	retryAllFailed?: boolean;
	retryUnreadable?: boolean;
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
	// The estimate is that of the whole original, as a batch is that never ran.
	const left = hasNeverRun(original) ? RETRY_METADATA : [...RETRY_METADATA, SUBMISSION_TOKENS];
	const carried = Object.entries(original.metadata ?? {}).filter(
		([key]) => !left.includes(key) && !Object.hasOwn(users, key),
	);
	const own = RETRY_METADATA.length - (placeOf(original) ? 0 : 1);
	const room = MAX_METADATA_PAIRS - own - Object.keys(users).length;
	return {
		metadata: {
			...Object.fromEntries(carried.slice(0, room)),
			...users,
			[RETRY_OF]: original.id,
		},
		dropped: carried.slice(room).map(([key]) => key),
	};
}

/**
 * The earlier retries of a batch that are not this one, oldest first. Without a list of batches,
 * where the user allows that, none are known.
 *
 * @param ownKey the submission key of this retry
 */
async function earlierRetries(
	client: OpenAiClient,
	original: Batch,
	ownKey: string,
	{ createWithoutSearch }: RetryOptions,
): Promise<Batch[]> {
	try {
		const retries = await findRetries(client, original);
		// One that was cancelled is not adopted, so what it has answered counts as any other's answers.
		const isOwn = (retry: Batch) => keyOf(retry) === ownKey && isAdoptable(retry);
		return retries.filter((retry) => !isOwn(retry) && !hasNeverRun(retry));
	} catch (error) {
		if (createWithoutSearch && isWithoutList(error)) return [];
		throw asNodeError(client.context.getNode(), error, client.options.itemIndex);
	}
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
	if (hasNeverRun(original) && !transientFailure(original)) {
		throw failedValidation(node, original, itemIndex);
	}
	const inputFile = await findInputFile(client, original);
	if (!inputFile) throw inputFileGone(node, original, itemIndex);
	return { original, inputFile };
}

/** The endpoint that the first request of a file names; null without one. */
async function firstUrl(client: OpenAiClient, inputFile: FileObject): Promise<string | null> {
	for await (const [line] of inputLines(client, inputFile)) return requestIn(line)?.url ?? null;
	return null;
}

/** The name of the file of a retry: the original's, with the retry's key. */
function fileNameFor({ filename }: FileObject, key: string): string {
	const name = (filename || 'n8n-batch').replace(/\.jsonl$/i, '').replace(/-retry-\w{8}$/, '');
	return `${name}-retry-${key.slice(-8)}.jsonl`;
}

/** What a retry is to the service, its requests aside. */
type Identity = Omit<SubmissionPart, 'input' | 'settings'>;

/**
 * A retry belongs to the submission of its original, as the same part of it. What is chosen depends
 * on what earlier retries have done by now, and who asks again gets the same batch: so the choices
 * make its content, not what they choose.
 */
function identityOf(original: Batch, choices: Omit<SelectionOptions, 'earlier'>): Identity {
	const content = JSON.stringify([
		original.id,
		{ ...choices, include: [...choices.include].sort() },
	]);
	return {
		contentHash: createHash('sha256').update(content).digest('hex'),
		// It is created once more as what it is, so that nobody else does the same: a second run of
		// Submit, or Submit Waiting Parts.
		key: hasNeverRun(original) ? keyOf(original) : undefined,
		place: placeOf(original),
		submissionId: submissionIdOf(original) ?? undefined,
	};
}

/** What is submitted: the chosen requests as a new file, or without a choice the very same file. */
function retryPart(
	identity: Identity,
	inputFile: FileObject,
	selection: Selection | undefined,
	expiresAfter: number | undefined,
): Omit<SubmissionPart, 'settings'> {
	return {
		...identity,
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

/** As `selectForRetry`, with errors for the user. */
async function select(...args: Parameters<typeof selectForRetry>): Promise<Selection> {
	const [{ context, options }] = args;
	try {
		return await selectForRetry(...args);
	} catch (error) {
		const { itemIndex = 0 } = options;
		if (!(error instanceof UnreadableResultsError)) {
			throw asNodeError(context.getNode(), error, itemIndex);
		}
		throw unreadableResults(context.getNode(), error, itemIndex);
	}
}

const notRetried = ({ permanent, leftOut, running, nameless, ambiguousIds }: Selection) =>
	permanent + leftOut + running + nameless + ambiguousIds.length;

export const retry: Operation = {
	option: {
		name: 'Retry Unfinished',
		value: 'retry',
		action: 'Retry the unfinished requests of a batch',
		description:
			'Create a new batch from only the requests that failed for a transient reason, expired, were cancelled or never came back',
	},
	properties: showFor('batch', 'retry', retryProperties),
	execute: forEachItem(async (context, itemIndex, client) => {
		const options = context.getNodeParameter('options', itemIndex, {}) as RetryOptions;
		const batchId = idParameter(context, 'batchId', itemIndex);
		const users = userMetadata(context, itemIndex, RETRY_METADATA);
		const { inputExpiresAfter, outputExpiresAfter } = batchExpiries(context, options, itemIndex);
		const node = context.getNode();
		const { original, inputFile } = await findOriginal(client, node, batchId, itemIndex);
		const since = hasNeverRun(original) ? (original.created_at ?? undefined) : undefined;
		const submissions = new Submissions(client, context, { ...options, since });
		const choices: Omit<SelectionOptions, 'earlier'> = {
			include: new Set(options.include?.length ? options.include : REASONS),
			allFailed: options.retryAllFailed ?? false,
			unreadable: options.retryUnreadable ?? false,
		};
		const identity = identityOf(original, choices);
		// A batch that failed before any request ran is repeated as a whole, uncounted.
		const selection = hasNeverRun(original)
			? undefined
			: await select(client, original, inputFile, {
					...choices,
					earlier: await earlierRetries(
						client,
						original,
						submissions.keysOf([identity])[0],
						options,
					),
				});
		if (selection?.requests === 0) throw nothingToRetry(node, original, selection, itemIndex);
		const hints = selection ? [ambiguity(selection), namelessLines(selection)] : [];
		for (const hint of hints) if (hint) client.hint(hint);
		// Azure leaves the endpoint out of its batches, or spells it in a way that it does not take.
		const url = selection ? selection.url : await firstUrl(client, inputFile);
		const endpoint = url ?? original.endpoint;
		if (!endpoint) throw endpointUnknown(node, original, itemIndex);
		const settings = {
			endpoint,
			completionWindow: original.completion_window || '24h',
			metadata: metadataFor(context, original, users),
			outputExpiresAfter,
		};
		const part = retryPart(identity, inputFile, selection, inputExpiresAfter);
		const created = await submissions.create({ ...part, settings });
		const counts = REASONS.map((reason) => [`retried_${reason}`, selection?.counts[reason]]);
		return {
			json: createdItem(created, {
				retry_of: original.id,
				...(selection && { requests: selection.requests, ...Object.fromEntries(counts) }),
				not_retried: selection ? notRetried(selection) : 0,
			}),
		};
	}),
};
