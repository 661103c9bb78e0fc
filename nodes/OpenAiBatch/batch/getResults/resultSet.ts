import { randomInt } from 'crypto';
import { IdNumbers, WordTable } from '../../../jsonl/idTable';
import type { ResultError } from '../../../jsonl/resultLine';
import { ErrorCounts } from '../results/batchFiles';
import type { ErrorCount } from '../results/batchFiles';
import type { ResultStatus } from './resultItem';

/** Where a result is. */
export interface Place {
	/** The batch it is from: 0 for the original, then its retries. */
	batch: number;
	/** 0-based, in the order in which the results of this batch are read. */
	place: number;
}

/** What became of all requests together. */
export interface Tally {
	counts: Record<ResultStatus, number>;
	errors: ErrorCounts;
	/** Ids that a batch has more than once, the first of them by name. */
	repeatedIds: string[];
	/** How many results there are, also those that belong to no request. */
	total: number;
}

/** So many ids that come twice are named; the others are counted. */
const MAX_NAMED = 20;

const STATUSES: ResultStatus[] = ['succeeded', 'failed', 'expired', 'cancelled', 'missing'];

/** What is kept of a result; the number after each word is its position. */
const BATCH = 0;
const PLACE = 1;
const STATUS = 2;
const ERROR = 3;
/** The number of its id, plus one. */
const ID = 4;
/** The next result with the same id, plus one. */
const NEXT = 5;

/** What is kept of an id: its first result and its last one, plus one each. */
const FIRST = 0;
const LAST = 1;
/** In how many batches it was, and the last of them that was counted, plus one. */
const ATTEMPTS = 2;
const COUNTED = 3;

/** Numbers with a seed of their own each time, so that nobody can choose ids that look the same. */
export const newIdNumbers = () => new IdNumbers(randomInt(2 ** 32));

/**
 * Decides which result counts for each request of a batch and its retries, whatever the order of
 * the lines. Where one batch has an id twice, as servers have that accept such files, these are two
 * requests. Keeps nothing of the results themselves: some 60 bytes for each, whatever its length.
 */
export class ResultSet {
	readonly tally: Tally = {
		counts: { succeeded: 0, failed: 0, expired: 0, cancelled: 0, missing: 0 },
		errors: new ErrorCounts(),
		repeatedIds: [],
		total: 0,
	};

	private readonly ids = new WordTable(4);
	private readonly entries = new WordTable(6);
	private readonly errors: Array<ErrorCount | undefined> = [undefined];
	private readonly errorNumbers = new Map<ErrorCount, number>();
	private nameless = 0;

	/** @param numbers of ids, which others may use too, for more ids than those of results */
	constructor(private readonly numbers = newIdNumbers()) {}

	/** How many requests have a result. */
	get size(): number {
		return this.tally.total - this.nameless;
	}

	/** The results of a request, in the order in which they arrived; none when there is none yet. */
	find(customId: string): number[] {
		const id = this.numbers.numberOf(customId);
		const found: number[] = [];
		if (id === undefined) return found;
		for (let entry = this.ids.get(id, FIRST); entry > 0;) {
			found.push(entry - 1);
			entry = this.entries.get(entry - 1, NEXT);
		}
		return found;
	}

	/**
	 * Notes that a batch has a request, with or without a result. Batches come one after another.
	 *
	 * @returns how many times it was noted for the first time, 0 or 1
	 */
	noteAttempt(batch: number, customId: string): 0 | 1 {
		const id = this.numbers.add(customId);
		if (this.ids.get(id, COUNTED) === batch + 1) return 0;
		this.ids.set(id, COUNTED, batch + 1);
		this.ids.set(id, ATTEMPTS, this.ids.get(id, ATTEMPTS) + 1);
		return 1;
	}

	/** How many of the batches that were noted have the request of a result. */
	attemptsOf(entry: number): number {
		const id = this.entries.get(entry, ID);
		return id === 0 ? 0 : this.ids.get(id - 1, ATTEMPTS);
	}

	/**
	 * Adds a result. The result of a retry replaces one that did not succeed, and its success any
	 * older one: the newest success counts.
	 *
	 * @returns the number under which it counts for its request; undefined when it does not count
	 */
	add(
		{ batch, place }: Place,
		customId: string | null,
		status: ResultStatus,
		error: ResultError | null,
	): number | undefined {
		const entry = this.entryFor(batch, customId, status);
		if (entry === undefined) return undefined;
		this.entries.set(entry, BATCH, batch);
		this.entries.set(entry, PLACE, place);
		this.settle(entry, status, error);
		return entry;
	}

	/** The results that count, in the order in which their requests first had one. */
	*standing(): Generator<Place & { entry: number; status: ResultStatus }> {
		for (let entry = 0; entry < this.entries.length; entry++) {
			yield {
				entry,
				batch: this.entries.get(entry, BATCH),
				place: this.entries.get(entry, PLACE),
				status: this.statusOf(entry)!,
			};
		}
	}

	/** The entry that a result belongs to; undefined for a failure of what is answered already. */
	private entryFor(
		batch: number,
		customId: string | null,
		status: ResultStatus,
	): number | undefined {
		if (customId === null) {
			this.nameless++;
			return this.newEntry(0);
		}
		const id = this.numbers.add(customId);
		const last = this.ids.get(id, LAST);
		// All that came before in the first batch is of the same batch.
		const known = batch === 0 || last === 0 ? [] : this.find(customId);
		const older = known.filter((one) => this.entries.get(one, BATCH) !== batch);
		if (older.length > 0) {
			const open = older.find((one) => this.statusOf(one) !== 'succeeded');
			return open ?? (status === 'succeeded' ? older[0] : undefined);
		}
		const entry = this.newEntry(id + 1);
		this.ids.set(id, LAST, entry + 1);
		if (last === 0) {
			this.ids.set(id, FIRST, entry + 1);
			return entry;
		}
		this.entries.set(last - 1, NEXT, entry + 1);
		const { repeatedIds } = this.tally;
		const isSecond = last === this.ids.get(id, FIRST);
		if (isSecond && repeatedIds.length < MAX_NAMED) repeatedIds.push(customId);
		return entry;
	}

	private newEntry(id: number): number {
		const entry = this.entries.push();
		this.entries.set(entry, ID, id);
		this.tally.total++;
		return entry;
	}

	private statusOf(entry: number): ResultStatus | undefined {
		return STATUSES[this.entries.get(entry, STATUS) - 1];
	}

	/** Gives a request its status, in place of an earlier one. */
	private settle(entry: number, status: ResultStatus, error: ResultError | null): void {
		const { counts, errors } = this.tally;
		const before = this.statusOf(entry);
		if (before) counts[before]--;
		const earlier = this.errors[this.entries.get(entry, ERROR)];
		if (earlier) earlier.count--;
		counts[status]++;
		this.entries.set(entry, STATUS, STATUSES.indexOf(status) + 1);
		this.entries.set(entry, ERROR, this.errorNumber(error ? errors.add(error) : undefined));
	}

	private errorNumber(error: ErrorCount | undefined): number {
		if (!error) return 0;
		let number = this.errorNumbers.get(error);
		if (number === undefined) {
			number = this.errors.push(error) - 1;
			this.errorNumbers.set(error, number);
		}
		return number;
	}
}
