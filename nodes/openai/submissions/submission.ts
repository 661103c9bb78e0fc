import { createHash } from 'crypto';
import type { IExecuteFunctions, NodeApiError } from 'n8n-workflow';
import {
	BATCH_PAGE_SIZE,
	findBatch,
	hasNoList,
	newestFirst,
	NO_LIST,
	tryListBatchPage,
} from '../api/batches';
import type { Batch, ListPage, PageStart } from '../api/objects';
import { pages, statusOf } from '../api/objects';
import type { OpenAiClient } from '../client';

/** The metadata pair by which a batch of a submission is found again. */
export const SUBMISSION_KEY = 'submission_key';

/** The metadata pair with the place of a batch among the parts of its submission, as `2/3`. */
export const SUBMISSION_PART = 'submission_part';

/** The metadata pair with which a retry names the batch whose requests it repeats. */
export const RETRY_OF = 'retry_of';

/** The metadata pair with the estimated tokens of a batch's input, and its model, when these are limited. */
export const SUBMISSION_TOKENS = 'submission_tokens';

/** The metadata key with which a batch names the file of the rows that were kept for its results. */
export const ROWS_FILE_ID = 'rows_file_id';

/** The metadata keys that every batch of a submission carries. */
export const SUBMISSION_METADATA = [SUBMISSION_KEY, SUBMISSION_PART];

/** Every metadata key that a batch has from this node; all others are the user's. */
export const NODE_METADATA: readonly string[] = [
	...SUBMISSION_METADATA,
	RETRY_OF,
	SUBMISSION_TOKENS,
	ROWS_FILE_ID,
];

/** How many hexadecimal digits of a key are those of the submission; as many are the part's. */
const ID_DIGITS = 16;

const KEY = /^[0-9a-f]{32}$/;

const digitsOf = (text: string) =>
	createHash('sha256').update(text).digest('hex').slice(0, ID_DIGITS);

/**
 * The id of a submission: the same contents in the same scope are the same submission. A loop, or
 * a key that is used again for other contents, makes another one each time.
 *
 * @param scopeName in whose name it is submitted, see `SubmissionScope`
 * @param contentHashes digests of what each of its parts does, in order
 * @returns 16 hexadecimal digits
 */
export function submissionIdFor(scopeName: string, contentHashes: readonly string[]): string {
	return digitsOf([scopeName, ...contentHashes].join('\n'));
}

/**
 * The key of one batch of a submission.
 *
 * @param contentHash a digest of what the batch does
 * @returns 32 hexadecimal digits: 16 of the submission and 16 of this content in this scope
 */
export function submissionKey(
	scopeName: string,
	contentHash: string,
	submissionId: string,
): string {
	return submissionId + digitsOf(`${scopeName}\n${contentHash}`);
}

/** Whether two keys are of the same content in the same scope, perhaps of different submissions. */
export function isSameContent(key: string, other: string): boolean {
	return KEY.test(key) && KEY.test(other) && key.slice(ID_DIGITS) === other.slice(ID_DIGITS);
}

/** The key that a batch was created with, if any. */
export function keyOf(batch: Batch): string | undefined {
	return batch.metadata?.[SUBMISSION_KEY];
}

/** The file of the rows that were kept for the results of a batch. */
export const rowsFileOf = ({ metadata }: Batch): string | undefined => metadata?.[ROWS_FILE_ID];

/** The id of the submission in a key. */
export const submissionIdIn = (key: string): string => key.slice(0, ID_DIGITS);

/** The id of the submission that a batch belongs to; null for a batch of somebody else. */
export function submissionIdOf(batch: Batch): string | null {
	const key = keyOf(batch);
	return key !== undefined && KEY.test(key) ? submissionIdIn(key) : null;
}

/** The place of a batch among the parts of its submission, from 1. */
export interface Place {
	part: number;
	parts: number;
}

