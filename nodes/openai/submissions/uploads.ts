import type { OpenAiClient } from '../http/client';
import type { Fault } from '../http/fault';
import type { FileUpload } from '../api/files';
import { listFilePage, tryUploadFile } from '../api/files';
import { isTransient } from '../http/retry';
import type { FileObject } from '../api/types';

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
		if (!isTransient(fault) || attempt >= MAX_UPLOADS) {
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
