import type { IExecuteFunctions, NodeApiError } from 'n8n-workflow';
import type { CreatedBatch, Place, SubmissionChoices, SubmissionScope } from './submission';
import {
	isAdoptable,
	keyOf,
	oldestOf,
	placeText,
	SUBMISSION_KEY,
	SUBMISSION_PART,
	SUBMISSION_TOKENS,
	submissionIdFor,
	submissionKey,
	submissionScope,
	SubmissionSearch,
} from './submission';
import type { QueueRoom, QueueShare } from './waiting';
import { shareText } from './waiting';
import type { BatchSettings, CreateBatchBody } from '../api/batches';
import { cancelBatch, findBatch, NO_LIST, tryCreateBatch } from '../api/batches';
import { deleteFile, uploadSafely } from '../api/files';
import type { Batch } from '../api/objects';
import { isFinished } from '../api/objects';
import { isQueueFull, isWorthRepeating } from '../apiErrors';
import type { Fault, OpenAiClient, Result, UploadSource } from '../client';
import { CANCELLED } from '../client';

/** How long to wait before each look for a batch whose create had no answer: lists may lag. */
const LOOK_AFTER_MS = [2_000, 5_000, 10_000];

const MAX_CREATES = 3;

/**
 * How long after its creates an execution looks for those of others under the same key. The list
 * may lag by a second; see docs/reliability.md for what a longer lag means.
 */
const SETTLE_AFTER_MS = 2_000;

/** A file of requests that is uploaded for a batch, and deleted when the batch is refused. */
export interface NewInputFile extends Omit<UploadSource, 'fileName' | 'contentType'> {
	/** Given the key, so that the name belongs to this content alone. */
	fileName: (key: string) => string;
	/** Seconds. */
	expiresAfter: number | undefined;
	/** The id of the file that an earlier try has uploaded, where that can be found out. */
	earlier?: (key: string) => Promise<string | undefined>;
}

/** One batch to create: a part of a submission. */
export interface SubmissionPart {
	/** A digest of what the batch does: the same one in the same scope is the same batch. */
	contentHash: string;
	/** A file that is at the service already is used as it is, and never deleted. */
	input: NewInputFile | { fileId: string; isGone?: boolean };
	/** Undefined for the retry of a batch that nobody has submitted. */
	place?: Place;
	/** The submission that it belongs to, where it is not that of the scope: a retry's original. */
	submissionId?: string;
	/** Its key, where an earlier execution has given it one. */
	key?: string;
	/** What it takes of the queue of its model, where that has a limit. */
	share?: QueueShare;
	/**
	 * Whether it is created again, although these batches of it failed or were cancelled. Without
	 * this it always is.
	 */
	isTriedAgain?: (spent: readonly Batch[]) => boolean;
}

/** A part that is uploaded and has no batch, since there is no room for it. */
export interface UploadedPart {
	key: string;
	fileId: string;
}

/** What became of the parts of a submission, in their order. */
export interface Submitted {
	created: Array<CreatedBatch | UploadedPart>;
	/** Why the part after them failed, which ended it. */
	failure?: unknown;
}

export const isCreated = (one: CreatedBatch | UploadedPart): one is CreatedBatch => 'batch' in one;

/**
 * The one door through which batches are created. The API has no idempotency, and a second create
 * is paid twice. So every batch carries a key made of its content and of who submits it; the list
 * of batches is searched for the key before anything is uploaded, and a batch that has it is
 * adopted. After every fault in which the server may have created the batch, the list is searched
 * again, several times since it may lag, before another create is sent.
 */
export class Submissions {
	private readonly scope: SubmissionScope;
	private readonly search: SubmissionSearch;
	/** Keys under which more than one create was sent. */
	private readonly isDoubtful = new Set<string>();
	private isResumed = false;

	/** @param choices without a key, batches are distinguished by execution and node */
	constructor(
		private readonly client: OpenAiClient,
		context: IExecuteFunctions,
		choices: SubmissionChoices,
	) {
		this.scope = submissionScope(context, choices);
		this.search = new SubmissionSearch(client, this.scope);
	}