/** The place of a batch, which its retries keep; undefined where it carries none. */
export function placeOf(batch: Batch): Place | undefined {
	const found = /^([1-9]\d{0,5})\/([1-9]\d{0,5})$/.exec(batch.metadata?.[SUBMISSION_PART] ?? '');
	if (!found) return undefined;
	const [part, parts] = [Number(found[1]), Number(found[2])];
	return part <= parts ? { part, parts } : undefined;
}

/** As the metadata pair has it. */
export const placeText = ({ part, parts }: Place): string => `${part}/${parts}`;

/** A batch that exists at the service, and is paid for. */
export interface CreatedBatch {
	batch: Batch;
	key: string;
	/** True when the batch was there already. */
	adopted: boolean;
	/** True when this run has created it, perhaps without an answer, or has given up another for it. */
	isOfThisRun?: boolean;
}

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

/** n8n's clock and the server's may differ by this much. */
const CLOCK_SLACK_SECONDS = 10 * MINUTE;

/** How far back the list is searched for a submission key of the user's. */
const OWN_KEY_SECONDS = 7 * DAY;

/** Older versions of n8n do not say when an execution began. */
const UNKNOWN_START_SECONDS = DAY;

/** In whose name batches are created, which decides when one is the same as another. */
export interface SubmissionScope {
	name: string;
	/** Unix seconds: no batch of this scope is older. */
	since: number;
	/** Whether other executions may create the same batches at the same moment. */
	isShared: boolean;
	/** Whether batches are created also where the server has no list in which to find them. */
	allowsWithoutList: boolean;
	memory: CreateMemory;
}

/** What the user says about a submission; as the panel gives it. */
export interface SubmissionChoices {
	submissionKey?: unknown;
	createWithoutSearch?: unknown;
	/** Unix seconds: the list is searched back to here, where that is longer ago. */
	since?: number;
}

/**
 * The scope of a submission: a key of the user's, over all executions, or this execution and
 * node. "Retry On Fail" and loops run a node again in the same execution, so they find what was
 * created before; "Retry execution" is a new execution.
 *
 * n8n notes when an execution began: it keeps the time over Wait nodes, and gives a sub-workflow
 * one of its own.
 *
 * @param choices an empty key stands for none
 */
export function submissionScope(
	context: IExecuteFunctions,
	{ createWithoutSearch, submissionKey: ownKey, since: oldest = Infinity }: SubmissionChoices,
): SubmissionScope {
	const now = Date.now() / 1000;
	const common = {
		allowsWithoutList: createWithoutSearch === true,
		memory: new CreateMemory(context),
	};
	const key = typeof ownKey === 'number' ? String(ownKey) : ownKey;
	if (typeof key === 'string' && key.trim() !== '') {
		const since = Math.floor(Math.min(oldest, now - OWN_KEY_SECONDS));
		return { name: `key:${key.trim()}`, since, isShared: true, ...common };
	}
	const startedAt = context.getExecutionContext?.()?.establishedAt;
	const start = startedAt === undefined ? now - UNKNOWN_START_SECONDS : startedAt / 1000;
	const names = [context.getInstanceId(), context.getExecutionId(), context.getNode().id];
	const since = Math.floor(Math.min(oldest, start - CLOCK_SLACK_SECONDS));
	return { name: names.join(':'), since, isShared: false, ...common };
}

/** The last create that was sent under a key. */
interface SentCreate {
	fileId: string;
	/** Unix seconds. */
	at: number;
}

/** What a node keeps in its own data. */
interface MemoryData {
	createdBatches?: Record<string, string>;
	sentCreates?: Record<string, SentCreate>;
}

/**
 * What this execution knows of the creates of a node: the batch's id by submission key, or `''`
 * while a create was sent and no answer has come. The list of batches may lag behind it. It lives
 * in the node's own data, which "Retry On Fail" and loops keep.
 */
class CreateMemory {
	private readonly created: Record<string, string>;
	private readonly sent: Record<string, SentCreate>;

