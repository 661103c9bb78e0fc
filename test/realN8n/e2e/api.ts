import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch } from '../../../nodes/openai/api/types';
import type { World } from './world';

type Api = Pick<World, 'apiUrl' | 'apiKey'>;

const FINISHED = new Set(['completed', 'failed', 'expired', 'cancelled']);

async function call<T>({ apiUrl, apiKey }: Api, path: string, body?: FormData | object) {
	const isForm = body instanceof FormData;
	const response = await fetch(apiUrl + path, {
		method: body ? 'POST' : 'GET',
		headers: {
			authorization: `Bearer ${apiKey}`,
			...(body && !isForm && { 'content-type': 'application/json' }),
		},
		body: isForm ? body : body && JSON.stringify(body),
	});
	if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
	return (await response.json()) as T;
}

/** Creates a batch of chat requests, one for each prompt, as another program would. */
async function createBatch(
	api: Api,
	fileName: string,
	prompts: string[],
	metadata: Record<string, string>,
): Promise<Batch> {
	const lines = prompts.map((content, index) => ({
		custom_id: `film-${index}`,
		method: 'POST',
		url: '/v1/chat/completions',
		body: { model: 'gpt-6-luna', messages: [{ role: 'user', content }] },
	}));
	const form = new FormData();
	form.set('purpose', 'batch');
	form.set('file', new Blob([lines.map((line) => JSON.stringify(line)).join('\n')]), fileName);
	const { id } = await call<{ id: string }>(api, '/files', form);
	return await call<Batch>(api, '/batches', {
		input_file_id: id,
		endpoint: '/v1/chat/completions',
		completion_window: '24h',
		metadata,
	});
}

/** The batch, once it is finished. */
export async function finishedBatch(api: Api, id: string): Promise<Batch> {
	for (;;) {
		const batch = await call<Batch>(api, `/batches/${id}`);
		if (FINISHED.has(batch.status)) return batch;
		await sleep(200);
	}
}

/** Creates such a batch and waits until it is finished. */
export async function runBatch(
	api: Api,
	fileName: string,
	prompts: string[],
	metadata: Record<string, string> = {},
): Promise<Batch> {
	const { id } = await createBatch(api, fileName, prompts, metadata);
	return await finishedBatch(api, id);
}
