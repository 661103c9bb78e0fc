import { extractContent } from '../../../endpoints/answers';
import type { AskedJson, Uselessness } from '../../../endpoints/answers/useOfAnswer';
import { askedJson, uselessnessOf } from '../../../endpoints/answers/useOfAnswer';
import { isRetryable, isUnreadable } from '../../../jsonl/resultLine';
import type { Batch, FileObject } from '../../../openai/api/objects';
import { isFinished } from '../../../openai/api/objects';
import type { OpenAiClient } from '../../../openai/client';
import type { BatchResult, ErrorCount } from '../results/batchFiles';
import {
	ErrorCounts,
	findInputFile,
	inputLines,
	readResults,
	requestIn,
} from '../results/batchFiles';

/** Why a request without an answer is to run again: what became of it the first time. */
export const UNFINISHED = ['failed', 'expired', 'cancelled', 'missing'] as const;

/** Why a request is to run again although it has an answer. */
export const USELESS: readonly Uselessness[] = ['cut_off', 'invalid_json', 'refused'];

export type Reason = (typeof UNFINISHED)[number] | Uselessness;

export interface OutcomeOptions {
	/** Answers that succeeded are judged only by what is in here. */
	include: ReadonlySet<Reason>;
	/** Also what ended with an error that would probably repeat. */
	allFailed: boolean;
	/** Also what may have an answer, and been charged, that cannot be read. */
	unreadable: boolean;
}

/** What became of a request: a reason to run it again, or none. */
type Status = 'succeeded' | 'permanent' | 'running' | 'adopted' | Reason;

interface Outcome {
	status: Status;
	error?: ErrorCount;
	/** How many results with this id have an answer. */
	successes: number;
	/** The batch of the newest of them. */
	answeredBy?: string;
	/** Whether it may be an answer that cannot be read. */
	isUnreadable?: boolean;
}

/** How much of the results of one batch could be read. */
interface Reading {
	/** Results that the service counts as completed: it had an answer, whatever that says. */
	answered: number;
	/** Lines without an id, of an unknown form, or that are not JSON. */
	unreadable: number;
	/** Of the first of them. */
	example?: string;
}

/** Why nothing is run again, although results are missing: they may have been charged. */
export class UnreadableResultsError extends Error {
	/** @param of what cannot be read: results, the ids of the requests, or what a retry works on */
	constructor(
		readonly of: 'results' | 'requests' | 'running',
		message: string,
	) {
		super(message);
	}
}

/** Those requests of a batch that this retry has created before, by what had become of them. */
export interface Adopted {
	batch: Batch;
	/** Undefined when its file is gone. */
	requests?: number;
	counts: Record<Reason, number>;
}

/** The counts of all reasons, before anything is counted. */
export const noCounts = (): Record<Reason, number> => ({
	failed: 0,
	expired: 0,
	cancelled: 0,
	missing: 0,
	cut_off: 0,
	invalid_json: 0,
	refused: 0,
});

/** What the results of a batch and of its retries say about the requests, batch by batch. */
export class Outcomes {
	readonly permanentErrors = new ErrorCounts();
	private readonly byId = new Map<string, Outcome>();
	/** What another batch works on, or this retry has created before, whatever became of it elsewhere. */
	private readonly underway = new Map<string, 'running' | 'adopted'>();
	/** The JSON that each request asks for, once for all that ask for the same. */
	private readonly asked = new Map<string, AskedJson>();
	private readonly askedOnce = new Map<string, AskedJson>();
	private readonly judged: boolean;

	constructor(
		private readonly client: OpenAiClient,
		private readonly options: OutcomeOptions,
	) {
		this.judged = USELESS.some((reason) => options.include.has(reason));
	}

	/** What became of a request. Where the user says so, an unreadable answer is a failure. */
	statusOf(customId: string): Status {
		const outcome = this.byId.get(customId);
		if (outcome?.status === 'succeeded') return 'succeeded';
		const underway = this.underway.get(customId);
		if (underway) return underway;
		if (outcome === undefined) return 'missing';
		return outcome.isUnreadable && this.options.unreadable ? 'failed' : outcome.status;
	}

	/** How many results with this id have an answer. */
	successesOf(customId: string): number {
		return this.byId.get(customId)?.successes ?? 0;
	}

	/**
	 * Takes in the results of a finished batch. A success is never replaced by a failure, but by the
	 * success of a newer batch; otherwise the last line counts.
	 *
	 * @param inputFile its requests, which say what JSON they ask for
	 * @throws {UnreadableResultsError} when there are results that cannot be read
	 */
	async read(batch: Batch, inputFile?: FileObject): Promise<void> {
		if (this.options.include.has('invalid_json')) await this.readAsked(batch, inputFile);
		const reading: Reading = { answered: 0, unreadable: 0 };
		for await (const results of readResults(this.client, batch, this.options.unreadable)) {
			for (const result of results) {
				const { customId, error } = result;
				if (wasAnswered(result)) reading.answered++;
				const isLost = error !== null && isUnreadable(error);
				if (customId === null || isLost) {
					reading.unreadable++;
					reading.example ??= error?.message ?? 'It has no custom_id.';
				}
				if (customId !== null) this.take(customId, result, isLost);
			}
		}
		if (!this.options.unreadable) assertReadable(batch, reading);
	}

