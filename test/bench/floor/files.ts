import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileChunks } from '../node/fileChunks';
import { measure } from '../node/meter';
import type { Api } from './api';
import { download, upload } from './api';

async function withFolder<T>(use: (file: string) => Promise<T>): Promise<T> {
	const folder = await mkdtemp(join(tmpdir(), 'n8n-openai-batch-bench-floor-'));
	try {
		return await use(join(folder, 'bench.bin'));
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

/** Uploads a file from the disk, where n8n keeps its own. */
export const uploadFile = async ({ api, bytes }: { api: Api; bytes: number }) =>
	await withFolder(async (file) => {
		await pipeline(Readable.from(fileChunks(bytes)), createWriteStream(file));
		const end = await measure();
		const fileId = await upload(
			api,
			createReadStream(file, { highWaterMark: 256 * 1024 }),
			'user_data',
		);
		return { ...(await end()), fileId };
	});

/** Downloads a file to the disk. */
export const downloadFile = async ({ api, fileId }: { api: Api; fileId: string }) =>
	await withFolder(async (file) => {
		const end = await measure();
		const disk = createWriteStream(file);
		await pipeline(await download(api, fileId), disk);
		return { ...(await end()), binaryBytes: disk.bytesWritten };
	});
