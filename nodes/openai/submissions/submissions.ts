import type { IExecuteFunctions, NodeApiError } from 'n8n-workflow';
import type { FileIds, PartInput } from './partFiles';
import { filesOf, PartFiles } from './partFiles';
import type { QueueRoom, QueueShare, RoomLimits } from './queue';
import { shareText } from './queue';
import { SafeCreate } from './safeCreate';
import type { CreatedBatch, Place, SubmissionChoices, SubmissionScope } from './submission';
import {
	isAdoptable,
	keyOf,
	oldestOf,
	placeText,
	ROWS_FILE_ID,
	SUBMISSION_KEY,
	SUBMISSION_PART,
	SUBMISSION_TOKENS,
	submissionIdFor,
	submissionIdIn,
	submissionKey,
	submissionScope,
	SubmissionSearch,
} from './submission';
import type { BatchSettings, CreateBatchBody } from '../api/batches';
import { NO_LIST } from '../api/batches';
import type { Batch } from '../api/objects';
import { isFinished } from '../api/objects';
import { isQueueFull } from '../apiErrors';
import type { Fault, OpenAiClient } from '../client';

/** One batch to create: a part of a submission. */
export interface SubmissionPart {
	/** A digest of what the batch does: the same one in the same scope is the same batch. */
	contentHash: string;
	input: PartInput;
	settings: BatchSettings;
	/** Undefined for the retry of a batch that nobody has submitted. */
	place?: Place;
	/** The submission that it belongs to, where it is not that of the scope: a retry's original. */
	submissionId?: string;
	/** Its key, where an earlier execution has given it one. */
	key?: string;
	/** What it takes of the queue of its model, and how much that may hold. */
	share?: QueueShare & RoomLimits;
	/**
	 * What becomes of it when these batches of it failed or were cancelled, newest first. Without this
	 * it is created again.
	 */
	afterAttempts?: (attempts: readonly Batch[]) => 'again' | 'later' | 'never';
}

/** A part that is uploaded and has no batch, because the queue has no room or an earlier part failed. */
export interface UploadedPart extends FileIds {
	key: string;
}

/** A part that is written down, and the batch that it has already, which may still fail. */
export interface ListedPart extends UploadedPart {
	/** From 0. */
	index: number;
	batch?: Batch;
}

/** What became of the parts of submissions. */
export interface Submitted {
	/** In the order of the parts; undefined for what failed, and for what is not even uploaded. */
	parts: Array<CreatedBatch | UploadedPart | undefined>;
	failures: PartFailure[];
}

export interface PartFailure {
	/** The index of the part, from 0. */
	index: number;
	error: unknown;
}

/** Room for batches in the queue of the service. */
export interface Room {
	/** It is filled while the list of batches is read. */
	queue: QueueRoom;
	/**
	 * Writes down the parts at the service, before the first of their batches is created, and returns
	 * the id of the file. Parts that are written down already need none.
	 */
	store?: (parts: readonly ListedPart[]) => Promise<string>;
}

/** What is known of the parts while they are submitted. */
interface Run {
	parts: readonly SubmissionPart[];
	keys: readonly string[];
	/** The batches with these keys. */
	found: Batch[];
	files: PartFiles;
	room: Room | undefined;
}

export const isCreated = (one: CreatedBatch | UploadedPart | undefined): one is CreatedBatch =>
	one !== undefined && 'batch' in one;

const isGone = ({ input }: SubmissionPart) => 'fileId' in input && input.isGone === true;

/**
 * The one door through which batches are created. Every batch carries a key made of its content and
 * of who submits it; the list of batches is searched for the key before anything is uploaded, and a
 * batch that has it is adopted.
 */
export class Submissions {
	private readonly scope: SubmissionScope;
	private readonly search: SubmissionSearch;
	private readonly safeCreate: SafeCreate;
	/** Unix seconds at which the parts began to be submitted. */
	private startedAt = 0;

	/** @param choices without a key, batches are distinguished by execution and node */
	constructor(
		private readonly client: OpenAiClient,
		context: IExecuteFunctions,
		choices: SubmissionChoices,
	) {
		this.scope = submissionScope(context, choices);
		this.search = new SubmissionSearch(client, this.scope);
		this.safeCreate = new SafeCreate(client, this.scope, this.search);
	}

