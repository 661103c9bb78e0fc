import { setImmediate } from 'node:timers/promises';

import OpenAI, { toFile } from 'openai';

import { startEmulator, type Emulator, type EmulatorOptions } from '.';

/** An emulator with a clock that stands still, and the official SDK pointed at it. */
export async function startWithClient(options: EmulatorOptions = {}) {
	const emulator = await startEmulator({ clock: 'manual', ...options });
	const client = new OpenAI({ baseURL: emulator.url, apiKey: emulator.apiKey, maxRetries: 0 });
	return { emulator, client };
}

/** One line of an input file, for chat completions unless told otherwise. */
export function requestLine(
	customId: string,
	body: Record<string, unknown> = {},
	url = '/v1/chat/completions',
): string {
	const messages = [{ role: 'user', content: `Say hello to ${customId}` }];
	return JSON.stringify({
		custom_id: customId,
		method: 'POST',
		url,
		body: { model: 'gpt-6-luna', ...(url.endsWith('chat/completions') && { messages }), ...body },
	});
}

export async function upload(client: OpenAI, content: string, filename = 'requests.jsonl') {
	return client.files.create({
		file: await toFile(Buffer.from(content), filename),
		purpose: 'batch',
	});
}

/** Uploads the lines and creates a batch of them. */
export async function submit(
	client: OpenAI,
	lines: string[],
	options: Partial<OpenAI.BatchCreateParams> = {},
) {
	const file = await upload(client, `${lines.join('\n')}\n`);
	return client.batches.create({
		input_file_id: file.id,
		endpoint: '/v1/chat/completions',
		completion_window: '24h',
		...options,
	});
}

/** The parsed lines of a result file; none for null. */
export async function download(client: OpenAI, fileId: string | null | undefined) {
	if (typeof fileId !== 'string') return [];
	const text = await (await client.files.content(fileId)).text();
	return text
		.trimEnd()
		.split('\n')
		.map((line) => JSON.parse(line));
}

/** Runs one request to the end and returns the body of its answer. */
export async function answerTo(
	emulator: Emulator,
	client: OpenAI,
	url: string,
	body: Record<string, unknown>,
) {
	const { id } = await submit(client, [requestLine('only', body, url)], {
		endpoint: url as OpenAI.BatchCreateParams['endpoint'],
	});
	await emulator.step(id, 'completed');
	const { output_file_id: output, error_file_id: error } = emulator.batch(id);
	const [line] = await download(client, output ?? error);
	return line.response.body;
}

/** Waits for something that happens on the other side of a socket; gives up after two minutes. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
	const end = performance.now() + 120_000;
	while (!(await condition())) {
		if (performance.now() > end) throw new Error(`It never happened: ${condition}`);
		await setImmediate();
	}
}
