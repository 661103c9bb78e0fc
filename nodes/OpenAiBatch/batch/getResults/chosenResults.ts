import type { IDataObject } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { AnswerCounts } from './answerFaults';
import { AnswerCounter } from './answerFaults';
import type { Job, Selection } from './decide';
import { decide, isWhole, requestsOf } from './decide';
import type { ItemShape } from './resultItem';
import { missingItem, resultItem } from './resultItem';
import type { Tally } from './resultSet';
import { newIdNumbers, ResultSet } from './resultSet';
import type { IdNumbers } from '../../../jsonl/idTable';
import type { OpenAiClient } from '../../../openai/client';
import type { BatchResult } from '../results/batchFiles';
import { readResults } from '../results/batchFiles';
import { hasNeverRun } from '../results/readiness';

export interface ChoiceOptions extends ItemShape {
	/** Whether each result says how many batches had its request. */
	withAttempts: boolean;
	/** Then the input file is read in any case, and shows what is missing whatever the counts say. */
	includeRequest: boolean;
}

/**
 * The results of a batch and its retries that are returned, read as often as needed, without any of
 * them in memory: only a byte for each says whether it is returned. Without retries the first
 * reading decides while it goes on; with retries it comes after one that only decides.
 */
export class ChosenResults {
	/** What became of the requests; undefined before the results were read. */
	tally?: Tally;
	/** How many of the returned results are answers, and how many of those are of no use. */
	answers: AnswerCounts = { answers: 0 };
	/** False when the input file is gone, so that requests without a result could not be found. */
	missingKnown = true;
	/** Whether reading ended when the limit was reached: the counts are not those of the batch. */
	stoppedEarly = false;
	private marks?: Marks[];
	/** Of the reading that goes on. */
	private counter = new AnswerCounter();

	constructor(
		private readonly client: OpenAiClient,
		readonly job: Job,
		private readonly selection: Selection,
		private readonly options: ChoiceOptions,
	) {}

	/**
	 * The items of the results, in the order of the files: those of retries, and missing ones, last.
	 *
	 * @param convert makes of each item what is yielded, before the next result is read
	 * @param numbers of the ids, where the caller needs them too; only the first reading adds to them
	 */
	async *read<T>(convert: (item: IDataObject) => T, numbers = newIdNumbers()): AsyncGenerator<T[]> {
		this.counter = new AnswerCounter();
		const isFirst = this.marks === undefined;
		if (isFirst) yield* this.decide(convert, numbers);
		if (!isFirst || this.job.retries.length > 0) yield* this.readMarked(convert);
		this.answers = this.counter.counts;
	}

	/** How many results are returned; known when they were read. */
	get size(): number {
		return (this.marks ?? []).reduce((sum, { count }) => sum + count, 0);
	}

	/** Decides on all results. Without retries a decision is final, and its result is yielded. */
	private async *decide<T>(
		convert: (item: IDataObject) => T,
		numbers: IdNumbers,
	): AsyncGenerator<T[]> {
		const { client, job, selection } = this;
		const { batch, retries } = job;
		const results = new ResultSet(numbers);
		const marks = [batch, ...retries, 'missing'].map(() => new Marks());
		const isFinal = retries.length === 0;
		const isOver = () => isFinal && selection.isFull;
		const takes = (status: Parameters<Selection['includes']>[0]) =>
			isFinal && selection.includes(status) && selection.take();
		for await (const some of decide(client, job, results, this.options.withAttempts)) {
			const found: T[] = [];
			for (const { result, place, entry } of some) {
				if (entry !== undefined && takes(result.status)) {
					marks[0].set(place, this.firstAttempts + 1);
					found.push(convert(this.item(result, this.firstAttempts)));
				}
				if (isOver()) break;
			}
			if (found.length > 0) yield found;
			if (isOver()) break;
		}
		if (!isOver() && !isWhole(batch, results)) {
			const missing = marks[marks.length - 1];
			for await (const place of this.findMissing(results, marks.length - 1)) {
				if (takes('missing')) missing.set(place, this.firstAttempts + 1);
				if (isOver()) break;
			}
			yield* this.readMissing(missing, convert);
		}
		if (!isFinal) this.choose(results, marks);
		this.marks = marks;
		this.tally = results.tally;
		const total = batch.request_counts?.total ?? Infinity;
		this.stoppedEarly = isOver() && results.tally.total < total;
	}