	/** Whether a key of the user's makes other executions find the same batches. */
	get isShared(): boolean {
		return this.scope.isShared;
	}

	/** The keys that the batches of a submission of these parts have here. */
	keysOf(parts: ReadonlyArray<Omit<SubmissionPart, 'input' | 'settings'>>): string[] {
		const { name } = this.scope;
		const hashes = parts.map(({ contentHash }) => contentHash);
		const own = submissionIdFor(name, hashes);
		return parts.map(
			({ contentHash, submissionId = own, key }) =>
				key ?? submissionKey(name, contentHash, submissionId),
		);
	}

	/**
	 * Creates, or adopts, one batch.
	 *
	 * @throws {NodeApiError} that says whether a batch may exist, and where its file is
	 */
	async create(part: SubmissionPart): Promise<CreatedBatch> {
		const { created, failure } = await this.createAll([part]);
		if (failure) throw failure.error as Error;
		return created[0]!;
	}

	/**
	 * Creates, or adopts, the batches of all parts, one after the other. The first part that fails
	 * ends it.
	 *
	 * @returns for each part what exists, also when an earlier part failed: the batches of later ones
	 * may be there from before
	 * @throws {NodeApiError} when the list of batches cannot be read before anything is sent
	 */
	async createAll(
		parts: readonly SubmissionPart[],
	): Promise<{ created: Array<CreatedBatch | undefined>; failure?: PartFailure }> {
		const { parts: all, failures } = await this.submit(parts);
		const created = all.map((one) => (isCreated(one) ? one : undefined));
		return { created, failure: failures[0] };
	}

	/**
	 * Creates, or adopts, the batches for which there is room, in the order of their parts. The others
	 * wait. Before the first is created, all parts are uploaded and written down, so that nothing is
	 * forgotten whatever happens then: also what is created waits again when the service has no room.
	 * A part that fails ends its submission, unless it is only its file that is gone.
	 *
	 * @throws {NodeApiError} when the list of batches cannot be read, or what waits cannot be stored
	 */
	async createWithin(room: Room, parts: readonly SubmissionPart[]): Promise<Submitted> {
		return await this.submit(parts, room);
	}

	private async submit(parts: readonly SubmissionPart[], room?: Room): Promise<Submitted> {
		this.startedAt = Date.now() / 1000;
		const keys = this.keysOf(parts);
		const files = new PartFiles(this.client, this.search);
		if (room) this.noteFiles(parts, keys, files);
		const found = await this.search.find(new Set(keys), room?.queue);
		if (room && this.search.hasNoList) throw this.client.error(WITHOUT_ROOM);
		this.rememberFound(found, keys);
		const run: Run = { parts, keys, found, files, room };
		if (room && parts.some(({ share }) => share?.countsOthers)) {
			await room.queue.measureOthers(this.client);
		}
		const result: Submitted = { parts: [], failures: [] };
		let listId: string | undefined;
		if (room?.store && parts.some((part, index) => !this.standing(run, part, keys[index]))) {
			const stored = await this.storeAll(run, room.store);
			if (typeof stored !== 'string') return stored;
			listId = stored;
		}
		const ended = new Set<string>();
		for (const [index, part] of parts.entries()) {
			const key = keys[index];
			let one: Submitted['parts'][number];
			try {
				const isEnded = ended.has(submissionIdIn(key));
				one = isEnded ? this.adopted(run, part, key) : await this.submitPart(run, part, key);
			} catch (error) {
				if (listId !== undefined) sayListed(error as NodeApiError, listId);
				result.failures.push({ index, error });
				if (!isGone(part)) ended.add(submissionIdIn(key));
			}
			const uploaded = files.known.get(key);
			// What is written down and failed waits: it is tried again with the others.
			if (room && uploaded) one ??= { key, ...uploaded };
			result.parts.push(one);
		}
		return result;
	}

