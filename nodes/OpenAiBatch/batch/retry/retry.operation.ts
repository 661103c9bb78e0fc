import type { IDataObject, IExecuteFunctions, INode } from 'n8n-workflow';
import { CREATED_FIELDS, createdItem } from '../batchItems';
import type { LineChecker } from './changedLines';
import { LineChange } from './changedLines';
import type { Reason } from './outcomes';
import { UNFINISHED, UnreadableResultsError, USELESS } from './outcomes';
import type { RetryOptions } from './retry.properties';
import { retryOptions, retryProperties } from './retry.properties';
import {
	ambiguity,
	assertRetryable,
	createdSoFar,
	endpointUnknown,
	inputFileGone,
	namelessLines,
	submittedAgain,
	unknownIdsHint,
	unreadableResults,
	cutOffHint,
} from './retryErrors';
import type { Identity } from './retryIdentity';
import { identify, isWhole, retriesOf } from './retryIdentity';
import type { Selection } from './retrySelection';
import { selectForRetry } from './retrySelection';
import type { Server } from '../../../endpoints/endpoint';
import { getBatch } from '../../../openai/api/batches';
import type { Batch, FileObject } from '../../../openai/api/objects';
import { statusOf, transientFailure } from '../../../openai/api/objects';
import type { OpenAiClient } from '../../../openai/client';
import {
	placeOf,
	ROWS_FILE_ID,
	SUBMISSION_METADATA,
	SUBMISSION_TOKENS,
	keyOf,
	RETRY_OF,
} from '../../../openai/submissions/submission';
import type { SubmissionPart } from '../../../openai/submissions/submissions';
import { Submissions } from '../../../openai/submissions/submissions';
import { MAX_METADATA_PAIRS, userMetadata } from '../../shared/batchOptions';
import { idParameter } from '../../shared/fields';
import type { OutputFields } from '../../shared/outputFields';
import { amount, amountOrNull, text } from '../../shared/outputFields';
import type { Operation } from '../../shared/operation';
import { asNodeError, forEachItem, showFor } from '../../shared/operation';
import { findInputFile, inputLines, requestIn } from '../results/batchFiles';
import { assertFinished, failedValidation, hasNeverRun } from '../results/readiness';
import { findTwin } from '../results/retryChain';

/** Makes what checks the lines that Body Fields change. */
export type CheckerFor = (options: { endpoint?: string; server: Server }) => LineChecker;

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
	const left = [
		...RETRY_METADATA,
		ROWS_FILE_ID,
		...(hasNeverRun(original) ? [] : [SUBMISSION_TOKENS]),
	];
	const rows = original.metadata?.[ROWS_FILE_ID];
	const carried = Object.entries(original.metadata ?? {}).filter(
		([key]) => !left.includes(key) && !Object.hasOwn(users, key),
	);
	const own = RETRY_METADATA.length - (placeOf(original) ? 0 : 1) + (rows ? 1 : 0);
	const room = MAX_METADATA_PAIRS - own - Object.keys(users).length;
	return {
		metadata: {
			...Object.fromEntries(carried.slice(0, room)),
			...users,
			...(rows && { [ROWS_FILE_ID]: rows }),
			[RETRY_OF]: original.id,
		},
		dropped: carried.slice(room).map(([key]) => key),
	};
}

/**
 * The batch to retry and its input file.
 *
 * @throws {NodeOperationError} when it is not finished, when its own requests are invalid or were
 * submitted again, or when they cannot be read any more
 */
