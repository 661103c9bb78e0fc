import type { ResultError } from '../../../jsonl/resultLine';
import { ErrorCounts } from '../results/batchFiles';
import type { ErrorCount } from '../results/batchFiles';
import type { ResultItem, ResultStatus } from './resultItem';

/** Which results are returned. */
export interface Wanted {
	include: ReadonlySet<ResultStatus>;
	/** How many of those to skip, in the order in which they arrive. */
	offset: number;
	limit: number;
}

/** What became of one request. */
export interface Entry {
	/** Null for a line that belongs to no request. */
	readonly customId: string | null;
	/** The batch that the result is from. */
	batchId: string;
	status?: ResultStatus;
	/** Only for results that are returned: what the reader has made of the result. */
	item?: ResultItem;
	/** Its position among the results with the wanted statuses. */
	place?: number;
	error?: ErrorCount;
}

/** In how many batches a request was, as far as it has results. */
interface Attempts {
	count: number;
	/** The last batch that was counted. */
	batchId: string;
}

/** So many ids that come twice are named; the others are counted. */
const MAX_NAMED = 20;

/**
 * The results of a batch and its retries, one for each request, whatever the order of the lines.
 * Where one batch has an id twice, as servers have that accept such files, these are two requests.
 * Keeps the items of the results that are returned, and only the ids of the others.
 */
export class ResultSet {
	readonly counts: Record<ResultStatus, number> = {
		succeeded: 0,
		failed: 0,
		expired: 0,
		cancelled: 0,
		missing: 0,
	};
	readonly errors = new ErrorCounts();

	/** Ids that a batch has more than once, the first of them by name. */
	readonly repeatedIds: string[] = [];

	private readonly entries = new Map<string, Entry>();
	/** The further results of ids that come more than once. */
	private readonly repeated = new Map<string, Entry[]>();
	private repetitions = 0;
	/** Lines without a custom_id belong to no request. They are returned all the same. */
	private nameless = 0;
	private places = 0;
	private readonly held: Entry[] = [];
	private readonly attempts = new Map<string, Attempts>();

	constructor(private readonly wanted: Wanted) {}

	/** How many requests have a result. */
	get size(): number {
		return this.entries.size + this.repetitions;
	}

	get total(): number {
		return this.size + this.nameless;
	}

	/** Whether all wanted results are there, so that the rest need not be read. */
	get isFull(): boolean {
		return this.held.length >= this.wanted.limit;
	}

	/** What is returned, in the order in which it arrived. */
	get included(): Array<Required<Pick<Entry, 'item'>> & Entry> {
		return this.held.filter(
			(entry): entry is Required<Pick<Entry, 'item'>> & Entry => !!entry.item,
		);
	}

	/** The entries with an id, in the order in which they arrived; none when it has no result yet. */
	find(customId: string): Entry[] {
		const first = this.entries.get(customId);
		return first ? [first, ...(this.repeated.get(customId) ?? [])] : [];
	}

	/**
	 * Notes that a batch has a request, with or without a result. Batches come one after another.
	 *
	 * @returns how many times it was noted for the first time, 0 or 1
	 */
	noteAttempt(batchId: string, customId: string): 0 | 1 {
		const known = this.attempts.get(customId);
		if (known?.batchId === batchId) return 0;
		this.attempts.set(customId, { count: (known?.count ?? 0) + 1, batchId });
		return 1;
	}

	/** How many of the batches that were noted have a request. */
	attemptsOf(customId: string | null): number {
		return (customId !== null && this.attempts.get(customId)?.count) || 0;
	}

	/**
	 * Adds a result. The result of a retry replaces one that did not succeed, and its success any
	 * older one: the newest success counts.
	 *
	 * @returns the entry to put the item into; undefined when the result is not returned
	 */
	add(
		{ batchId, customId }: Pick<Entry, 'batchId' | 'customId'>,
		status: ResultStatus,
		error: ResultError | null,
	): Entry | undefined {
		const entry = this.entryFor(batchId, customId, status);
		if (!entry) return undefined;
		entry.batchId = batchId;
		this.settle(entry, status, error);
		return this.isHeld(entry) ? entry : undefined;
	}

	/** The entry that a result belongs to; undefined for a failure of what is answered already. */
	private entryFor(
		batchId: string,
		customId: string | null,
		status: ResultStatus,
	): Entry | undefined {
		const entry: Entry = { batchId, customId };
		if (customId === null) {
			this.nameless++;
			return entry;
		}
		const known = this.find(customId);
		if (known.length === 0) {
			this.entries.set(customId, entry);
			return entry;
		}
		const older = known.filter((one) => one.batchId !== batchId);
		if (older.length > 0) {
			const open = older.find((one) => one.status !== 'succeeded');
			return open ?? (status === 'succeeded' ? older[0] : undefined);
		}
		const others = this.repeated.get(customId);
		if (others) others.push(entry);
		else {
			this.repeated.set(customId, [entry]);
			if (this.repeatedIds.length < MAX_NAMED) this.repeatedIds.push(customId);
		}
		this.repetitions++;
		return entry;
	}

	/** Gives a request its status, in place of an earlier one, and a place if that is wanted. */
	private settle(entry: Entry, status: ResultStatus, error: ResultError | null): void {
		if (entry.status) this.counts[entry.status]--;
		if (entry.error) entry.error.count--;
		entry.status = status;
		entry.error = error ? this.errors.add(error) : undefined;
		entry.item = undefined;
		this.counts[status]++;
		if (!this.wanted.include.has(status) || entry.place !== undefined) return;
		entry.place = this.places++;
		const { offset } = this.wanted;
		if (entry.place >= offset && !this.isFull) this.held.push(entry);
	}

	private isHeld({ status, place }: Entry): boolean {
		const { include, offset, limit } = this.wanted;
		if (place === undefined || !include.has(status!)) return false;
		return place >= offset && place < offset + limit;
	}
}
