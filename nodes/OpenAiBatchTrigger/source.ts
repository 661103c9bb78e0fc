import type { JsonObject } from 'n8n-workflow';
import { NodeApiError } from 'n8n-workflow';
import { getBatch, listBatchPage } from '../openai/api/batches';
import type { OpenAiClient } from '../openai/http/client';
import { PAGE_SIZE } from './limits';
import type { BatchSource } from './poll';

/** Turns the answer that the server does not know an id, one of these statuses, into undefined. */
async function orUnknown<T>(
	client: OpenAiClient,
	request: Promise<T>,
	statuses: readonly string[],
): Promise<T | undefined> {
	try {
		return await request;
	} catch (error) {
		if (statuses.includes(String((error as Partial<NodeApiError>).httpCode))) return undefined;
		// The same error, with what it tells n8n about when to poll again.
		throw new NodeApiError(client.context.getNode(), error as JsonObject);
	}
}

/** The batches of a real server. @throws {NodeApiError} after the client's own retries */
export function batchSource(client: OpenAiClient): BatchSource {
	return {
		async page(after) {
			const request = listBatchPage(client, { after, limit: PAGE_SIZE });
			// Servers differ in how they refuse to list after a batch that was deleted.
			return await orUnknown(client, request, after === undefined ? [] : ['400', '404']);
		},
		batch: async (id) => await orUnknown(client, getBatch(client, id), ['404']),
	};
}
