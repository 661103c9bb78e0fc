import type { NodeApiError } from 'n8n-workflow';
import type { Place } from './submission';
import { isAdoptable, RETRY_OF, SUBMISSION_TOKENS } from './submission';
import type { BatchSettings } from '../api/batches';
import { deleteFile, getFile, listFiles, uploadSafely } from '../api/files';
import type { Batch, FileObject } from '../api/objects';
import { isFinished } from '../api/objects';
import type { OpenAiClient } from '../client';

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

export interface RoomLimits {
	/** The most tokens of one model that may be in the queue at once. */
	maxEnqueuedTokens: number;
	/** Whether batches of others take room too. */
	countsOthers: boolean;
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
function isSameModel(one: string | null, other: string | null): boolean {
	if (one === null || other === null || one === other) return true;
	const [short, long] = one.length < other.length ? [one, other] : [other, one];
	return long.startsWith(`${short}-`) && DATED.test(long.slice(short.length));
}

const DATED = /^-\d{4}-\d{2}-\d{2}$/;

/**
 * The length of a file; 0 for one that is gone.
 *
 * @throws {NodeApiError} when the server does not say it, since room cannot be counted then
 */
async function bytesOf(client: OpenAiClient, fileId: string): Promise<number> {
	const found = await getFile(client, fileId).then(
		({ bytes }) => bytes ?? 0,
		(error: NodeApiError) => error,
	);
	if (typeof found === 'number') return found;
	if (found.httpCode === '404') return 0;
	const advice =
		'How much room the batch of this file takes is not known. Turn on Ignore Other Batches to leave such batches out.';
	found.description = [advice, found.description].filter(Boolean).join(' ');
	throw found;
}

/** A batch in the queue. */
interface Running extends QueueShare {
	/** The input file of a batch of somebody else, whose tokens are estimated by its size. */
	otherFile?: string | null;
}

/**
 * The room that is left in the queues of the models. It sees the list of batches while that is read
 * for other reasons, so that it costs no list of its own.
 */
export class QueueRoom {
	/** Unix seconds: no unfinished batch is older. */
	readonly since: number;

	/** The retries in the list that did not fail and were not stopped, by the batch that they repeat. */
	readonly retries = new Map<string, Batch[]>();

	private readonly running: Running[] = [];
	/** Models of which a part waits: what comes later may not overtake it. */
	private readonly blocked: Array<string | null> = [];
	private readonly seen = new Set<string>();

	/** @param completionWindows of the batches that may be in the queue */
	constructor(completionWindows: readonly string[]) {
		const life = Math.max(...completionWindows.map(longestLife));
		this.since = Math.floor(Date.now() / 1000) - life;
	}

	/** Takes in a batch of the list. */
	see(batch: Batch): void {
		const original = batch.metadata?.[RETRY_OF];
		if (original !== undefined && isAdoptable(batch)) {
			this.retries.set(original, [...(this.retries.get(original) ?? []), batch]);
		}
		if (isFinished(batch) || this.seen.has(batch.id)) return;
		this.seen.add(batch.id);
		const otherFile = batch.input_file_id ?? null;
		this.running.push(readShare(batch) ?? { model: batch.model ?? null, tokens: 0, otherFile });
	}

	/** Looks up how large the files of the batches of others are. */
	async measureOthers(client: OpenAiClient): Promise<void> {
		for (const one of this.running) {
			if (!one.otherFile) continue;
			one.tokens = Math.ceil((await bytesOf(client, one.otherFile)) / BYTES_PER_TOKEN);
		}
	}

	/** Whether a part may be created now: it fits, or the queue of its model is empty. */
	fits({ model, tokens, maxEnqueuedTokens, countsOthers }: QueueShare & RoomLimits): boolean {
		if (this.blocked.some((one) => isSameModel(one, model))) return false;
		const same = this.running.filter(
			(one) => isSameModel(one.model, model) && (countsOthers || one.otherFile === undefined),
		);
		const used = same.reduce((sum, one) => sum + one.tokens, 0);
		return same.length === 0 || used + tokens <= maxEnqueuedTokens;
	}

	/** A batch of this part was created. */
	take(share: QueueShare): void {
		this.running.push(share);
	}

