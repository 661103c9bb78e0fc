import type { Readable } from 'node:stream';
import { request } from 'undici';

export interface Api {
	url: string;
	apiKey: string;
}

const BOUNDARY = '----bench-0123456789abcdef';

const part = (name: string, more = ''): string =>
	`--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`;

async function* form(
	content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
	purpose: string,
): AsyncGenerator<Uint8Array> {
	yield Buffer.from(`${part('purpose')}${purpose}\r\n${part('file', '; filename="bench.jsonl"')}`);
	yield* content;
	yield Buffer.from(`\r\n--${BOUNDARY}--\r\n`);
}

const authorization = ({ apiKey }: Api) => ({ authorization: `Bearer ${apiKey}` });

async function answer<T>(statusCode: number, body: { text: () => Promise<string> }): Promise<T> {
	const text = await body.text();
	if (statusCode !== 200) throw new Error(`${statusCode}: ${text}`);
	return JSON.parse(text) as T;
}

/** Uploads a file while its content is made. */
export async function upload(
	api: Api,
	content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
	purpose = 'batch',
): Promise<string> {
	const { statusCode, body } = await request(`${api.url}/files`, {
		method: 'POST',
		headers: {
			...authorization(api),
			'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
		},
		body: form(content, purpose) as never,
	});
	return (await answer<{ id: string }>(statusCode, body)).id;
}

export async function createBatch(api: Api, fileId: string, endpoint: string): Promise<string> {
	const { statusCode, body } = await request(`${api.url}/batches`, {
		method: 'POST',
		headers: { ...authorization(api), 'content-type': 'application/json' },
		body: JSON.stringify({ input_file_id: fileId, endpoint, completion_window: '24h' }),
	});
	return (await answer<{ id: string }>(statusCode, body)).id;
}

export async function download(api: Api, fileId: string): Promise<Readable> {
	const { statusCode, body } = await request(`${api.url}/files/${fileId}/content`, {
		headers: authorization(api),
	});
	if (statusCode !== 200) throw new Error(`${statusCode}: ${await body.text()}`);
	return body;
}