	constructor(context: Pick<IExecuteFunctions, 'getContext'>) {
		const data = context.getContext('node') as MemoryData;
		this.created = data.createdBatches ??= {};
		this.sent = data.sentCreates ??= {};
	}

	/** The batch that was created under the key; undefined for none, and for one without an answer. */
	idOf(key: string): string | undefined {
		return this.created[key] || undefined;
	}

	/** The input file of the last create that was sent under the key; undefined where none was. */
	fileOf(key: string): string | undefined {
		return this.sent[key]?.fileId;
	}

	/** Whether a create was sent under the key and nobody knows what became of it. */
	isUnanswered(key: string): boolean {
		return this.created[key] === '';
	}

	/**
	 * Whether a batch that carries no key, since its server does not keep metadata, was created under
	 * this one: by its id, or by the file that a create without an answer has named.
	 */
	isCreated(key: string, { id, input_file_id: fileId, created_at: at }: Batch): boolean {
		if (this.idOf(key) === id) return true;
		const sent = this.sent[key];
		if (sent === undefined || fileId !== sent.fileId) return false;
		return typeof at !== 'number' || at >= sent.at - CLOCK_SLACK_SECONDS;
	}

	noteSent(key: string, fileId: string): void {
		this.created[key] = '';
		this.sent[key] = { fileId, at: Math.floor(Date.now() / 1000) };
	}

	/** This file belongs to the key alone, whoever has created a batch with it. */
	noteFile(key: string, fileId: string): void {
		this.sent[key] ??= { fileId, at: 0 };
	}

	noteCreated(key: string, batchId: string): void {
		this.created[key] = batchId;
	}

	/** The create certainly had no effect. */
	forget(key: string): void {
		delete this.created[key];
		delete this.sent[key];
	}

	/**
	 * What exists, or may exist, under the keys, as sentences for an error message: "Retry On Fail"
	 * shows the error of its last try only. Empty when nothing was sent.
	 *
	 * @param metadataKey the name under which a batch carries its key
	 */
	describe(keys: Iterable<string>, metadataKey: string): string {
		const known = [...keys].filter((key) => Object.hasOwn(this.created, key));
		const ids = known.map((key) => this.created[key]).filter(Boolean);
		const unanswered = known.filter((key) => this.isUnanswered(key));
		const sentences = [
			ids.length > 0 && `Created so far: ${ids.join(', ')}.`,
			unanswered.length > 0 &&
				`Perhaps created: look for ${metadataKey} ${unanswered.join(', ')} in the metadata.`,
		];
		return sentences.filter(Boolean).join(' ');
	}
}

/**
 * Batches with one key that were created this close to each other come from executions that did not
 * see each other. Seconds.
 */
export const RIVALS_WITHIN = 900;

/** A batch that cost nothing, or that the user stopped, does not stand for its submission. */
const NOT_ADOPTED: readonly string[] = ['failed', 'cancelling', 'cancelled'];

/** Whether a batch found by its key is the submission, rather than a spent attempt at it. */
export function isAdoptable(batch: Batch): boolean {
	return !NOT_ADOPTED.includes(statusOf(batch));
}

/**
 * Of several batches with one key, the one that stands: the oldest, and of two from the same second
 * the one with the smaller id. So all executions choose the same batch, whatever their lists show.
 */
export function oldestOf(batches: readonly Batch[]): Batch | undefined {
	const [oldest] = [...batches].sort(
		(a, b) => (a.created_at ?? Infinity) - (b.created_at ?? Infinity) || (a.id < b.id ? -1 : 1),
	);
	return oldest;
}

const WITHOUT_SEARCH_ADVICE =
	'Check the Base URL, which usually ends with /v1. If the server really has no list, turn on the option Create Without Search: batches that earlier tries have created are then not found';

/** Wants to see the batches of the list that are not older than `since`, in unix seconds. */
export interface ListWatcher {
	since: number;
	see: (batch: Batch) => void;
}

