import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { imageChunks } from '../node/fileChunks';
import { measure } from '../node/meter';
import { ENDPOINT, idOf, imageBody, requestFor, type Size } from '../node/rows';
import type { Api } from './api';
import { createBatch, upload } from './api';

async function* content(folder: string, { rows }: Size): AsyncGenerator<Uint8Array> {
	for (let index = 0; index < rows; index++) {
		const base64 = await readFile(join(folder, idOf(index)), 'base64');
		yield Buffer.from(`${JSON.stringify(requestFor(idOf(index), imageBody(base64)))}\n`);
	}
}

/** Sends images from the disk, where n8n keeps its own, as a batch. */
export async function submitImages({ api, size }: { api: Api; size: Size }) {
	const folder = await mkdtemp(join(tmpdir(), 'n8n-openai-batch-bench-images-'));
	try {
		for (let index = 0; index < size.rows; index++) {
			const image = Readable.from(imageChunks(index, size.bytes));
			await pipeline(image, createWriteStream(join(folder, idOf(index))));
		}
		const end = await measure();
		const fileId = await upload(api, content(folder, size));
		const batchId = await createBatch(api, fileId, ENDPOINT);
		return { ...(await end()), batchId };
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}
