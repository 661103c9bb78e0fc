import type { ResultStatus } from './resultItem';
import type { ResultSet } from './resultSet';
import type { Batch } from '../../../openai/api/objects';
import type { OpenAiClient } from '../../../openai/client';
import type { BatchResult, InputRequest } from '../results/batchFiles';
import { findInputFile, inputLines, readResults, requestIn } from '../results/batchFiles';

/** A batch and its retries, all of them finished. */
export interface Job {
	batch: Batch;
	/** Those that have results, oldest first. */
	retries: Batch[];
	/** Retries that failed validation, so that none of their requests ran. */
	failed: Batch[];
}

/** Which results are returned, over all batches. */
export interface Wanted {
	include: ReadonlySet<ResultStatus>;
	/** How many of those to skip, in the order of the result files. */
	offset: number;
	limit: number;
}

/** Chooses results one after another. */
export class Selection {
	private skipped = 0;
	private taken = 0;

	constructor(private readonly wanted: Wanted) {}

	includes(status: ResultStatus): boolean {
		return this.wanted.include.has(status);
	}

	/** Whether the next result with an included status is returned. */
	take(): boolean {
		if (this.skipped < this.wanted.offset) {
			this.skipped++;
			return false;
		}
		if (this.isFull) return false;
		this.taken++;
		return true;
	}

	/** Whether all wanted results are there, so that the rest need not be read. */
	get isFull(): boolean {
		return this.taken >= this.wanted.limit;
	}
}

/** A result, and the number under which it counts for its request; none when it does not count. */
export class Decided {
	constructor(
		readonly result: BatchResult,
		/** 0-based, among the results of its batch. */
		readonly place: number,
		readonly entry: number | undefined,
	) {}
}

/**
 * Reads the results of a batch and then those of its retries, and decides on each as it is taken. A
 * result that counts may be replaced later, unless there are no retries.
 *
 * @param countsAttempts whether to note in which of the retries each request was
 * @throws {NodeApiError | NodeOperationError} when a result file cannot be read to its end
 */
export async function* decide(
	client: OpenAiClient,
	{ batch, retries }: Pick<Job, 'batch' | 'retries'>,
	results: ResultSet,
	countsAttempts: boolean,
): AsyncGenerator<Iterable<Decided>> {
	for (const [index, one] of [batch, ...retries].entries()) {
		const counter = { place: 0, attempts: 0 };
		const counts = countsAttempts && index > 0;
		for await (const some of readResults(client, one)) {
			yield decideOn(some, index, results, counter, counts);
		}
		const total = one.request_counts?.total || Infinity;
		if (counts && counter.attempts < total) await noteUnanswered(client, one, index, results);
	}
}

function* decideOn(
	some: Iterable<BatchResult>,
	batch: number,
	results: ResultSet,
	counter: { place: number; attempts: number },
	countsAttempts: boolean,
): Generator<Decided> {
	for (const result of some) {
		const { customId, error, status } = result;
		if (countsAttempts && customId !== null) {
			counter.attempts += results.noteAttempt(batch, customId);
		}
		const place = counter.place++;
		const entry = results.add({ batch, place }, customId, status, error);
		yield new Decided(result, place, entry);
	}
}

/** Notes the requests of a retry, some of which have no result in it. */
async function noteUnanswered(
	client: OpenAiClient,
	retry: Batch,
	index: number,
	results: ResultSet,
): Promise<void> {
	for await (const requests of (await requestsOf(client, retry)) ?? []) {
		for (const { customId } of requests) results.noteAttempt(index, customId);
	}
}

/** The requests in the input file of a batch; undefined when the file is gone. */
export async function requestsOf(
	client: OpenAiClient,
	batch: Batch,
): Promise<AsyncGenerator<InputRequest[]> | undefined> {
	const file = await findInputFile(client, batch);
	return file && readRequests(client, file);
}

async function* readRequests(
	client: OpenAiClient,
	file: Parameters<typeof inputLines>[1],
): AsyncGenerator<InputRequest[]> {
	for await (const lines of inputLines(client, file)) {
		yield lines.flatMap((line) => requestIn(line) ?? []);
	}
}

/**
 * Whether every request of the batch has a result, by the total that the batch states. Where an id
 * comes twice, the results are as many although another request may have none.
 */
export function isWhole(batch: Batch, results: ResultSet): boolean {
	const total = batch.request_counts?.total;
	if (typeof total !== 'number' || total === 0) return false;
	return total === results.size && results.tally.repeatedIds.length === 0;
}
