import type { CreatedBatch, SubmissionScope, SubmissionSearch } from './submission';
import {
	isAdoptable,
	keyOf,
	oldestOf,
	RIVALS_WITHIN,
	rowsFileOf,
	SUBMISSION_KEY,
} from './submission';
import type { CreateBatchBody } from '../api/batches';
import { cancelBatch, findBatch, NO_LIST, tryCreateBatch } from '../api/batches';
import { deleteFile } from '../api/files';
import type { Batch } from '../api/objects';
import { isFinished, statusOf } from '../api/objects';
import { isWorthRepeating } from '../apiErrors';
import type { Fault, OpenAiClient, Result } from '../client';
import { CANCELLED } from '../client';

/** How long to wait before each look for a batch whose create had no answer: lists may lag. */
const LOOK_AFTER_MS = [2_000, 5_000, 10_000];

/**
 * How long after its creates an execution looks for those of others under the same key. The list
 * may lag by a second; see docs/reliability.md for what a longer lag means.
 */
const SETTLE_AFTER_MS = 2_000;

const MAX_CREATES = 3;

/**
 * Sends creates of batches. The API has no idempotency, and a second create is paid twice. So after
 * every fault in which the server may have created the batch, the list is searched for it by its
 * key, several times since it may lag, before another create is sent.
 */
export class SafeCreate {
	/** Keys under which more than one create was sent. */
	readonly isDoubtful = new Set<string>();

	constructor(
		private readonly client: OpenAiClient,
		private readonly scope: SubmissionScope,
		private readonly search: SubmissionSearch,
	) {}

	/**
	 * The batch of a create without an answer, which an earlier run of the node in this execution may
	 * have sent; undefined where none was sent, or none had an effect.
	 *
	 * @param known the batches found with this key, none of which is adopted
	 * @throws {NodeApiError} when it is not known whether it had one
	 */
	async findUnanswered(key: string, known: readonly Batch[]): Promise<CreatedBatch | undefined> {
		if (!this.scope.memory.isUnanswered(key)) return undefined;
		const { batch, failure } = await this.lookFor(key, known);
		if (batch) return this.done(batch, key, true);
		if (!failure) return undefined;
		const file = this.scope.memory.fileOf(key);
		throw this.client.error(failure, `${perhapsCreated(key)}; its input file is ${file}`);
	}