	/**
	 * The files of parts that wait belong to these parts alone. So a batch with such a file is that of
	 * the part, also where the server does not keep metadata.
	 */
	private noteFiles(
		parts: readonly SubmissionPart[],
		keys: readonly string[],
		files: PartFiles,
	): void {
		for (const [index, part] of parts.entries()) {
			if (!('fileId' in part.input)) continue;
			this.scope.memory.noteFile(keys[index], part.input.fileId);
			if (!isGone(part)) files.note(keys[index], part.input);
		}
	}

	/**
	 * Uploads all parts, and writes down at the service what they are.
	 *
	 * @returns the id of the file in which they are listed, or what there is when an upload failed
	 */
	private async storeAll(run: Run, store: NonNullable<Room['store']>): Promise<string | Submitted> {
		const { keys, parts } = run;
		const listed: ListedPart[] = [];
		for (const [index, part] of parts.entries()) {
			const key = keys[index];
			const batch = this.standing(run, part, key);
			try {
				const files = (batch && filesOf(batch)) ?? (await run.files.of(part.input, key));
				if (!batch || !isFinished(batch)) listed.push({ index, key, ...files, batch });
			} catch (error) {
				sayUploaded(error as NodeApiError, run);
				const adopted = parts.map((one, place) => this.adopted(run, one, keys[place]));
				return { parts: adopted, failures: [{ index, error }] };
			}
		}
		try {
			return await store(listed);
		} catch (error) {
			throw this.notStored(error as NodeApiError, run);
		}
	}

	private notStored(error: NodeApiError, run: Run): NodeApiError {
		const notListed = 'The list of the parts could not be stored, so no new batch was created.';
		sayUploaded(error, run);
		error.description = [notListed, error.description].filter(Boolean).join(' ');
		return this.search.withCreated(error, run.keys);
	}

	/** All batches of a part, newest first. */
	private knownOf({ found }: Run, key: string): Batch[] {
		return found.filter((batch) => this.search.belongs(batch, key));
	}

	/** The batch that stands for a part; undefined when it has to be created. */
	private standing(run: Run, part: SubmissionPart, key: string): Batch | undefined {
		const known = this.knownOf(run, key);
		const standing = oldestOf(known.filter(isAdoptable));
		if (standing || known.length === 0) return standing;
		return part.afterAttempts?.(known) === 'never' ? known[0] : undefined;
	}

	/** What there is of a part already. */
	private adopted(run: Run, part: SubmissionPart, key: string): CreatedBatch | undefined {
		const standing = this.standing(run, part, key);
		return standing && asAdopted(standing, key);
	}

	/** Whether a part was refused not long ago, and is tried again only after a while. */
	private isLater(run: Run, part: SubmissionPart, key: string): boolean {
		const known = this.knownOf(run, key);
		return known.length > 0 && part.afterAttempts?.(known) === 'later';
	}

	private async submitPart(
		run: Run,
		part: SubmissionPart,
		key: string,
	): Promise<CreatedBatch | UploadedPart> {
		const { scope } = this;
		const standing = this.standing(run, part, key);
		if (standing) {
			await run.files.compareRows(part.input, standing, key);
			const found = asAdopted(standing, key);
			// Its rivals may not have shown up yet, and one of them may stand in its place.
			const looked =
				scope.isShared && !run.room && isNew(standing)
					? await this.safeCreate.lookAgain(run.keys, found, this.startedAt)
					: undefined;
			return await this.safeCreate.settle(found, key, looked ?? run.found);
		}
		const { share } = part;
		if (this.isLater(run, part, key)) return { key, ...(await run.files.of(part.input, key)) };
		const queue = share && run.room?.queue;
		if (queue && !queue.fits(share)) {
			queue.block(share);
			return { key, ...(await run.files.of(part.input, key)) };
		}
		const one = await this.uploadAndCreate(run, part, key);
		if (!isCreated(one)) {
			queue?.block(share!);
			return one;
		}
		queue?.take(share!);
		// A part may be there twice, when its submission was written down twice.
		run.found = [one.batch, ...run.found];
		// What is written down may be created by Submit Waiting Parts at the same moment.
		const isShared = scope.isShared || run.room !== undefined || part.key !== undefined;
		if (!isShared && !this.safeCreate.isDoubtful.has(key)) return one;
		const looked = await this.safeCreate.lookAgain(run.keys, one, this.startedAt);
		if (looked === undefined) return one;
		const shown = new Set(looked.map(({ id }) => id));
		run.found = [...looked, ...run.found.filter(({ id }) => !shown.has(id))];
		return await this.safeCreate.settle(one, key, run.found);
	}

