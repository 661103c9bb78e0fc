import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imageChunks } from '../node/fileChunks';
import { measure } from '../node/meter';
import { DATA_URL, ENDPOINT, idOf, imageBody, requestFor, type Size } from '../node/rows';
import type { Api } from './api';
import { createBatch, upload } from './api';

async function* content(files: string[]): AsyncGenerator<Uint8Array> {
	for (const [index, file] of files.entries()) {
		const url = DATA_URL + (await readFile(file, 'base64'));
		yield Buffer.from(`${JSON.stringify(requestFor(idOf(index), imageBody(url)))}\n`);
	}
}

/** Sends images, which are on the disk as n8n keeps its own, as a batch, one image at a time. */
export async function submitImages({ api, size }: { api: Api; size: Size }) {
	const folder = await mkdtemp(join(tmpdir(), 'n8n-openai-batch-bench-images-'));
	try {
		const files = Array.from({ length: size.rows }, (_, index) => join(folder, `${index}.png`));
		for (const file of files) await writeFile(file, imageChunks(size.bytes));
		const end = await measure();
		const fileId = await upload(api, content(files));
		const batchId = await createBatch(api, fileId, ENDPOINT);
		return { ...(await end()), batchId };
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}