	/**
	 * Creates a batch, or finds the one that an earlier create without an answer has made.
	 *
	 * @param known the batches found with this key, none of which is adopted
	 */
	async create(
		body: CreateBatchBody,
		key: string,
		known: readonly Batch[],
	): Promise<Result<CreatedBatch>> {
		const { memory } = this.scope;
		let isPossible = memory.isUnanswered(key);
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

	/**
	 * Reads the list once more, shortly after a create: another execution may have created the same
	 * batch at the same moment, or an earlier create that seemed lost may show up late.
	 *
	 * @param startedAt when the execution began to submit, in unix seconds
	 * @returns undefined when it cannot be read, which a hint says
	 */
	async lookAgain(
		keys: readonly string[],
		{ batch }: CreatedBatch,
		startedAt: number,
	): Promise<Batch[] | undefined> {
		if (this.search.hasNoList || !(await this.client.pause(SETTLE_AFTER_MS))) return undefined;
		try {
			return await this.search.findSince(startedAt, new Set(keys));
		} catch (error) {
			this.client.hint(unsettled(batch.id, error));
			return undefined;
		}
	}

	/**
	 * Of several batches with one key the oldest stands. A younger one is cancelled by the execution
	 * that created it, whose batches are known by the input file that it has sent. That execution may
	 * have died before, or could not look; so a later one does so too, but only while the batch is
	 * validated, which costs nothing.
	 *
	 * @param one the batch that was found before anything was created, or that was created
	 */
	async settle(one: CreatedBatch, key: string, found: readonly Batch[]): Promise<CreatedBatch> {
		const live = found.filter((batch) => this.search.belongs(batch, key) && isAdoptable(batch));
		const file = this.scope.memory.fileOf(key);
		for (let oldest = oldestOf(live); oldest !== undefined; oldest = oldestOf(live)) {
			const { id } = oldest;
			const younger = live.filter((batch) => batch.id !== id);
			const own = younger.filter(
				({ input_file_id: input }) => input === file && file !== undefined,
			);
			const toGiveUp = one.isOfThisRun
				? own
				: younger.filter((batch) => own.includes(batch) || isAbandoned(batch, oldest!));
			if (toGiveUp.length === 0 && id === one.batch.id) return one;
			let standing: Batch | undefined;
			try {
				standing = await findBatch(this.client, id);
			} catch (error) {
				this.client.hint(rivals(id, younger, error));
				return one;
			}
			if (standing === undefined || !isAdoptable(standing)) {
				// Its own execution may have given it up meanwhile, for a batch that is not seen here.
				live.splice(live.indexOf(oldest), 1);
				continue;
			}
			for (const batch of toGiveUp) {
				if (own.includes(batch)) await this.giveUp(batch, standing);
				else await this.giveUpAbandoned(batch, standing);
			}
			if (id === one.batch.id) return one;
			this.scope.memory.noteCreated(key, id);
			const isOfThisRun = own.length > 0;
			return { batch: standing, key: keyOf(standing) ?? key, adopted: true, isOfThisRun };
		}
		return one;
	}

	/** Nobody knows that nobody waits for it, so a hint says what became of it. */
	private async giveUpAbandoned({ id }: Batch, standing: Batch): Promise<void> {
		const now = await findBatch(this.client, id).catch(() => undefined);
		if (!now || !isAdoptable(now) || !isAbandoned(now, standing)) return;
		if (await this.giveUp(now, standing)) this.client.hint(givenUp(id, standing.id));
	}

	/** @returns whether it was cancelled; a hint says why not */
	private async giveUp(batch: Batch, standing: Batch): Promise<boolean> {
		try {
			if (!isFinished(batch)) await cancelBatch(this.client, batch.id);
		} catch (error) {
			// Another execution may have cancelled it meanwhile.
			const now = await findBatch(this.client, batch.id).catch(() => batch);
			if (now && isAdoptable(now)) {
				this.client.hint(
					isFinished(now)
						? ranTwice(batch.id, standing.id)
						: notYielded(batch.id, standing.id, error),
				);
				return false;
			}
		}
		await this.dropRows(batch, standing);
		return true;
	}

	/** The rows of a batch that was given up. Retries of one batch, and parts that wait, share theirs. */
	private async dropRows(batch: Batch, standing: Batch): Promise<void> {
		const rowsFileId = rowsFileOf(batch);
		if (rowsFileId === undefined || rowsFileId === rowsFileOf(standing)) return;
		await deleteFile(this.client, rowsFileId).catch(() => undefined);
	}

	private done(batch: Batch, key: string, adopted: boolean): CreatedBatch {
		this.scope.memory.noteCreated(key, batch.id);
		if (keyOf(batch) === undefined) this.client.hint(withoutMetadata(batch.id));
		return { batch, key: keyOf(batch) ?? key, adopted, isOfThisRun: true };
	}
}

/** What an error says when it is not known whether a create had an effect. */
export const perhapsCreated = (key: string) =>
	`The batch may or may not have been created (look for ${SUBMISSION_KEY} ${key} in its metadata, or run the node again: it looks first)`;

const withoutMetadata = (id: string) =>
	`The server returned batch ${id} without its metadata. If it does not keep them, another run of this workflow does not find the batch, and creates a second one.`;

const unknown = (kind: Fault['kind'], message: string): Fault => ({
	kind,
	message,
	mayHaveExecuted: true,
});

/** Whether a batch was created beside an older one of the same content, and costs nothing yet. */
const isAbandoned = (batch: Batch, older: Batch) =>
	statusOf(batch) === 'validating' &&
	(batch.created_at ?? Infinity) - (older.created_at ?? 0) <= RIVALS_WITHIN;

const reasonOf = (error: unknown) => (error as Error).message;

const unsettled = (id: string, error: unknown) =>
	`Batch ${id} was created. Whether another execution has created the same batch at the same moment is not known, because the list of batches could not be read: ${reasonOf(error)}. The next run under the same key looks again.`;

const rivals = (oldest: string, younger: readonly Batch[], error: unknown) =>
	`Batches ${[oldest, ...younger.map(({ id }) => id)].join(' and ')} have the same requests. Batch ${oldest} is the oldest, but it could not be read: ${reasonOf(error)}. If it runs, cancel the others to avoid paying for them.`;

const givenUp = (id: string, standing: string) =>
	`Batches ${standing} and ${id} were created for the same requests at the same moment. Batch ${id} was cancelled before any of its requests ran.`;

const ranTwice = (id: string, standing: string) =>
	`Batches ${standing} and ${id} were created for the same requests at the same moment, and batch ${id} could not be cancelled before it ended. Both are paid.`;

const notYielded = (id: string, standing: string, error: unknown) =>
	`Batches ${standing} and ${id} were created for the same requests at the same moment. Batch ${id} is not needed, but it could not be cancelled: ${reasonOf(error)}. Cancel it to avoid paying for it.`;
