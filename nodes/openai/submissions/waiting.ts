import type { IDataObject } from 'n8n-workflow';
import type { Place } from './submission';
import { SUBMISSION_TOKENS, submissionIdIn } from './submission';
import type { BatchSettings } from '../api/batches';
import { findFile, listFiles, uploadSafely } from '../api/files';
import type { Batch, FileObject } from '../api/objects';
import { isFinished } from '../api/objects';
import type { OpenAiClient } from '../client';
import { downloadFile } from '../transfer/download';
import type { JsonObject } from '../../jsonl/json';
import { isObject, tryParseJson } from '../../jsonl/json';

/** What a part takes of the queue of its model. */
export interface QueueShare {
	/** Null where the service does not say, or the part does not: it counts for every model. */
	model: string | null;
	/** Estimated tokens of the input. */
	tokens: number;
}

/** As the metadata pair has it: `12345 gpt-5`, since a batch that is new does not say its model. */
export const shareText = ({ tokens, model }: QueueShare): string =>
	model === null ? String(tokens) : `${tokens} ${model}`;

function readShare({ metadata, model: said }: Batch): QueueShare | undefined {
	const found = /^(\d+)(?: (.+))?$/.exec(metadata?.[SUBMISSION_TOKENS] ?? '');
	return found ? { tokens: Number(found[1]), model: found[2] ?? said ?? null } : undefined;
}

/** A part that is uploaded and waits for room; it has no batch yet. */
export interface WaitingPart extends QueueShare {
	key: string;
	place: Place;
	fileId: string;
	requests: number;
	bytes: number;
	/** Unix seconds at which the service deletes its file; undefined when it keeps it for 30 days. */
	expiresAt?: number;
}

export interface RoomLimits {
	/** The most tokens of one model that may be in the queue at once. */
	maxEnqueuedTokens: number;
	/** Whether batches of others take room too. */
	countsOthers: boolean;
}

/** The parts of one submission that wait, as a file at the service holds them. */
export interface Queue extends RoomLimits {
	submissionId: string;
	settings: BatchSettings;
	parts: WaitingPart[];
}

/** A queue that was read, and its file. */
export interface StoredQueue extends Queue {
	file: FileObject;
	/** The parts whose files are gone. */
	lost: WaitingPart[];
}

const DAY = 86_400;

/** The longest completion window that servers offer. */
const LONGEST_WINDOW = 7 * DAY;

/** A token is about four bytes of text; images that stand in a file have far more. */
const BYTES_PER_TOKEN = 4;

/** How long, in seconds, a batch with this completion window may be unfinished. */
function longestLife(window: string): number {
	const found = /^(\d+)\s*([hd])$/i.exec(window.trim());
	const unit = found?.[2].toLowerCase() === 'd' ? DAY : 3_600;
	return (found ? Number(found[1]) * unit : LONGEST_WINDOW) + DAY;
}

/** A model and a dated version of it, as `gpt-5` and `gpt-5-2025-08-07`, share a queue. */
function isSameModel(one: string | null, other: string | null | undefined): boolean {
	if (!one || !other) return true;
	return one === other || one.startsWith(`${other}-`) || other.startsWith(`${one}-`);
}

/**
 * The room that is left in the queues of the models. It sees the list of batches while that is read
 * for other reasons, so that it costs no list of its own.
 */
export class QueueRoom {
	/** Unix seconds: no unfinished batch is older. */
	readonly since: number;

	private readonly running: Array<QueueShare & { fileId?: string }> = [];
	/** Models of which a part waits: what comes later may not overtake it. */
	private readonly blocked: Array<string | null> = [];
	private readonly seen = new Set<string>();

	constructor(
		public limits: RoomLimits,
		completionWindow: string,
	) {
		this.since = Math.floor(Date.now() / 1000) - longestLife(completionWindow);
	}

	/** Takes in a batch of the list. */
	see(batch: Batch): void {
		if (isFinished(batch) || this.seen.has(batch.id)) return;
		this.seen.add(batch.id);
		const own = readShare(batch);
		if (own) this.running.push(own);
		else if (this.limits.countsOthers) {
			const fileId = batch.input_file_id ?? undefined;
			this.running.push({ model: batch.model ?? null, tokens: 0, fileId });
		}
	}

	/** Looks up how large the files of the batches of others are. */
	async measure(client: OpenAiClient): Promise<void> {
		for (const share of this.running) {
			if (share.fileId === undefined) continue;
			const file = await findFile(client, share.fileId);
			share.tokens = Math.ceil((file?.bytes ?? 0) / BYTES_PER_TOKEN);
			share.fileId = undefined;
		}
	}

