import type { OpenAiClient } from '../http/client';
import type { Result } from '../http/fault';
import type { UploadSource } from '../http/multipart';
import { paginate } from './pages';
import { isTransient } from '../http/retry';
import type { DeletedFile, FileObject, ListPage } from './types';
import { apiPath } from '../http/url';

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
	return await client.json<FileObject>({
		method: 'GET',
		path: apiPath('files', fileId),
		needs: 'id',
	});
}

/** One file's description, undefined when it is gone. @throws {NodeApiError} for other faults */
export async function findFile(
	client: OpenAiClient,
	fileId: string,
): Promise<FileObject | undefined> {
	const result = await client.tryJson<FileObject>({
		method: 'GET',
		path: apiPath('files', fileId),
		needs: 'id',
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
		needs: 'data',
	});
}

/** All files, newest first, page by page as they are read. */
export function listFiles(
	client: OpenAiClient,
	{ purpose, pageSize = FILE_PAGE_SIZE }: { purpose?: string; pageSize?: number } = {},
): AsyncGenerator<FileObject> {
	return paginate((after, limit) => listFilePage(client, { after, limit, purpose }), pageSize);
}

/**
 * Deletes a file. After a lost answer it is asked for again, and finding the file gone is success.
 *
 * @throws {NodeApiError} 404 when it was gone already
 */
export async function deleteFile(client: OpenAiClient, fileId: string): Promise<DeletedFile> {
	const request = { method: 'DELETE' as const, path: apiPath('files', fileId) };
	const first = await client.tryJson<DeletedFile>({ ...request, once: true });
	if (first.ok) return first.value;
	if (!isTransient(first.fault) || !first.fault.mayHaveExecuted) throw client.error(first.fault);
	const again = await client.tryJson<DeletedFile>(request);
	if (again.ok) return again.value;
	if (again.fault.status === 404) return { id: fileId, object: 'file', deleted: true };
	throw client.error(again.fault);
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
		{ method: 'POST', path: apiPath('files'), needs: 'id', once },
		{ source, fields },
	);
}