	/** Takes in an earlier retry: what it has answered, or what it is still working on. */
	async readEarlier(retry: Batch): Promise<void> {
		if (isFinished(retry)) {
			await this.read(retry);
			return;
		}
		const inputFile = await findInputFile(this.client, retry);
		if (inputFile) await this.mark('running', inputFile);
		else if (!this.options.unreadable) {
			throw new UnreadableResultsError('running', unknownWork(retry));
		}
	}

	/**
	 * Takes in a batch that this retry has created before: its requests do not run again, whatever
	 * became of them.
	 */
	async readOwn(batch: Batch): Promise<Adopted> {
		const counts = noCounts();
		const inputFile = await findInputFile(this.client, batch);
		if (!inputFile) return { batch, counts };
		const requests = await this.mark('adopted', inputFile, (id) => {
			const status = this.statusOf(id);
			if (Object.hasOwn(counts, status)) counts[status as Reason]++;
		});
		return { batch, requests, counts };
	}

	private async mark(
		status: 'running' | 'adopted',
		inputFile: FileObject,
		before?: (customId: string) => void,
	): Promise<number> {
		let requests = 0;
		for await (const lines of inputLines(this.client, inputFile)) {
			for (const line of lines) {
				const id = requestIn(line)?.customId;
				if (id === undefined) continue;
				requests++;
				before?.(id);
				this.underway.set(id, status);
				const known = this.byId.get(id);
				if (known?.error) known.error.count--;
				if (known) known.error = undefined;
			}
		}
		return requests;
	}

	private async readAsked(batch: Batch, given?: FileObject): Promise<void> {
		const file = given ?? (await findInputFile(this.client, batch));
		// Without it, the requests are taken for those of the batch before.
		if (!file) return;
		for await (const lines of inputLines(this.client, file)) {
			for (const line of lines) {
				const request = requestIn(line);
				if (!request) continue;
				const asked = askedJson(request.body);
				if (asked) this.asked.set(request.customId, this.once(asked));
				else this.asked.delete(request.customId);
			}
		}
	}

	private once(asked: AskedJson): AskedJson {
		const text = JSON.stringify(asked);
		const known = this.askedOnce.get(text);
		if (known) return known;
		this.askedOnce.set(text, asked);
		return asked;
	}

	private take(customId: string, result: BatchResult, isLost: boolean): void {
		const { error, status, batch } = result;
		const before = this.byId.get(customId);
		const successes = (before?.successes ?? 0) + (status === 'succeeded' ? 1 : 0);
		if (status === 'succeeded') {
			// Of two requests of one batch with the same id, nobody knows which is of no use.
			const isGood = before?.status === 'succeeded' && before.answeredBy === batch.id;
			if (before?.error) before.error.count--;
			const used = isGood ? 'succeeded' : this.useOf(customId, result);
			this.byId.set(customId, { successes, status: used, answeredBy: batch.id });
			return;
		}
		if (successes > 0 || this.underway.has(customId)) return;
		if (before?.error) before.error.count--;
		const { allFailed } = this.options;
		const isPermanent = isLost || (status === 'failed' && !allFailed && !isRetryable(result));
		this.byId.set(customId, {
			successes,
			isUnreadable: isLost,
			status: isPermanent ? 'permanent' : status,
			error: isPermanent ? this.permanentErrors.add(error!) : undefined,
		});
	}

	/** Whether an answer is of use; if not, and if that is a reason to ask again, why. */
	private useOf(customId: string, { batch, body }: BatchResult): 'succeeded' | Uselessness {
		if (!this.judged) return 'succeeded';
		const content = extractContent(batch.endpoint, body);
		const reason = uselessnessOf(content, this.asked.get(customId));
		return reason !== undefined && this.options.include.has(reason) ? reason : 'succeeded';
	}
}

/**
 * Makes sure that nothing was answered that could not be read: it would be charged again.
 *
 * @throws {UnreadableResultsError} that says what is there and could not be read
 */
function assertReadable(batch: Batch, { unreadable, example, answered }: Reading): void {
	const completed = batch.request_counts?.completed ?? 0;
	if (unreadable > 0) {
		throw new UnreadableResultsError(
			'results',
			`${unreadable} of the results of batch ${batch.id} cannot be read, or matched to their requests. The first one: ${example}`,
		);
	}
	if (completed <= answered) return;
	throw new UnreadableResultsError(
		'results',
		`Batch ${batch.id} counts ${completed} completed requests, but its files have ${answered} with an answer`,
	);
}

/** Whether a result has an answer of the endpoint under a good status. */
function wasAnswered({ body, error, status, statusCode }: BatchResult): boolean {
	if (status === 'succeeded') return true;
	if ((error !== null && isUnreadable(error)) || body === null) return false;
	return statusCode === null || (statusCode >= 200 && statusCode < 300);
}

function unknownWork({ id }: Batch): string {
	return `Batch ${id}, an earlier retry, is not finished, and its input file cannot be read, so it is not known which requests it runs`;
}
