import type { FileObject, ListPage, PageStart } from './objects';
import { paginate, readPage } from './objects';
import { readFile } from './readBatch';
import type { JsonObject } from '../../jsonl/json';
import { isTransient, isWorthRepeating } from '../apiErrors';
import type { Fault, OpenAiClient, Result, UploadSource } from '../client';

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
	return await client.json({
		method: 'GET',
		path: ['files', fileId],
		shape: readFile,
	});
}

/**
 * A file's description where only a part of it is needed, and none of it necessarily: some servers
 * have the content of a file and cannot describe it.
 *
 * @returns only the id when the server refuses to describe the file, or does so in a form of its
 * own; undefined when it is gone
 * @throws {NodeApiError} when the server cannot be reached
 */
export async function findFile(
	client: OpenAiClient,
	fileId: string,
): Promise<FileObject | undefined> {
	const result = await client.tryJson({
		method: 'GET',
		path: ['files', fileId],
		shape: readFile,
	});
	if (result.ok) return result.value;
	const { fault } = result;
	if (fault.status === 404) return undefined;
	if (fault.kind === 'status' || fault.kind === 'answer') return { id: fileId };
	throw client.error(fault);
}

/** One page of files, newest first. */
export async function listFilePage(
	client: OpenAiClient,
	{ after, cursor, limit, purpose }: PageStart & { limit?: number; purpose?: string } = {},
): Promise<ListPage<FileObject>> {
	return await client.json({
		method: 'GET',
		path: ['files'],
		query: { after, cursor, limit, purpose, order: 'desc' },
		shape: (body) => readPage(body, readFile),
	});
}

/** All files, newest first, page by page as they are read. */
export function listFiles(
	client: OpenAiClient,
	{ purpose, pageSize = FILE_PAGE_SIZE }: { purpose?: string; pageSize?: number } = {},
): AsyncGenerator<FileObject> {
	return paginate((start, limit) => listFilePage(client, { ...start, limit, purpose }), pageSize);
}

/**
 * Deletes a file. After a lost answer it is asked for again, and finding the file gone is success.
 *
 * @throws {NodeApiError} 404 when it was gone already
 */
export async function deleteFile(
	client: OpenAiClient,
	fileId: string,
): Promise<{ id: string; deleted: boolean }> {
	// Some servers answer with the file, and no word on whether it is deleted.
	const shape = ({ deleted }: JsonObject) => ({ id: fileId, deleted: deleted !== false });
	const request = { method: 'DELETE' as const, path: ['files', fileId], shape };
	const first = await client.tryJson({ ...request, once: true });
	if (first.ok) return first.value;
	if (!isTransient(first.fault) || !first.fault.mayHaveExecuted) throw client.error(first.fault);
	const again = await client.tryJson(request);
	if (again.ok) return again.value;
	if (again.fault.status === 404) return { id: fileId, deleted: true };
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
	return await client.tryUpload(
		{ method: 'POST', path: ['files'], shape: readFile, once },
		{ source, fields },
	);
}

/** How long to wait before each look for a file whose upload had no answer: lists may lag. */
const LOOK_AFTER_MS = [1_000, 3_000];

const MAX_UPLOADS = 3;

/** Clocks differ: a file of this upload may seem older than it by this many seconds. */
const CLOCK_SLACK_SECONDS = 600;

const LOOK_AT_NEWEST = 100;

/**
 * Uploads a file under a name that belongs to this content alone. When an answer is lost, the
 * file is looked for by its name and length and used, so that no second copy is left behind.
 *
 * @throws {NodeApiError} that says under which name the file may be there
 */
export async function uploadSafely(client: OpenAiClient, upload: FileUpload): Promise<FileObject> {
	const since = Date.now() / 1000 - CLOCK_SLACK_SECONDS;
	let mayHaveExecuted = false;
	for (let attempt = 1; ; attempt++) {
		const result = await tryUploadFile(client, { ...upload, once: true });
		if (result.ok) return result.value;
		mayHaveExecuted ||= result.fault.mayHaveExecuted;
		const fault = { ...result.fault, mayHaveExecuted };
		if (!fault.mayHaveExecuted) throw client.error(fault, uploadFailed(upload, fault));
		const stored = isTransient(fault) ? await lookFor(client, upload, since) : undefined;
		if (stored) return stored;
		if (!isWorthRepeating(fault) || attempt >= MAX_UPLOADS) {
			throw client.error(fault, uploadFailed(upload, fault));
		}
	}
}

/** The words for an upload that failed: which one, and whether it may have left a file. */
export function uploadFailed({ source }: Pick<FileUpload, 'source'>, fault: Fault): string {
	return fault.mayHaveExecuted
		? `Upload of ${source.fileName} failed, the file may have been stored all the same`
		: `Upload of ${source.fileName} failed`;
}

async function lookFor(
	client: OpenAiClient,
	{ source, purpose }: FileUpload,
	since: number,
): Promise<FileObject | undefined> {
	for (const wait of LOOK_AFTER_MS) {
		if (!(await client.pause(wait))) return undefined;
		// A list that cannot be read costs a second copy at most, which expires by itself.
		const files = await listFilePage(client, { purpose, limit: LOOK_AT_NEWEST }).then(
			({ data }) => data,
			() => [],
		);
		const stored = files.find(
			(file) =>
				file.filename === source.fileName &&
				file.bytes === source.bytes &&
				(file.created_at ?? 0) >= since,
		);
		if (stored) return stored;
	}
	return undefined;
}
