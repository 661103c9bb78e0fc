import type { NodeApiError } from 'n8n-workflow';
import type { Batch, ListPage, PageStart } from './objects';
import { pages, readPage } from './objects';
import { readBatch } from './readBatch';
import type { Fault, OpenAiClient, Result } from '../client';

/** The most batches that the API lists at once. */
export const BATCH_PAGE_SIZE = 100;

/** The body of `POST /batches`. What is undefined is left out, for servers that know fewer fields. */
export interface CreateBatchBody {
	input_file_id: string;
	endpoint: string;
	completion_window: string;
	metadata?: Record<string, string>;
	output_expires_after?: { anchor: 'created_at'; seconds: number };
}

/** What a batch is created with, apart from its file. */
export interface BatchSettings {
	endpoint: string;
	completionWindow: string;
	/** The pairs of the user and of the operation; those of the submission are added. */
	metadata: Record<string, string>;
	/** Seconds. */
	outputExpiresAfter: number | undefined;
}

/** One batch, or the fault with which it could not be read. */
export async function tryGetBatch(client: OpenAiClient, batchId: string): Promise<Result<Batch>> {
	return await client.tryJson({
		method: 'GET',
		path: ['batches', batchId],
		shape: readBatch,
	});
}

/** One batch. @throws {NodeApiError} 404 when there is none with this id */
export async function getBatch(client: OpenAiClient, batchId: string): Promise<Batch> {
	const result = await tryGetBatch(client, batchId);
	if (result.ok) return result.value;
	throw client.error(result.fault);
}

/** One batch, undefined when there is none with this id. @throws {NodeApiError} for other faults */
export async function findBatch(client: OpenAiClient, batchId: string): Promise<Batch | undefined> {
	const result = await tryGetBatch(client, batchId);
	if (result.ok) return result.value;
	if (result.fault.status === 404) return undefined;
	throw client.error(result.fault);
}

/** How servers answer that do not have what was asked for. */
const NOT_OFFERED: readonly number[] = [404, 405, 501];

/** Whether a fault of the first page of the list means that the server has no list of batches. */
export function hasNoList({ status }: Fault): boolean {
	return NOT_OFFERED.includes(status ?? 0);
}

/** One page of batches, newest first, or the fault with which it could not be read. */
export async function tryListBatchPage(
	client: OpenAiClient,
	{ after, cursor, limit }: PageStart & { limit?: number } = {},
): Promise<Result<ListPage<Batch>>> {
	return await client.tryJson({
		method: 'GET',
		path: ['batches'],
		query: { after, cursor, limit },
		shape: (body) => readPage(body, readBatch),
	});
}

/**
 * One page of batches, newest first. The API has no filters.
 *
 * @throws {NodeApiError} also when the server has no list of batches, which it says
 */
export async function listBatchPage(
	client: OpenAiClient,
	page: PageStart & { limit?: number } = {},
): Promise<ListPage<Batch>> {
	const result = await tryListBatchPage(client, page);
	if (result.ok) return result.value;
	const isFirst = page.after === undefined && page.cursor === undefined;
	if (!isFirst || !hasNoList(result.fault)) throw client.error(result.fault);
	const error = client.error(result.fault, NO_LIST);
	error.context[WITHOUT_LIST_MARK] = true;
	throw error;
}

const WITHOUT_LIST_MARK = 'server_has_no_list';

/** Whether an error says that the server has no list of batches. */
export function isWithoutList(error: unknown): boolean {
	return (error as Partial<NodeApiError>).context?.[WITHOUT_LIST_MARK] === true;
}

export const NO_LIST = 'The server has no list of batches at this Base URL';

/** All batches, newest first, page by page as they are read. */
export async function* listBatches(
	client: OpenAiClient,
	pageSize = BATCH_PAGE_SIZE,
): AsyncGenerator<Batch> {
	const fetchPage = async (start: PageStart, limit: number) =>
		await listBatchPage(client, { ...start, limit });
	for await (const page of newestFirst(pages(fetchPage, pageSize))) yield* page;
}

/**
 * The pages of a list of batches, newest first. A list in another order, as a few servers send it
 * with the oldest batch or the last change on top, is read to its end before anything of it comes.
 */
export async function* newestFirst(list: AsyncIterable<Batch[]>): AsyncGenerator<Batch[]> {
	const read: Batch[] = [];
	for await (const page of list) {
		if (read.length > 0 || !isNewestFirst(page)) read.push(...page);
		else yield page;
	}
	// Of the same second, what a list with the oldest batch on top has last is the newest.
	read.reverse().sort((a, b) => (b.created_at ?? 0) - (a.created_at ?? 0));
	if (read.length > 0) yield read;
}

/** So many seconds a batch may be older than the next one in a list that has the newest on top. */
const MOST_DISORDER_SECONDS = 60;

function isNewestFirst(page: readonly Batch[]): boolean {
	const times = page.map(({ created_at: at }) => at).filter((at) => typeof at === 'number');
	if (times.length > 1 && times[0] < times[times.length - 1]) return false;
	return times.every((at, index) => index === 0 || at <= times[index - 1] + MOST_DISORDER_SECONDS);
}

/**
 * Asks for the cancellation of a batch; its finished part is kept.
 *
 * @throws {NodeApiError} 409 when it is completed, failed or expired; also when the server has no
 * cancellation, which it says
 */
export async function cancelBatch(client: OpenAiClient, batchId: string): Promise<Batch> {
	const result = await client.tryJson({
		method: 'POST',
		path: ['batches', batchId, 'cancel'],
		shape: readBatch,
		finalStatuses: [409],
	});
	if (result.ok) return result.value;
	const { fault } = result;
	if (!NOT_OFFERED.includes(fault.status ?? 0)) throw client.error(fault);
	// A server answers in the same way when it does not know the id.
	const isKnown = (await tryGetBatch(client, batchId)).ok;
	if (!isKnown) throw client.error(fault);
	throw client.error({ ...fault, status: undefined }, 'The server cannot cancel batches');
}

/**
 * Sends one create. It is repeated only when the server certainly did nothing; after any other
 * fault the batch may exist, which `Submissions` finds out.
 */
export async function tryCreateBatch(
	client: OpenAiClient,
	body: CreateBatchBody,
): Promise<Result<Batch>> {
	return await client.tryJson({
		method: 'POST',
		path: ['batches'],
		json: body,
		shape: readBatch,
		once: true,
	});
}