	/** A part of this model waits. */
	block({ model }: QueueShare): void {
		this.blocked.push(model);
	}
}

/** A part in the file that lists what waits. */
export interface WaitingPart extends QueueShare {
	key: string;
	place: Place;
	fileId: string;
	/** The file with what is kept of its rows. */
	rowsFileId?: string;
	requests: number;
	bytes: number;
	/** The batch that it had when the file was written, and that may still fail for lack of room. */
	batchId?: string;
}

/** The parts of one submission that are not finished, as a file at the service holds them. */
export interface Queue extends RoomLimits {
	submissionId: string;
	/** Whether the user gave it a Submission Key, so that submitting it again creates nothing twice. */
	hasKey: boolean;
	/** Unix seconds: the oldest batch that these parts had when the file was written; null without one. */
	since: number | null;
	settings: BatchSettings;
	parts: WaitingPart[];
}

/** The form of the file, in its first line. */
export const QUEUE_VERSION = 1;

const fileNameOf = (submissionId: string) => `n8n-submission-${submissionId}.jsonl`;

/** The submission whose waiting parts a file lists, by its name; undefined for any other file. */
export const queueOf = ({ filename }: FileObject): string | undefined =>
	/^n8n-submission-([0-9a-f]{16})\.jsonl$/.exec(filename ?? '')?.[1];

/**
 * Deletes the list of the parts of a submission that wait, so that they are not submitted any more.
 *
 * @returns whether there was one
 */
export async function deleteQueue(client: OpenAiClient, submissionId: string): Promise<boolean> {
	const ids: string[] = [];
	for await (const file of listFiles(client, { purpose: 'batch' })) {
		if (queueOf(file) === submissionId) ids.push(file.id);
	}
	for (const id of ids) await deleteIfThere(client, id);
	return ids.length > 0;
}

/** Deletes a file that another execution may have deleted at the same moment. */
async function deleteIfThere(client: OpenAiClient, fileId: string): Promise<void> {
	const failure = await deleteFile(client, fileId).then(
		() => undefined,
		(error: NodeApiError) => error,
	);
	if (failure && failure.httpCode !== '404') throw failure;
}

/** The content of the file: one line with the settings, and one for each part. */
function queueLines({ parts, ...head }: Queue): Buffer {
	const lines = [{ n8n_submission: QUEUE_VERSION, ...head }, ...parts];
	return Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** A file that expires within this many seconds is not used again: its batch may have to wait longer. */
const SOON = DAY;

/**
 * The files that earlier tries of a submission have left at the service. A run that was killed has
 * told nobody what it has uploaded.
 */
export class EarlierFiles {
	private list: Promise<FileObject[]> | undefined;

	constructor(private readonly client: OpenAiClient) {}

	/** The id of a file with this name and this many bytes; undefined when there is none. */
	async find(fileName: string, bytes: number): Promise<string | undefined> {
		const found = (await this.files()).find(
			(file) =>
				file.filename === fileName &&
				file.bytes === bytes &&
				file.status !== 'error' &&
				(file.expires_at ?? Infinity) > Date.now() / 1000 + SOON,
		);
		return found?.id;
	}

	private async files(): Promise<FileObject[]> {
		this.list ??= this.readList();
		return await this.list;
	}

	private async readList(): Promise<FileObject[]> {
		const files: FileObject[] = [];
		for await (const file of listFiles(this.client, { purpose: 'batch' })) files.push(file);
		return files;
	}

	/**
	 * Writes down at the service what waits, so that it is not lost when n8n is. The lists of earlier
	 * tries are deleted then.
	 *
	 * @returns the id of the file
	 * @throws {NodeApiError} when the file cannot be uploaded
	 */
	async store(queue: Queue, expiresAfterSeconds: number | undefined): Promise<string> {
		const earlier = (await this.files()).filter((file) => queueOf(file) === queue.submissionId);
		let content = queueLines(queue);
		// After a lost answer a file is known by its name and length, so this one needs a length of its own.
		while (earlier.some(({ bytes }) => bytes === content.byteLength)) {
			content = Buffer.concat([content, Buffer.from('\n')]);
		}
		const { id } = await uploadSafely(this.client, {
			source: {
				fileName: fileNameOf(queue.submissionId),
				contentType: 'application/jsonl',
				bytes: content.byteLength,
				open: async function* () {
					yield content;
				},
			},
			purpose: 'batch',
			expiresAfterSeconds,
		});
		// A list that stays is read too, and names the same parts.
		for (const old of earlier) await deleteIfThere(this.client, old.id).catch(() => undefined);
		return id;
	}
}
