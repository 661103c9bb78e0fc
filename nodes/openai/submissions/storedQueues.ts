import type { Queue, WaitingPart } from './queue';
import { QUEUE_VERSION, queueOf } from './queue';
import { listFiles } from '../api/files';
import type { FileObject } from '../api/objects';
import type { OpenAiClient } from '../client';
import { downloadFile } from '../transfer/download';
import type { JsonObject } from '../../jsonl/json';
import { isObject, tryParseJson } from '../../jsonl/json';

/** A queue that was read, and its file. */
export interface StoredQueue extends Queue {
	file: FileObject;
	/** The keys of the parts whose files are gone. */
	lost: ReadonlySet<string>;
}

/**
 * The queues that the service holds, the oldest first. Which files of parts are gone is seen in the
 * list of files, so that it costs no request of its own.
 *
 * @param submissionId only of this submission
 */
export async function findQueues(
	client: OpenAiClient,
	submissionId?: string,
): Promise<StoredQueue[]> {
	const files: FileObject[] = [];
	const ids = new Set<string>();
	for await (const file of listFiles(client, { purpose: 'batch' })) {
		ids.add(file.id);
		const id = queueOf(file);
		if (id !== undefined && (submissionId === undefined || id === submissionId)) files.push(file);
	}
	const queues: StoredQueue[] = [];
	for (const file of files.reverse()) {
		const queue = await readQueue(client, file);
		if (!queue) continue;
		const lost = queue.parts.filter(({ fileId }) => !ids.has(fileId));
		queues.push({ ...queue, file, lost: new Set(lost.map(({ key }) => key)) });
	}
	return queues;
}

/** The queue in a file; undefined for a file that only has its name. */
async function readQueue(client: OpenAiClient, file: FileObject): Promise<Queue | undefined> {
	const chunks: Uint8Array[] = [];
	for await (const chunk of downloadFile(client, file.id, file.bytes, true)) chunks.push(chunk);
	const [head, ...parts] = Buffer.concat(chunks).toString('utf8').trim().split('\n').map(parsed);
	if (head?.n8n_submission !== QUEUE_VERSION || !parts.every(isWaitingPart)) return undefined;
	return { ...(head as unknown as Queue), parts: parts as unknown as WaitingPart[] };
}

function parsed(line: string): JsonObject | undefined {
	const result = tryParseJson(line);
	return result.ok && isObject(result.value) ? result.value : undefined;
}

const isWaitingPart = (part: JsonObject | undefined) =>
	typeof part?.key === 'string' && typeof part.fileId === 'string' && isObject(part.place);
