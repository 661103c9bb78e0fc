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
	status?: ResultStatus;
	/** Only for results that are returned: what the reader has made of the result. */
	item?: ResultItem;
	/** Its position among the results with the wanted statuses. */
	place?: number;
	error?: ErrorCount;
}

/**
 * The results of a batch, one for each custom_id, whatever the order of the lines. Keeps the items
 * of the results that are returned, and only the ids of the others.
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

	private readonly entries = new Map<string, Entry>();
	/** Lines without a custom_id belong to no request. They are returned all the same. */
	private nameless = 0;
	private places = 0;
	private readonly held: Entry[] = [];

	constructor(private readonly wanted: Wanted) {}

	/** How many different requests have a result. */
	get size(): number {
		return this.entries.size;
	}

	get total(): number {
		return this.entries.size + this.nameless;
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

	/** The entry of a request; undefined when it has no result yet. */
	find(customId: string): Entry | undefined {
		return this.entries.get(customId);
	}

	/**
	 * Adds a result. A second result of the same request replaces the first, unless the first
	 * succeeded.
	 *
	 * @returns the entry to put the item into; undefined when the result is not returned
	 */
	add(customId: string | null, status: ResultStatus, error: ResultError | null): Entry | undefined {
		const entry = this.entryOf(customId);
		if (entry.status === 'succeeded') return undefined;
		this.settle(entry, status, error);
		return this.isHeld(entry) ? entry : undefined;
	}

	private entryOf(customId: string | null): Entry {
		const known = customId === null ? undefined : this.entries.get(customId);
		if (known) return known;
		const entry: Entry = { customId };
		if (customId === null) this.nameless++;
		else this.entries.set(customId, entry);
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