	private async uploadAndCreate(
		run: Run,
		part: SubmissionPart,
		key: string,
	): Promise<CreatedBatch | UploadedPart> {
		const known = this.knownOf(run, key);
		const unanswered = await this.safeCreate.findUnanswered(key, known);
		if (unanswered) return unanswered;
		const files = await run.files.of(part.input, key);
		const result = await this.safeCreate.create(createBody(files, part, key), key, known);
		if (result.ok) {
			await run.files.dropRows(result.value.batch, key);
			return result.value;
		}
		const { fault } = result;
		// The server's own count says that there is no room.
		if (run.room && part.share && isQueueFull(fault) && !fault.mayHaveExecuted) {
			return { key, ...files };
		}
		if (part.share && fault.mayHaveExecuted) run.room?.queue.take(part.share);
		throw await run.files.createError(fault, key, files, run.room ? undefined : part.input);
	}

	/** What the list shows counts as created in this execution too: the next search may not show it. */
	private rememberFound(found: readonly Batch[], keys: readonly string[]): void {
		const { memory } = this.scope;
		for (const batch of found.filter(isAdoptable)) {
			const key = keys.find((one) => this.search.belongs(batch, one));
			if (key !== undefined && memory.idOf(key) === undefined) memory.noteCreated(key, batch.id);
		}
	}
}

/** Whether a batch was created in the last seconds, as far as the clocks agree. */
const isNew = ({ created_at: at, status }: Batch) =>
	/^validating$/i.test(status) && Math.abs(Date.now() / 1000 - (at ?? 0)) <= NEW_SECONDS;

const NEW_SECONDS = 5;

const asAdopted = (batch: Batch, key: string): CreatedBatch => ({
	batch,
	key: keyOf(batch) ?? key,
	adopted: true,
});

/** Names the files of parts that have no batch yet. */
function sayUploaded(error: NodeApiError, { files }: Run): void {
	if (files.known.size === 0) return;
	const ids = [...files.known.values()]
		.flatMap(({ fileId, rowsFileId = [] }) => [fileId, rowsFileId].flat())
		.join(', ');
	const uploaded = `Run this node again: it uses the files that are uploaded (${ids}).`;
	error.description = [uploaded, error.description].filter(Boolean).join(' ');
}

/** What somebody has to know who runs a workflow again whose parts are written down. */
function sayListed(error: NodeApiError, listId: string): void {
	const listed = `All parts are listed in file ${listId}, and Submit Waiting Parts goes on with them. Before you submit the same items again without a Submission Key, delete this file: otherwise they are paid twice.`;
	error.description = [listed, error.description].filter(Boolean).join(' ');
}

function createBody(
	{ fileId, rowsFileId }: FileIds,
	{ place, settings, share }: SubmissionPart,
	key: string,
): CreateBatchBody {
	const { completionWindow, endpoint, metadata, outputExpiresAfter: seconds } = settings;
	return {
		input_file_id: fileId,
		endpoint,
		completion_window: completionWindow,
		metadata: {
			...metadata,
			[SUBMISSION_KEY]: key,
			...(place && { [SUBMISSION_PART]: placeText(place) }),
			...(share && { [SUBMISSION_TOKENS]: shareText(share) }),
			...(rowsFileId !== undefined && { [ROWS_FILE_ID]: rowsFileId }),
		},
		...(seconds !== undefined && { output_expires_after: { anchor: 'created_at', seconds } }),
	};
}

const WITHOUT_ROOM: Fault = {
	kind: 'source',
	message: `${NO_LIST}, so the room in its queue is not known. Remove the option Max Enqueued Tokens`,
	mayHaveExecuted: false,
};
