import type { Queue, WaitingPart } from './queue';
import { QUEUE_VERSION, queueOf } from './queue';
import { findFile, listFiles } from '../api/files';
import type { FileObject } from '../api/objects';
import type { OpenAiClient } from '../client';
import type { JsonObject, JsonValue } from '../../jsonl/json';
import { isObject, tryParseJson } from '../../jsonl/json';

/** A queue that was read, and its file. */
export interface StoredQueue extends Queue {
	file: FileObject;
	/** The keys of the parts whose files are gone. */
	lost: ReadonlySet<string>;
}

const unreadable = ({ filename, id }: FileObject) =>
	`File ${id} is named ${filename}, as lists of waiting parts are, but this version cannot read it. If it lists parts, they are not submitted.`;

/**
 * The queues that the service holds, the oldest first, and which files of their parts are gone: of
 * those that the list of files does not show, each costs a request.
 *
 * @param submissionId only of this submission
 * @returns also why some could not be read
 * @throws {NodeApiError} when the files cannot be listed
 */
export async function findQueues(
	client: OpenAiClient,
	submissionId?: string,
): Promise<{ queues: StoredQueue[]; failures: unknown[] }> {
	const files: FileObject[] = [];
	const ids = new Set<string>();
	for await (const file of listFiles(client, { purpose: 'batch' })) {
		ids.add(file.id);
		const id = queueOf(file);
		if (id !== undefined && (submissionId === undefined || id === submissionId)) files.push(file);
	}
	const queues: StoredQueue[] = [];
	const failures: unknown[] = [];
	for (const file of files.reverse()) {
		try {
			const queue = await readQueue(client, file);
			if (!queue) client.hint(unreadable(file));
			else queues.push({ ...queue, file, lost: await lostParts(client, queue, ids) });
		} catch (error) {
			// Another execution may have deleted it at the same moment, when nothing of it waited.
			if ((error as { httpCode?: unknown }).httpCode !== '404') failures.push(error);
		}
	}
	return { queues, failures };
}

/** The list of files may lag, or leave some out: what it does not show is looked for. */
async function lostParts(
	client: OpenAiClient,
	{ parts }: Queue,
	ids: ReadonlySet<string>,
): Promise<Set<string>> {
	const lost = new Set<string>();
	for (const { fileId, key } of parts) {
		if (!ids.has(fileId) && !(await findFile(client, fileId))) lost.add(key);
	}
	return lost;
}

/** The queue in a file; undefined for a file that only has the name of one. */
async function readQueue(client: OpenAiClient, file: FileObject): Promise<Queue | undefined> {
	const chunks: Uint8Array[] = [];
	const { id, bytes } = file;
	const content = client.download(id, { bytes, isOfLines: true });
	for await (const chunk of content) chunks.push(chunk);
	const [head, ...parts] = Buffer.concat(chunks).toString('utf8').trim().split('\n').map(parsed);
	if (!matches(head, HEAD) || !matches(head.settings, SETTINGS)) return undefined;
	if (!parts.every((part) => matches(part, PART) && matches(part.place, PLACE))) return undefined;
	return { ...(head as unknown as Queue), parts: parts as unknown as WaitingPart[] };
}

function parsed(line: string): JsonValue | undefined {
	const result = tryParseJson(line);
	return result.ok ? result.value : undefined;
}

type Check = (value: JsonValue | undefined) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;

const HEAD: Record<string, Check> = {
	n8n_submission: (value) => value === QUEUE_VERSION,
	submissionId: isText,
	maxEnqueuedTokens: isCount,
	since: (value) => value === null || isCount(value),
};

const SETTINGS: Record<string, Check> = {
	endpoint: isText,
	completionWindow: isText,
	metadata: (value) => isObject(value) && Object.values(value).every(isText),
	outputExpiresAfter: (value) => value === undefined || isCount(value),
};

const PART: Record<string, Check> = {
	key: isText,
	fileId: isText,
	rowsFileId: (value) => value === undefined || isText(value),
	model: (value) => value === null || isText(value),
	tokens: isCount,
	requests: isCount,
	bytes: isCount,
	batchId: (value) => value === undefined || isText(value),
};

const PLACE: Record<string, Check> = { part: isCount, parts: isCount };

const matches = (
	value: JsonValue | undefined,
	checks: Record<string, Check>,
): value is JsonObject =>
	isObject(value) && Object.entries(checks).every(([name, check]) => check(value[name]));
