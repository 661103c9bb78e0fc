import { setTimeout as sleep } from 'node:timers/promises';
import type OpenAI from 'openai';
import { requestLine, upload } from '../emulator/client';

const FINISHED = new Set(['completed', 'failed', 'expired', 'cancelled']);

/** Waits until a batch is finished, and returns it. */
export async function finishedBatch(client: OpenAI, id: string): Promise<OpenAI.Batch> {
	for (;;) {
		const batch = await client.batches.retrieve(id);
		if (FINISHED.has(batch.status)) return batch;
		await sleep(200);
	}
}

/**
 * Creates a batch of chat requests as another program would, one for each prompt with the custom
 * ids `film-0`, `film-1` …, and waits until it is finished.
 */
export async function runBatch(
	client: OpenAI,
	fileName: string,
	prompts: string[],
	metadata: Record<string, string> = {},
): Promise<OpenAI.Batch> {
	const lines = prompts.map((content, index) =>
		requestLine(`film-${index}`, { messages: [{ role: 'user', content }] }),
	);
	const file = await upload(client, `${lines.join('\n')}\n`, fileName);
	const { id } = await client.batches.create({
		input_file_id: file.id,
		endpoint: '/v1/chat/completions',
		completion_window: '24h',
		metadata,
	});
	return await finishedBatch(client, id);
}
