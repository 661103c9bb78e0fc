import type { IDataObject } from 'n8n-workflow';
import { isObject, tryParseJson } from '../../../jsonl/json';
import type { OpenAiClient } from '../../../openai/http/client';
import type { Batch } from '../../../openai/api/types';
import { findInputFile, inputLines, resultLines } from '../results/batchFiles';
import type { ResultShape } from './resultItem';
import type { Entry, Wanted } from './resultSet';
import { ResultSet } from './resultSet';

export interface CollectOptions extends Wanted {
	includeRequest: boolean;
	shape: Omit<ResultShape, 'batchId' | 'endpoint'>;
	/** Finished batches that repeated some of the requests, oldest first. */
	retries: Batch[];
	/** Called for each result that is put out, as soon as it is read. */
	onResult?: (entry: Entry) => Promise<void>;
}

export interface Collected {
	results: ResultSet;
	/** What is put out, in order. */
	entries: ReturnType<ResultSet['included']>;
	/** False when the input file is gone, so that requests without a result could not be found. */
	missingKnown: boolean;
	/** Whether reading ended when the limit was reached: the counts are not those of the batch. */
	stoppedEarly: boolean;
}

/** Whether every request of the batch has a result, going by the batch's own total. */
function isWhole(batch: Batch, results: ResultSet): boolean {
	const total = batch.request_counts?.total;
	return typeof total === 'number' && total > 0 && total === results.size;
}

/** Reads the result files of one batch until everything wanted is there. */
async function readResults(
	client: OpenAiClient,
	batch: Batch,
	results: ResultSet,
	{ shape, onResult }: CollectOptions,
): Promise<void> {
	const full = { ...shape, endpoint: batch.endpoint, batchId: batch.id };
	if (results.isFull) return;
	for await (const lines of resultLines(client, batch)) {
		for (const { text } of lines) {
			const entry = results.addLine(text, full);
			if (entry && onResult) await onResult(entry);
			if (results.isFull) return;
		}
	}
}

/** Reads the input file: what is in it and has no result is missing. */
async function readRequests(
	client: OpenAiClient,
	batch: Batch,
	results: ResultSet,
	includeRequest: boolean,
): Promise<boolean> {
	const file = await findInputFile(client, batch);
	// Without the input file the results are still whole: only the requests cannot be joined.
	if (!file) return false;
	const canBeMissing = !isWhole(batch, results);
	let toJoin = includeRequest ? results.named : 0;
	const isEnough = () => toJoin === 0 && (!canBeMissing || results.isFull);
	if (isEnough()) return true;
	for await (const lines of inputLines(client, file)) {
		for (const { text } of lines) {
			const line = tryParseJson(text);
			if (!line.ok || !isObject(line.value)) continue;
			const { custom_id: id, body } = line.value;
			if (typeof id !== 'string') continue;
			if (!results.has(id) && !results.isFull) {
				results.addMissing(id, batch.id);
				if (includeRequest) results.addRequest(id, body as IDataObject);
			} else if (includeRequest && results.addRequest(id, body as IDataObject)) toJoin--;
			if (isEnough()) return true;
		}
	}
	return true;
}

/**
 * Reads the result files of a finished batch and of its retries, and its input file when requests
 * are to be joined or when the results are fewer than the batch's requests. With a limit, and
 * without retries, it reads no further than it has to.
 *
 * @throws {NodeApiError | NodeOperationError} when a result file cannot be read to its end; never
 * a part of it
 */
export async function collectResults(
	client: OpenAiClient,
	batch: Batch,
	options: CollectOptions,
): Promise<Collected> {
	const { include, includeRequest, limit, offset, retries } = options;
	// A retry may change the status of any result, and by that the places of all.
	const isFinal = retries.length === 0;
	const results = new ResultSet(
		isFinal ? { include, limit, offset } : { include, limit: Infinity, offset: 0 },
	);
	for (const one of [batch, ...retries]) await readResults(client, one, results, options);
	const areAllThere = isWhole(batch, results);
	const needsInput = includeRequest || (!areAllThere && !results.isFull);
	const missingKnown = !needsInput || (await readRequests(client, batch, results, includeRequest));
	const entries = results.included();
	return {
		results,
		entries: isFinal ? entries : entries.slice(offset, offset + limit),
		missingKnown,
		stoppedEarly: results.isFull && results.total < (batch.request_counts?.total ?? Infinity),
	};
}
