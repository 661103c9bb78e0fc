import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import type { ItemShape } from './resultItem';
import { missingItem, moveMedia, resultItem } from './resultItem';
import type { Wanted } from './resultSet';
import { ResultSet } from './resultSet';
import type { Batch } from '../../../openai/api/objects';
import type { OpenAiClient } from '../../../openai/client';
import { findInputFile, inputLines, readResults, requestIn } from '../results/batchFiles';
import { hasNeverRun } from '../results/readiness';

export interface CollectOptions extends Wanted, ItemShape {
	includeRequest: boolean;
	mediaAsBinary: boolean;
	/** Whether each item says how many batches had its request. */
	withAttempts: boolean;
	/** Finished batches that repeated some of the requests, oldest first. */
	retries: Batch[];
}

export interface Collected {
	results: ResultSet;
	/** What is returned, in order. */
	entries: ResultSet['included'];
	/** False when the input file is gone, so that requests without a result could not be found. */
	missingKnown: boolean;
	/** Whether reading ended when the limit was reached: the counts are not those of the batch. */
	stoppedEarly: boolean;
}

/**
 * Collects the items of a finished batch and of its retries. Reads their result files, and the
 * batch's input file when requests are to be joined or when the results are fewer than the batch's
 * requests. With a limit, and without retries, it reads no further than it has to.
 *
 * @throws {NodeApiError | NodeOperationError} when a result file cannot be read to its end; it
 * never returns a part of the results
 */
export async function collectResults(
	context: IExecuteFunctions,
	client: OpenAiClient,
	batch: Batch,
	options: CollectOptions,
): Promise<Collected> {
	const { include, includeRequest, limit, offset, retries } = options;
	// A retry can change the status of any result, and so the places of all.
	const isFinal = retries.length === 0;
	const results = new ResultSet(
		isFinal ? { include, limit, offset } : { include, limit: Infinity, offset: 0 },
	);
	await collectFrom(context, client, batch, results, options);
	for (const retry of retries) {
		await collectFrom(context, client, retry, results, options, options.withAttempts);
	}
	const areAllThere = isWhole(batch, results);
	const needsInput = includeRequest || (!areAllThere && !results.isFull);
	const missingKnown =
		!needsInput || (await collectRequests(client, batch, results, includeRequest));
	const entries = results.included;
	if (options.withAttempts) {
		// Every request of a retry is one of the original.
		const first = hasNeverRun(batch) ? 0 : 1;
		for (const { customId, item } of entries) {
			item.json.attempts = first + results.attemptsOf(customId);
		}
	}
	return {
		results,
		entries: isFinal ? entries : entries.slice(offset, offset + limit),
		missingKnown,
		stoppedEarly: results.isFull && results.total < (batch.request_counts?.total ?? Infinity),
	};
}

/** Reads the result files of one batch until all wanted results are there. */
async function collectFrom(
	context: IExecuteFunctions,
	client: OpenAiClient,
	batch: Batch,
	results: ResultSet,
	options: CollectOptions,
	countsAttempts = false,
): Promise<void> {
	if (results.isFull) return;
	let attempts = 0;
	for await (const some of readResults(client, batch)) {
		for (const result of some) {
			const place = { batchId: batch.id, customId: result.customId };
			if (countsAttempts && result.customId !== null) {
				attempts += results.noteAttempt(batch.id, result.customId);
			}
			const entry = results.add(place, result.status, result.error);
			if (entry) {
				entry.item = resultItem(result, options);
				if (options.mediaAsBinary) await moveMedia(context, entry.item);
			}
			if (results.isFull) return;
		}
	}
	const total = batch.request_counts?.total ?? Infinity;
	if (countsAttempts && attempts < (total || Infinity)) {
		await noteUnanswered(client, batch, results);
	}
}

/** Notes the requests of a retry, some of which have no result in it. */
async function noteUnanswered(
	client: OpenAiClient,
	retry: Batch,
	results: ResultSet,
): Promise<void> {
	const file = await findInputFile(client, retry);
	if (!file) return;
	for await (const lines of inputLines(client, file)) {
		for (const line of lines) {
			const request = requestIn(line);
			if (request) results.noteAttempt(retry.id, request.customId);
		}
	}
}

/** Whether every request of the batch has a result, by the total that the batch states. */
function isWhole(batch: Batch, results: ResultSet): boolean {
	const total = batch.request_counts?.total;
	return typeof total === 'number' && total > 0 && total === results.size;
}

/**
 * Reads the input file: a request in it that has no result is missing. Also joins the requests to
 * their results if that is wanted.
 *
 * @returns false when the input file is gone. The results are still complete then.
 */
async function collectRequests(
	client: OpenAiClient,
	batch: Batch,
	results: ResultSet,
	includeRequest: boolean,
): Promise<boolean> {
	const file = await findInputFile(client, batch);
	if (!file) return false;
	const canBeMissing = !isWhole(batch, results);
	let toJoin = includeRequest
		? results.included.filter(({ customId }) => customId !== null).length
		: 0;
	const isEnough = () => toJoin === 0 && (!canBeMissing || results.isFull);
	if (isEnough()) return true;
	for await (const lines of inputLines(client, file)) {
		for (const line of lines) {
			const request = requestIn(line);
			if (!request) continue;
			const { customId } = request;
			const known = results.find(customId);
			if (includeRequest && known.some(({ item }) => join(item?.json, request.body))) toJoin--;
			if (known.length === 0 && !results.isFull) {
				const entry = results.add({ batchId: batch.id, customId }, 'missing', null);
				if (entry) entry.item = missingItem(customId, batch.id);
				if (includeRequest) join(entry?.item?.json, request.body);
			}
			if (isEnough()) return true;
		}
	}
	return true;
}

/** Adds the original request to a result. @returns whether it was not there before */
function join(json: IDataObject | undefined, body: unknown): boolean {
	if (!json || json.request !== undefined) return false;
	json.request = body as IDataObject;
	return true;
}