async function findOriginal(
	client: OpenAiClient,
	node: INode,
	batchId: string,
	{ bodyFields, customIds, createWithoutSearch }: RetryOptions,
	itemIndex: number,
): Promise<{ original: Batch; inputFile: FileObject }> {
	const original = await getBatch(client, batchId);
	assertFinished(node, original, itemIndex);
	// The user may leave out what was wrong, or correct it.
	const isOther = bodyFields !== undefined || customIds !== undefined;
	if (hasNeverRun(original) && !transientFailure(original) && !isOther) {
		throw failedValidation(node, original, itemIndex);
	}
	if (statusOf(original) === 'cancelled' && !customIds && !createWithoutSearch) {
		const twin = await findTwin(client, original);
		if (twin) throw submittedAgain(node, original, twin, itemIndex);
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

const notRetried = ({
	permanent,
	leftOut,
	running,
	nameless,
	ambiguousIds,
	cutOffAgain,
}: Selection) => permanent + leftOut + running + nameless + ambiguousIds.length + cutOffAgain;

/** What the output says about the requests of one batch of a retry. */
function describe(
	selection: Selection,
	counts: Record<Reason, number>,
	{ include, customIds }: RetryOptions,
): IDataObject {
	if (customIds) return {};
	const useless = USELESS.filter((reason) => include.has(reason));
	const reasons = [...UNFINISHED, ...useless];
	return {
		...Object.fromEntries(reasons.map((reason) => [`retried_${reason}`, counts[reason]])),
		not_retried: notRetried(selection),
	};
}

interface Job {
	original: Batch;
	inputFile: FileObject;
	options: RetryOptions;
	itemIndex: number;
}

/** A batch to create, and what the output says about it. */
interface Wanted {
	part: Omit<SubmissionPart, 'settings'>;
	json: IDataObject;
}

/** The batches of a retry. */
interface Plan {
	/** Those that it has created before. */
	items: IDataObject[];
	wanted: Wanted[];
	url: string | null;
}

/** The chosen requests as batches, after those that this retry has created before. */
async function chosenParts(
	client: OpenAiClient,
	{ original, inputFile, options, itemIndex }: Job,
	{ identity, own, retries }: { identity: Identity; own: Map<Batch, number>; retries: Batch[] },
	checkerFor: CheckerFor,
): Promise<Plan> {
	const { bodyFields, inputExpiresAfter: expiresAfter } = options;
	const node = client.context.getNode();
	const provider = await client.provider();
	const server = provider === 'openai' ? 'openai' : 'compatible';
	const checker = bodyFields && checkerFor({ endpoint: original.endpoint ?? undefined, server });
	const selection = await select(client, original, inputFile, {
		...options,
		// Nothing of it has run, so nothing of it can be left out.
		include: hasNeverRun(original) ? new Set([...options.include, ...UNFINISHED]) : options.include,
		change: bodyFields && checker && new LineChange(bodyFields, checker, provider),
		earlier: retries,
		own,
	});
	assertRetryable(node, original, selection, itemIndex);
	const { pieces, adopted } = selection;
	const requests = pieces.reduce((sum, piece) => sum + piece.requests, 0);
	const hints = [
		ambiguity(selection),
		namelessLines(selection),
		unknownIdsHint(original, selection),
		cutOffHint(original, selection),
		...(checker?.hints(requests) ?? []),
	];
	for (const hint of hints) if (hint) client.hint(hint);
	// They were found in the list back to the original, which is further than a search for a key goes.
	const items = adopted.map(({ batch, counts, requests: count }) => ({
		...createdItem({ batch, key: keyOf(batch)!, adopted: true }),
		retry_of: original.id,
		requests: count ?? null,
		...describe(selection, counts, options),
	}));
	const next = Math.max(-1, ...own.values()) + 1;
	const fresh = pieces.map(({ requests: count, bytes, counts, open }, index): Wanted => {
		const fileName = (key: string) => fileNameFor(inputFile, key);
		return {
			part: {
				...identity.part(next + index),
				input: { fileName, bytes, open, expiresAfter },
			},
			json: { requests: count, ...describe(selection, counts, options) },
		};
	});
	return { items, wanted: fresh, url: selection.url };
}

/** A batch that failed before any request ran, and that is repeated as a whole, from the same file. */
async function samePart(
	client: OpenAiClient,
	{ inputFile }: Job,
	identity: Identity,
): Promise<Plan> {
	const input = { fileId: inputFile.id };
	const wanted: Wanted[] = [{ part: { ...identity.part(0), input }, json: { not_retried: 0 } }];
	return { items: [], wanted, url: await firstUrl(client, inputFile) };
}

const { id, status, ...ofBatch } = CREATED_FIELDS;

/** The fields of a batch of a retry. With Custom IDs, it does not say why requests are retried. */
const RETRY_FIELDS: OutputFields = {
	id,
	status,
	retry_of: text,
	requests: amountOrNull,
	...Object.fromEntries([...UNFINISHED, ...USELESS].map((reason) => [`retried_${reason}`, amount])),
	not_retried: amount,
	...ofBatch,
};

/** @param checkerFor gives the check of a submission, for lines that Body Fields change */
export const retryWith = (checkerFor: CheckerFor): Operation => ({
	option: {
		name: 'Retry Unfinished',
		value: 'retry',
		action: 'Retry the unfinished requests of a batch',
		description:
			'Create a new batch of the requests that failed for a transient reason, expired, were cancelled or have no result. With options, also of requests whose answers are of no use, or of exactly the requests that you name.',
	},
	properties: showFor('batch', 'retry', retryProperties),
	output: RETRY_FIELDS,
	execute: forEachItem(async (context, itemIndex, client) => {
		const options = retryOptions(context, itemIndex);
		const { outputExpiresAfter } = options;
		const batchId = idParameter(context, 'batchId', itemIndex);
		const users = userMetadata(context, itemIndex, RETRY_METADATA);
		const node = context.getNode();
		const found = await findOriginal(client, node, batchId, options, itemIndex);
		const { original } = found;
		if (original.metadata?.[ROWS_FILE_ID]) {
			userMetadata(context, itemIndex, [...RETRY_METADATA, ROWS_FILE_ID]);
		}
		const isSame = isWhole(original, options);
		const since = isSame ? (original.created_at ?? undefined) : undefined;
		const submissions = new Submissions(client, context, { ...options, since });
		const retries = await retriesOf(client, original, options);
		const { identity, own } = identify(context, submissions, { original, retries, options });
		const job: Job = { ...found, options, itemIndex };
		const { items, wanted, url } =
			isSame && retries.every((retry) => own.has(retry))
				? await samePart(client, job, identity)
				: await chosenParts(client, job, { identity, own, retries }, checkerFor);
		// Azure leaves the endpoint out of its batches, or spells it in a way that it does not take.
		const endpoint = url ?? original.endpoint;
		if (!endpoint) throw endpointUnknown(node, original, itemIndex);
		const settings = {
			endpoint,
			completionWindow: original.completion_window || '24h',
			metadata: metadataFor(context, original, users),
			outputExpiresAfter,
		};
		const parts = wanted.map(({ part }) => ({ ...part, settings }));
		const { created, failure } = await submissions.createAll(parts);
		if (failure) throw createdSoFar(node, failure, created, itemIndex);
		const fresh = created.map((one, index) =>
			createdItem(one!, { retry_of: original.id, ...wanted[index].json }),
		);
		return [...items, ...fresh].map((json) => ({ json }));
	}),
});
