import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import type { AnswerCounts } from './answerFaults';
import { AnswerCounter } from './answerFaults';
import type { Job, Selection } from './decide';
import { decide, isWhole, requestsOf } from './decide';
import type { StoredRows } from './keptRows';
import type { ItemShape, ResultItem } from './resultItem';
import { missingItem, moveMedia, resultItem } from './resultItem';
import type { Tally } from './resultSet';
import { ResultSet } from './resultSet';
import type { OpenAiClient } from '../../../openai/client';
import { hasNeverRun } from '../results/readiness';

export interface CollectOptions extends ItemShape {
	includeRequest: boolean;
	mediaAsBinary: boolean;
	/** Whether each item says how many batches had its request. */
	withAttempts: boolean;
	/** With rows: whether the items come in their order, and those without a row last. */
	inputOrder: boolean;
}

export interface Collected {
	tally: Tally;
	/** How many of the returned results are answers, and how many of those are of no use. */
	answers: AnswerCounts;
	/** What is returned, in order. */
	items: ResultItem[];
	/** False when the input file is gone, so that requests without a result could not be found. */
	missingKnown: boolean;
	/** Whether reading ended when the limit was reached: the counts are not those of the batch. */
	stoppedEarly: boolean;
}

/** The items of results with wanted statuses, by the numbers of the results, in order. */
type Items = Map<number, ResultItem | undefined>;

/**
 * Collects the items of a finished batch and of its retries. Reads their result files, and the
 * batch's input file when requests are to be joined or when the results are fewer than the batch's
 * requests. With a limit, and without retries, it reads no further than it has to.
 *
 * @param rows the rows to join; undefined without any
 * @throws {NodeApiError | NodeOperationError} when a file cannot be read to its end; it never
 * returns a part of the results
 */
export async function collectResults(
	context: IExecuteFunctions,
	client: OpenAiClient,
	job: Job,
	selection: Selection,
	options: CollectOptions & { rows: StoredRows | undefined },
): Promise<Collected> {
	const { batch, retries } = job;
	const results = new ResultSet();
	// A retry can change the status of any result, and so what Offset and Limit count.
	const isFinal = retries.length === 0;
	const isOver = () => isFinal && selection.isFull;
	let items: Items = new Map();
	const isWanted = (status: Parameters<Selection['includes']>[0]) =>
		selection.includes(status) && (!isFinal || selection.take());
	reading: for await (const some of decide(client, job, results, options.withAttempts)) {
		for (const { result, entry } of some) {
			if (entry !== undefined && isWanted(result.status)) {
				const item = resultItem(result, options);
				if (options.mediaAsBinary) await moveMedia(context, item);
				items.set(entry, item);
			} else if (entry !== undefined && items.has(entry)) {
				// A retry of it may have another status, and takes its place.
				items.set(entry, undefined);
			}
			if (isOver()) break reading;
		}
	}
	const areAllThere = isWhole(batch, results);
	let missingKnown = true;
	if (options.includeRequest || (!areAllThere && !isOver())) {
		missingKnown = await collectRequests(client, job, results, items, {
			includeRequest: options.includeRequest,
			isWanted,
			isOver,
		});
	}
	if (!isFinal) {
		items = new Map([...items].filter(([, item]) => item !== undefined && selection.take()));
	}
	if (options.withAttempts) {
		// Every request of a retry is one of the original.
		const first = hasNeverRun(batch) ? 0 : 1;
		for (const [entry, item] of items) item!.json.attempts = first + results.attemptsOf(entry);
	}
	if (options.rows) {
		items = await joinRows(results, items, options.rows, options.inputOrder);
	}
	const total = batch.request_counts?.total ?? Infinity;
	const returned = [...items.values()].filter((item): item is ResultItem => item !== undefined);
	const answers = new AnswerCounter();
	for (const { json, fault } of returned) answers.add(json.status, fault);
	return {
		tally: results.tally,
		answers: answers.counts,
		items: returned,
		missingKnown,
		stoppedEarly: isOver() && results.tally.total < total,
	};
}

interface RequestUse {
	includeRequest: boolean;
	isWanted: (status: 'missing') => boolean;
	isOver: () => boolean;
}

/**
 * Reads the input file: a request in it that has no result is missing. Also joins the requests to
 * their results if that is wanted.
 *
 * @returns false when the input file is gone. The results are still complete then.
 */
async function collectRequests(
	client: OpenAiClient,
	{ batch, retries }: Job,
	results: ResultSet,
	items: Items,
	{ includeRequest, isWanted, isOver }: RequestUse,
): Promise<boolean> {
	const requests = await requestsOf(client, batch);
	if (!requests) return false;
	const canBeMissing = !isWhole(batch, results);
	let toJoin = includeRequest
		? [...items.values()].filter((item) => (item?.json.custom_id ?? null) !== null).length
		: 0;
	const isEnough = () => toJoin === 0 && (!canBeMissing || isOver());
	if (isEnough()) return true;
	const missing = { batch: retries.length + 1, place: 0 };
	for await (const some of requests) {
		for (const { customId, body } of some) {
			const known = results.find(customId);
			if (includeRequest && known.some((entry) => join(items.get(entry)?.json, body))) toJoin--;
			if (canBeMissing && known.length === 0 && !isOver()) {
				const entry = results.add(missing, customId, 'missing', null)!;
				if (isWanted('missing')) {
					const item = missingItem(customId, batch.id);
					if (includeRequest) join(item.json, body);
					items.set(entry, item);
				}
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

/**
 * Adds the kept rows to the items, reading no further than needed.
 *
 * @returns the items in the order in which they came, or in that of the rows
 */
async function joinRows(
	results: ResultSet,
	items: Items,
	stored: StoredRows,
	inputOrder: boolean,
): Promise<Items> {
	const ordered: Items = new Map();
	let toJoin = [...items.values()].filter((item) => (item?.json.custom_id ?? null) !== null).length;
	for await (const rows of toJoin > 0 ? stored.read((row) => row) : []) {
		for (const { customId, row } of rows) {
			for (const entry of results.find(customId)) {
				const item = items.get(entry);
				if (!item || item.json.row !== undefined) continue;
				item.json.row = row as IDataObject;
				ordered.set(entry, item);
				toJoin--;
			}
		}
		if (toJoin === 0) break;
	}
	stored.lacking = toJoin;
	return inputOrder ? new Map([...ordered, ...items]) : items;
}