/** Finds the batches of a scope by their keys. It only reads. */
export class SubmissionSearch {
	/** Set by a search on a server that has no list of batches, where it finds nothing. */
	hasNoList = false;

	constructor(
		private readonly client: OpenAiClient,
		private readonly scope: SubmissionScope,
	) {}

	/**
	 * The batches of this scope that carry one of the keys, newest first: those in the list, and
	 * those that this execution remembers although the list does not show them yet. One list page in
	 * the usual case: the search ends with the first page whose last batch is older.
	 *
	 * @param watcher sees all batches on the way
	 * @throws {NodeApiError} when the list cannot be read to its end, which proves no absence; it
	 * names what earlier tries of this execution have created
	 */
	async find(keys: ReadonlySet<string>, watcher?: ListWatcher): Promise<Batch[]> {
		try {
			const listed = await this.findInList(keys, watcher);
			const shown = new Set(listed.map(({ id }) => id));
			const remembered: Batch[] = [];
			for (const key of keys) {
				const id = this.scope.memory.idOf(key);
				if (id === undefined || shown.has(id)) continue;
				const batch = await findBatch(this.client, id);
				if (!batch) continue;
				remembered.unshift(batch);
				watcher?.see(batch);
			}
			return [...remembered, ...listed];
		} catch (error) {
			throw this.withCreated(error as NodeApiError, keys);
		}
	}

	/**
	 * The batches with one of the keys that the list shows and that are not older than this, newest
	 * first. A search of the whole scope came before it.
	 *
	 * @param time in unix seconds, by this machine's clock
	 */
	async findSince(time: number, keys: ReadonlySet<string>): Promise<Batch[]> {
		return await this.findInList(keys, undefined, Math.floor(time) - CLOCK_SLACK_SECONDS);
	}

	private async findInList(
		keys: ReadonlySet<string>,
		watcher: ListWatcher | undefined,
		oldest = this.scope.since,
	): Promise<Batch[]> {
		const found: Batch[] = [];
		const since = Math.min(oldest, watcher?.since ?? Infinity);
		const isPast = ({ created_at: at }: Batch) => typeof at === 'number' && at < since;
		const isOld = ({ created_at: at }: Batch) => typeof at === 'number' && at < oldest;
		const isWanted = (batch: Batch) => [...keys].some((key) => this.belongs(batch, key));
		for await (const page of newestFirst(pages(this.fetchPage, BATCH_PAGE_SIZE))) {
			for (const batch of page) watcher?.see(batch);
			found.push(...page.filter((batch) => !isOld(batch) && isWanted(batch)));
			if (page.slice(-1).every(isPast)) break;
		}
		return found;
	}

	/** Whether a batch was created under the key, also where the server does not keep metadata. */
	belongs(batch: Batch, key: string): boolean {
		const carried = keyOf(batch);
		return carried === undefined
			? this.scope.memory.isCreated(key, batch)
			: isSameContent(carried, key);
	}

	/** Where the user allows it, a server without a list has an empty one. */
	private readonly fetchPage = async (
		start: PageStart,
		limit: number,
	): Promise<ListPage<Batch>> => {
		const { client, scope } = this;
		const isFirst = Object.keys(start).length === 0;
		const result = await tryListBatchPage(client, { ...start, limit });
		if (result.ok) return result.value;
		if (!isFirst || !hasNoList(result.fault)) throw client.error(result.fault);
		this.hasNoList = true;
		if (scope.allowsWithoutList) return { data: [] };
		throw client.error(result.fault, `${NO_LIST}. ${WITHOUT_SEARCH_ADVICE}`);
	};

	/** The error, which also names what this execution has created under the keys. */
	withCreated(error: NodeApiError, keys: Iterable<string>): NodeApiError {
		const created = this.scope.memory.describe(keys, SUBMISSION_KEY);
		const { description } = error;
		// An error inside of an error says it already.
		if (description?.includes(created)) return error;
		error.description = [created, description].filter(Boolean).join(' ');
		return error;
	}
}