	/** Whether a part may be created now: it fits, or the queue of its model is empty. */
	fits({ model, tokens }: QueueShare): boolean {
		if (this.blocked.some((one) => isSameModel(one, model))) return false;
		const same = this.running.filter((one) => isSameModel(one.model, model));
		const used = same.reduce((sum, one) => sum + one.tokens, 0);
		return same.length === 0 || used + tokens <= this.limits.maxEnqueuedTokens;
	}

	/** A batch of this part was created. */
	take({ model, tokens }: QueueShare): void {
		this.running.push({ model, tokens });
	}

	/** A part of this model waits. */
	block({ model }: QueueShare): void {
		this.blocked.push(model);
	}
}

const FILE_NAME = /^n8n-submission-([0-9a-f]{16})\.jsonl$/;

const fileNameOf = (submissionId: string) => `n8n-submission-${submissionId}.jsonl`;

const VERSION = 1;

/**
 * Writes down at the service what waits, so that it is not lost when n8n is: one line with the
 * settings, and one for each part.
 *
 * @returns the file
 * @throws {NodeApiError} that names the files of the parts, which are uploaded already
 */
export async function storeQueue(
	client: OpenAiClient,
	{ parts, ...head }: Queue,
	expiresAfterSeconds: number | undefined,
): Promise<FileObject> {
	const lines = [{ n8n_submission: VERSION, ...head }, ...parts];
	const content = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
	return await uploadSafely(client, {
		source: {
			fileName: fileNameOf(head.submissionId),
			contentType: 'application/jsonl',
			bytes: content.byteLength,
			open: async function* () {
				yield content;
			},
		},
		purpose: 'batch',
		expiresAfterSeconds,
	});
}

/**
 * The queues that the service holds, the oldest first.
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
		const id = FILE_NAME.exec(file.filename ?? '')?.[1];
		if (id !== undefined && (submissionId === undefined || id === submissionId)) files.push(file);
	}
	const queues: StoredQueue[] = [];
	for (const file of files.reverse()) {
		const queue = await readQueue(client, file);
		if (!queue) continue;
		queues.push({ ...queue, lost: queue.parts.filter(({ fileId }) => !ids.has(fileId)) });
	}
	return queues;
}

/** The queue in a file; undefined for a file that only has its name. */
async function readQueue(
	client: OpenAiClient,
	file: FileObject,
): Promise<Omit<StoredQueue, 'lost'> | undefined> {
	const chunks: Uint8Array[] = [];
	for await (const chunk of downloadFile(client, file.id, file.bytes, true)) chunks.push(chunk);
	const [head, ...parts] = Buffer.concat(chunks).toString('utf8').trim().split('\n').map(parsed);
	if (head?.n8n_submission !== VERSION || !parts.every(isWaitingPart)) return undefined;
	return { ...(head as unknown as Queue), parts: parts as unknown as WaitingPart[], file };
}

function parsed(line: string): JsonObject | undefined {
	const result = tryParseJson(line);
	return result.ok && isObject(result.value) ? result.value : undefined;
}

const isWaitingPart = (part: JsonObject | undefined) =>
	typeof part?.key === 'string' && typeof part.fileId === 'string' && isObject(part.place);

/** The JSON of a part that waits. It has the fields of a batch that Submit returns. */
export function waitingItem(
	{ key, fileId, place, model, requests, bytes, tokens }: Omit<WaitingPart, 'expiresAt'>,
	endpoint: string,
): IDataObject {
	return {
		id: null,
		status: 'waiting',
		endpoint,
		model,
		input_file_id: fileId,
		...place,
		requests,
		bytes,
		estimated_tokens: tokens,
		submission_id: submissionIdIn(key),
		submission_key: key,
		adopted: false,
	};
}

/** What of one submission waits at the service. */
export class SubmissionQueue {
	private stored: Promise<StoredQueue[]> | undefined;

	constructor(
		private readonly client: OpenAiClient,
		private readonly submissionId: string,
	) {}

	/** The id of the file of a part that an earlier try has uploaded and written down. */
	async fileOf(key: string): Promise<string | undefined> {
		this.stored ??= findQueues(this.client, this.submissionId);
		const parts = (await this.stored).flatMap((queue) => queue.parts);
		return parts.find((part) => part.key === key)?.fileId;
	}

	/** Writes down what waits, unless all of it was written down before. */
	async store(queue: Omit<Queue, 'submissionId'>, expiresAfter: number | undefined): Promise<void> {
		const before = new Set(
			(await this.stored)?.flatMap(({ parts }) => parts.map(({ key }) => key)),
		);
		if (queue.parts.every(({ key }) => before.has(key))) return;
		await storeQueue(this.client, { ...queue, submissionId: this.submissionId }, expiresAfter);
	}
}