	private get firstAttempts(): number {
		return hasNeverRun(this.job.batch) ? 0 : 1;
	}

	/** Marks what is returned when all is known that retries have changed. */
	private choose(results: ResultSet, marks: Marks[]): void {
		for (const { batch, place, status, entry } of results.standing()) {
			if (!this.selection.includes(status)) continue;
			marks[batch].set(place, this.firstAttempts + results.attemptsOf(entry) + 1);
		}
		for (const one of marks) one.keep(() => this.selection.take());
	}

	/** Adds the requests without a result. @returns their places in the input file */
	private async *findMissing(results: ResultSet, batch: number): AsyncGenerator<number> {
		const requests = await requestsOf(this.client, this.job.batch);
		if (!requests) {
			this.missingKnown = false;
			return;
		}
		let place = 0;
		for await (const some of requests) {
			for (const { customId } of some) {
				if (results.find(customId).length === 0) {
					results.add({ batch, place }, customId, 'missing', null);
					yield place;
				}
				place++;
			}
		}
	}

	private async *readMarked<T>(convert: (item: IDataObject) => T): AsyncGenerator<T[]> {
		const marks = this.marks!;
		const { batch, retries } = this.job;
		for (const [index, one] of [batch, ...retries].entries()) {
			const chosen = (result: BatchResult, mark: number) => convert(this.item(result, mark - 1));
			const results = () => readResults(this.client, one);
			yield* this.pick(marks[index], results, chosen, `The results of batch ${one.id}`);
		}
		yield* this.readMissing(marks[marks.length - 1], convert);
	}

	private async *readMissing<T>(
		marks: Marks,
		convert: (item: IDataObject) => T,
	): AsyncGenerator<T[]> {
		if (marks.count === 0) return;
		const { batch } = this.job;
		const requests = (await requestsOf(this.client, batch)) ?? [];
		const { withAttempts } = this.options;
		const missing = ({ customId }: { customId: string }, mark: number) =>
			convert({
				...missingItem(customId, batch.id).json,
				...(withAttempts && { attempts: mark - 1 }),
			});
		yield* this.pick(marks, () => requests, missing, `The input file of batch ${batch.id}`);
	}

	/** What is marked among what is read. */
	private async *pick<From, To>(
		marks: Marks,
		read: () => AsyncIterable<Iterable<From>> | Iterable<Iterable<From>>,
		itemOf: (one: From, mark: number) => To,
		what: string,
	): AsyncGenerator<To[]> {
		let left = marks.count;
		if (left === 0) return;
		let place = 0;
		for await (const some of read()) {
			const found: To[] = [];
			for (const one of some) {
				const mark = marks.get(place++);
				if (mark > 0) found.push(itemOf(one, mark));
			}
			left -= found.length;
			if (found.length > 0) yield found;
			if (left === 0) return;
		}
		const { context, options } = this.client;
		throw new NodeOperationError(
			context.getNode(),
			`${what} changed, or went away, while they were read`,
			{ itemIndex: options.itemIndex, description: 'Run the node again.' },
		);
	}

	private item(result: BatchResult, attempts: number): IDataObject {
		const { json, fault } = resultItem(result, this.options);
		this.counter.add(json.status, fault);
		if (this.options.withAttempts) json.attempts = attempts;
		return json;
	}
}

const MAX_MARK = 255;

/** A small number for each result of a batch; zero for those that are not returned. */
class Marks {
	private values = new Uint8Array(1_024);
	private length = 0;
	/** How many are not zero. */
	count = 0;

	get(place: number): number {
		return place < this.length ? this.values[place] : 0;
	}

	set(place: number, value: number): void {
		if (place >= this.values.length) {
			const larger = new Uint8Array(2 * Math.max(place, this.values.length));
			larger.set(this.values);
			this.values = larger;
		}
		this.length = Math.max(this.length, place + 1);
		if (this.values[place] === 0) this.count++;
		this.values[place] = Math.min(value, MAX_MARK);
	}

	/** Sets to zero what is not kept. */
	keep(isKept: () => boolean): void {
		for (let place = 0; place < this.length; place++) {
			if (this.values[place] === 0 || isKept()) continue;
			this.values[place] = 0;
			this.count--;
		}
	}
}
