import type { OpenAiClient } from './client';
import type { Result } from './fault';
import type { UploadSource } from './multipart';
import { paginate } from './paginate';
import type { DeletedFile, FileObject, ListPage } from './types';
import { apiPath } from './url';

/** The API lists up to 10,000 files at once; smaller pages keep answers quick. */
export const FILE_PAGE_SIZE = 1000;

/** The largest file that the API stores, in bytes. */
export const MAX_FILE_BYTES = 512 * 1024 * 1024;

export interface FileUpload {
	source: UploadSource;
	purpose: string;
	/** Seconds after its creation at which the service deletes the file. */
	expiresAfterSeconds?: number;
	/** Not repeated after a fault in which the server may have stored the file. */
	once?: boolean;
}

/** One file's description. @throws {NodeApiError} 404 when there is none with this id */
export async function getFile(client: OpenAiClient, fileId: string): Promise<FileObject> {
	return await client.json<FileObject>({ method: 'GET', path: apiPath('files', fileId) });
}

/** One file's description, undefined when it is gone. @throws {NodeApiError} for other faults */
export async function findFile(
	client: OpenAiClient,
	fileId: string,
): Promise<FileObject | undefined> {
	const result = await client.tryJson<FileObject>({
		method: 'GET',
		path: apiPath('files', fileId),
	});
	if (result.ok) return result.value;
	if (result.fault.status === 404) return undefined;
	throw client.error(result.fault);
}

/** One page of files, newest first. */
export async function listFilePage(
	client: OpenAiClient,
	{ after, limit, purpose }: { after?: string; limit?: number; purpose?: string } = {},
): Promise<ListPage<FileObject>> {
	return await client.json<ListPage<FileObject>>({
		method: 'GET',
		path: apiPath('files'),
		query: { after, limit, purpose, order: 'desc' },
	});
}

/** All files, newest first, page by page as they are read. */
export function listFiles(
	client: OpenAiClient,
	{ purpose, pageSize = FILE_PAGE_SIZE }: { purpose?: string; pageSize?: number } = {},
): AsyncGenerator<FileObject> {
	return paginate((after, limit) => listFilePage(client, { after, limit, purpose }), pageSize);
}

/** Deletes a file. @throws {NodeApiError} 404 when it is gone already */
export async function deleteFile(client: OpenAiClient, fileId: string): Promise<DeletedFile> {
	return await client.json<DeletedFile>({ method: 'DELETE', path: apiPath('files', fileId) });
}

/** Uploads a file, streamed. */
export async function tryUploadFile(
	client: OpenAiClient,
	{ source, purpose, expiresAfterSeconds, once }: FileUpload,
): Promise<Result<FileObject>> {
	const fields: Array<[string, string]> = [['purpose', purpose]];
	if (expiresAfterSeconds !== undefined) {
		fields.push(
			['expires_after[anchor]', 'created_at'],
			['expires_after[seconds]', String(expiresAfterSeconds)],
		);
	}
	return await client.tryUpload<FileObject>(
		{ method: 'POST', path: apiPath('files'), once },
		{ source, fields },
	);
}
