import type { CreatedBatch, SubmissionScope, SubmissionSearch } from './submission';
import { isAdoptable, keyOf, oldestOf, SUBMISSION_KEY } from './submission';
import type { CreateBatchBody } from '../api/batches';
import { NO_LIST, tryCreateBatch } from '../api/batches';
import type { Batch } from '../api/objects';
import { isWorthRepeating } from '../apiErrors';
import type { Fault, OpenAiClient, Result } from '../client';
import { CANCELLED } from '../client';

/** How long to wait before each look for a batch whose create had no answer: lists may lag. */
const LOOK_AFTER_MS = [2_000, 5_000, 10_000];

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