	/** The keys that the batches of a submission of these parts have here. */
	keysOf(
		parts: ReadonlyArray<Pick<SubmissionPart, 'contentHash' | 'submissionId' | 'key'>>,
	): string[] {
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
	async create(part: SubmissionPart, settings: BatchSettings): Promise<CreatedBatch> {
		const { created, failure } = await this.createAll([part], settings);
		if (failure !== undefined) throw failure as Error;
		return created[0];
	}

	/**
	 * Creates, or adopts, the batches of all parts, one after the other. The first part that fails
	 * ends it.
	 *
	 * @returns what exists, in the order of the parts, also when a later part failed
	 * @throws {NodeApiError} when the list of batches cannot be read before anything is sent
	 */
	async createAll(
		parts: readonly SubmissionPart[],
		settings: BatchSettings,
	): Promise<{ created: CreatedBatch[]; failure?: unknown }> {
		const { created, failure } = await this.submit(parts, settings);
		return { created: created.filter(isCreated), failure };
	}

	/**
	 * As `createAll`, but creates only the batches for which there is room. The other parts are
	 * uploaded.
	 *
	 * @param room the limits; it is filled while the list of batches is read
	 */
	async createWithin(
		room: QueueRoom,
		parts: readonly SubmissionPart[],
		settings: BatchSettings,
	): Promise<Submitted> {
		return await this.submit(parts, settings, room);
	}

	private async submit(
		parts: readonly SubmissionPart[],
		settings: BatchSettings,
		room?: QueueRoom,
	): Promise<Submitted> {
		const keys = this.keysOf(parts);
		let found = await this.search.find(new Set(keys), room);
		await room?.measure(this.client);
		this.rememberFound(found, keys);
		const created: Submitted['created'] = [];
		// Without a batch of the submission, nothing of it was uploaded before.
		this.isResumed = found.length > 0;
		for (const [index, part] of parts.entries()) {
			const key = keys[index];
			const known = found.filter((batch) => this.search.belongs(batch, key));
			const isOver = known.length > 0 && part.isTriedAgain?.(known) === false;
			const existing = oldestOf(known.filter(isAdoptable)) ?? (isOver ? known[0] : undefined);
			if (existing) {
				const adopted = { batch: existing, key: keyOf(existing) ?? key, adopted: true };
				const hasSent = this.scope.memory.fileOf(key) !== undefined;
				created.push(hasSent ? await this.settle(adopted, key, found) : adopted);
				continue;
			}
			const fits = !room || !part.share || room.fits(part.share);
			try {
				created.push(
					fits
						? await this.uploadAndCreate(part, settings, key, known)
						: { key, fileId: await this.fileOf(part, key) },
				);
			} catch (error) {
				return { created, failure: error };
			}
			const one = created[index];
			if (!isCreated(one)) {
				if (part.share) room?.block(part.share);
				continue;
			}
			if (part.share) room?.take(part.share);
			if (!this.scope.isShared && !this.isDoubtful.has(key)) continue;
			const looked = await this.lookAgain(keys, one);
			if (looked === undefined) continue;
			found = looked;
			created[index] = await this.settle(one, key, found);
		}
		return { created };
	}

	/** The id of the file of a part, which is uploaded where it is not there yet. */
	private async fileOf({ input }: SubmissionPart, key: string): Promise<string> {
		if ('fileId' in input) {
			if (input.isGone) throw this.client.error(gone(input.fileId));
			return input.fileId;
		}
		const earlier = this.isResumed ? await input.earlier?.(key) : undefined;
		return earlier ?? (await this.upload(input, key));
	}

	/**
	 * Reads the list once more, shortly after a create: another execution may have created the same
	 * batch at the same moment, or an earlier create that seemed lost may show up late.
	 *
	 * @returns undefined when it cannot be read, which a hint says
	 */
	private async lookAgain(
		keys: readonly string[],
		{ batch }: CreatedBatch,
	): Promise<Batch[] | undefined> {
		if (this.search.hasNoList || !(await this.client.pause(SETTLE_AFTER_MS))) return undefined;
		try {
			return await this.search.find(new Set(keys));
		} catch (error) {
			this.client.hint(unsettled(batch.id, error));
			return undefined;
		}
	}

	/**
	 * Of several batches with one key the oldest stands. A younger one is cancelled by the execution
	 * that created it, while it is validated, which costs nothing. Its own batches are known by the
	 * input file that it has sent.
	 */
	private async settle(
		one: CreatedBatch,
		key: string,
		found: readonly Batch[],
	): Promise<CreatedBatch> {
		const live = found.filter((batch) => this.search.belongs(batch, key) && isAdoptable(batch));
		const oldest = oldestOf(live);
		const isAlone = live.length === 1 && oldest?.id === one.batch.id;
		if (oldest === undefined || isAlone) return one;
		// Its own execution may have given it up meanwhile, for a batch that is not seen here.
		const standing = await findBatch(this.client, oldest.id).catch(() => undefined);
		if (standing === undefined || !isAdoptable(standing)) return one;
		const file = this.scope.memory.fileOf(key);
		const own = live.filter(
			({ id, input_file_id: input }) => id !== oldest.id && input === file && file !== undefined,
		);
		for (const batch of own) await this.giveUp(batch, standing.id);
		if (standing.id === one.batch.id) return one;
		this.scope.memory.noteCreated(key, standing.id);
		return { batch: standing, key: keyOf(standing) ?? key, adopted: true };
	}

	private async giveUp(batch: Batch, standingId: string): Promise<void> {
		try {
			if (!isFinished(batch)) await cancelBatch(this.client, batch.id);
		} catch (error) {
			this.client.hint(notYielded(batch.id, standingId, error));
		}
	}

	private async uploadAndCreate(
		part: SubmissionPart,
		settings: BatchSettings,
		key: string,
		known: readonly Batch[],
	): Promise<CreatedBatch | UploadedPart> {
		const { input } = part;
		// An earlier run of the node in this execution may have sent a create without an answer.
		const mayExist = this.scope.memory.isUnanswered(key);
		if (mayExist) {
			const look = await this.lookFor(key, known);
			if (look.batch) return this.done(look.batch, key, true);
			if (look.failure) throw this.unanswered(look.failure, key);
		}
		const fileId = await this.fileOf(part, key);
		const body = createBody(fileId, settings, {
			[SUBMISSION_KEY]: key,
			...(part.place && { [SUBMISSION_PART]: placeText(part.place) }),
			...(part.share && { [SUBMISSION_TOKENS]: shareText(part.share) }),
		});
		const result = await this.createOnce(body, key, known, mayExist);
		if (result.ok) return result.value;
		// The server's own count says that there is no room.
		if (part.share && isQueueFull(result.fault) && !result.fault.mayHaveExecuted) {
			return { key, fileId };
		}
		throw await this.createError(result.fault, key, input, fileId);
	}

	private done(batch: Batch, key: string, adopted: boolean): CreatedBatch {
		this.scope.memory.noteCreated(key, batch.id);
		if (keyOf(batch) === undefined) this.client.hint(withoutMetadata(batch.id));
		return { batch, key: keyOf(batch) ?? key, adopted };
	}

	private async upload(
		{ bytes, expiresAfter, fileName, open }: NewInputFile,
		key: string,
	): Promise<string> {
		try {
			const file = await uploadSafely(this.client, {
				source: { fileName: fileName(key), contentType: 'application/jsonl', bytes, open },
				purpose: 'batch',
				expiresAfterSeconds: expiresAfter,
			});
			return file.id;
		} catch (error) {
			throw this.search.withCreated(error as NodeApiError, [key]);
		}
	}

	/**
	 * @param known the batches found with this key, none of which is adopted
	 * @param mayExist whether an earlier create had no answer
	 */
	private async createOnce(
		body: CreateBatchBody,
		key: string,
		known: readonly Batch[],
		mayExist: boolean,
	): Promise<Result<CreatedBatch>> {
		const { memory } = this.scope;
		let isPossible = mayExist;
		for (let attempt = 1; ; attempt++) {
			// A list that lags for longer than it is looked at may still hide the earlier one.
			if (isPossible) this.isDoubtful.add(key);
			memory.noteSent(key, body.input_file_id);
			const result = await tryCreateBatch(this.client, body);
			if (result.ok) return { ok: true, value: this.done(result.value, key, false) };
			const { fault } = result;
			isPossible ||= fault.mayHaveExecuted;
			if (!isPossible) memory.forget(key);
			const failed = { ok: false as const, fault: { ...fault, mayHaveExecuted: isPossible } };
			if (!fault.mayHaveExecuted) return failed;
			const look = await this.lookFor(key, known);
			if (look.batch) return { ok: true, value: this.done(look.batch, key, true) };
			if (look.failure || !isWorthRepeating(fault) || attempt >= MAX_CREATES) return failed;
		}
	}

	/**
	 * Looks several times for a batch whose create had no answer.
	 *
	 * @returns `failure` when the list could not be read, which proves nothing
	 */
	private async lookFor(
		key: string,
		known: readonly Batch[],
	): Promise<{ batch?: Batch; failure?: Fault }> {
		const spent = new Set(known.map(({ id }) => id));
		let failure: Fault | undefined;
		for (const wait of LOOK_AFTER_MS) {
			if (!(await this.client.pause(wait))) return { failure: unknown('cancelled', CANCELLED) };
			failure = undefined;
			try {
				const found = await this.search.find(new Set([key]));
				const fresh = found.filter(({ id }) => !spent.has(id));
				// A batch that has failed meanwhile is the answer, too.
				const batch = oldestOf(fresh.filter(isAdoptable)) ?? fresh[0];
				if (batch) return { batch };
				if (this.search.hasNoList) return { failure: unknown('connection', NO_LIST) };
			} catch (error) {
				const message = `The list of batches could not be read: ${(error as Error).message}`;
				failure = unknown('connection', message);
			}
		}
		return { failure };
	}

	/** What the list shows counts as created in this execution too: the next search may not show it. */
	private rememberFound(found: readonly Batch[], keys: readonly string[]): void {
		const { memory } = this.scope;
		for (const batch of found.filter(isAdoptable)) {
			const key = keys.find((one) => this.search.belongs(batch, one));
			if (key !== undefined && memory.idOf(key) === undefined) memory.noteCreated(key, batch.id);
		}
	}

	/** The error when it is still not known whether an earlier create had an effect. */
	private unanswered(fault: Fault, key: string): NodeApiError {
		const file = this.scope.memory.fileOf(key);
		return this.client.error(fault, `${perhapsCreated(key)}; its input file is ${file}`);
	}

	/** Cleans up after a create that failed, and says what may exist and what is left behind. */
	private async createError(
		fault: Fault,
		key: string,
		input: SubmissionPart['input'],
		fileId: string,
	): Promise<NodeApiError> {
		const said = fault.mayHaveExecuted ? perhapsCreated(key) : 'The batch was not created';
		if ('fileId' in input) return this.client.error(fault, said);
		if (fault.mayHaveExecuted) {
			return this.client.error(fault, `${said}; its input file is ${fileId}`);
		}
		if (isQueueFull(fault)) {
			return this.client.error(
				fault,
				`${said}; its input file ${fileId} is kept, for the operation Create`,
			);
		}
		const isDeleted = await deleteFile(this.client, fileId).then(
			() => true,
			() => false,
		);
		// After an upload without an answer there may be another copy, which goes by the same name.
		const left = isDeleted
			? `its input file ${input.fileName(key)} was deleted`
			: `its input file ${fileId} is left behind`;
		return this.client.error(fault, `${said}, ${left}`);
	}
}

const reasonOf = (error: unknown) => (error as Error).message;

const perhapsCreated = (key: string) =>
	`The batch may or may not have been created (look for ${SUBMISSION_KEY} ${key} in its metadata, or run the node again: it looks first)`;

const unsettled = (id: string, error: unknown) =>
	`Batch ${id} was created. Whether another execution has created the same batch at the same moment is not known, because the list of batches could not be read: ${reasonOf(error)}.`;

const notYielded = (id: string, standing: string, error: unknown) =>
	`Another execution created batch ${standing} at the same moment, so batch ${id} of this execution is not needed, but it could not be cancelled: ${reasonOf(error)}. Cancel it to avoid paying for it.`;

const withoutMetadata = (id: string) =>
	`The server returned batch ${id} without its metadata. If it does not keep them, another run of this workflow does not find the batch, and creates a second one.`;

function createBody(
	inputFileId: string,
	{ endpoint, completionWindow, metadata, outputExpiresAfter: seconds }: BatchSettings,
	ours: Record<string, string>,
): CreateBatchBody {
	return {
		input_file_id: inputFileId,
		endpoint,
		completion_window: completionWindow,
		metadata: { ...metadata, ...ours },
		...(seconds !== undefined && { output_expires_after: { anchor: 'created_at', seconds } }),
	};
}

const gone = (fileId: string): Fault => ({
	kind: 'source',
	message: `The service does not have its input file ${fileId} any more`,
	mayHaveExecuted: false,
});

const unknown = (kind: Fault['kind'], message: string): Fault => ({
	kind,
	message,
	mayHaveExecuted: true,
});
