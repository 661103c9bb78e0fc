import type { OpenAiClient } from '../http/client';
import type { Result } from '../http/fault';
import { paginate } from './pages';
import type { Batch, ListPage } from './types';
import { apiPath } from '../http/url';

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

/** One batch, or the fault with which it could not be read. */
export async function tryGetBatch(client: OpenAiClient, batchId: string): Promise<Result<Batch>> {
	return await client.tryJson<Batch>({
		method: 'GET',
		path: apiPath('batches', batchId),
		needs: 'id',
	});
}

/** One batch. @throws {NodeApiError} 404 when there is none with this id */
export async function getBatch(client: OpenAiClient, batchId: string): Promise<Batch> {
	const result = await tryGetBatch(client, batchId);
	if (result.ok) return result.value;
	throw client.error(result.fault);
}

/** One batch; undefined when there is none with this id. @throws {NodeApiError} for other faults */
export async function findBatch(client: OpenAiClient, batchId: string): Promise<Batch | undefined> {
	const result = await tryGetBatch(client, batchId);
	if (result.ok) return result.value;
	if (result.fault.status === 404) return undefined;
	throw client.error(result.fault);
}

/** One page of batches, newest first. The API has no filters. @param limit 1–100 */
export async function listBatchPage(
	client: OpenAiClient,
	{ after, limit }: { after?: string; limit?: number } = {},
): Promise<ListPage<Batch>> {
	return await client.json<ListPage<Batch>>({
		method: 'GET',
		path: apiPath('batches'),
		query: { after, limit },
		needs: 'data',
	});
}

/** All batches, newest first, page by page as they are read. */
export function listBatches(
	client: OpenAiClient,
	pageSize = BATCH_PAGE_SIZE,
): AsyncGenerator<Batch> {
	return paginate((after, limit) => listBatchPage(client, { after, limit }), pageSize);
}

/**
 * Asks for the cancellation of a batch; its finished part is kept.
 *
 * @throws {NodeApiError} 409 when it is completed, failed or expired
 */
export async function cancelBatch(client: OpenAiClient, batchId: string): Promise<Batch> {
	return await client.json<Batch>({
		method: 'POST',
		path: apiPath('batches', batchId, 'cancel'),
		needs: 'id',
		finalStatuses: [409],
	});
}

/**
 * Sends one create. It is repeated only when the server certainly did nothing; after any other
 * fault the batch may exist, which `createSafely` finds out.
 */
export async function tryCreateBatch(
	client: OpenAiClient,
	body: CreateBatchBody,
): Promise<Result<Batch>> {
	return await client.tryJson<Batch>({
		method: 'POST',
		path: apiPath('batches'),
		json: body,
		needs: 'id',
		once: true,
	});
}
