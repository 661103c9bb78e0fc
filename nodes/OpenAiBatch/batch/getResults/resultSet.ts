import type { IBinaryKeyData, IDataObject } from 'n8n-workflow';
import type { ClassifiedResult } from '../../../jsonl/resultLine';
import { classify, parseResultLine } from '../../../jsonl/resultLine';
import { ErrorCounts } from '../results/errorCounts';
import type { ErrorCount } from '../results/errorCounts';
import type { ResultShape, ResultStatus } from './resultItem';
import { missingJson, resultJson } from './resultItem';

/** Which results are put out. */
export interface Wanted {
	include: ReadonlySet<ResultStatus>;
	/** How many of those to skip, in the order in which they arrive. */
	offset: number;
	limit: number;
}

/** What became of one request. */
export interface Entry {
	status?: ResultStatus;
	/** Left out for what is not put out. */
	json?: IDataObject;
	binary?: IBinaryKeyData;
	/** Its place among the results of the wanted statuses. */
	place?: number;
	error?: ErrorCount;
}

/**
 * The results of a batch, one for each custom_id whatever the order of the lines. Holds what is
 * put out, and of the rest only the ids.
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
	/** Lines without a custom_id belong to no request, but are not dropped. */
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

	/** Whether what is wanted is there, so that the rest need not be read. */
	get isFull(): boolean {
		return this.held.length >= this.wanted.limit;
	}

	/** How many results with a custom_id are put out. */
	get named(): number {
		return this.held.filter(({ json }) => typeof json?.custom_id === 'string').length;
	}

	has(customId: string): boolean {
		return this.entries.has(customId);
	}

	/**
	 * Takes one line of a result file. A second line for the same request replaces the first,
	 * unless the first succeeded.
	 *
	 * @returns the entry, if it is put out
	 */
	addLine(text: string, shape: ResultShape): Entry | undefined {
		const line = parseResultLine(text);
		const entry = this.entryOf(line.custom_id);
		if (entry.status === 'succeeded') return undefined;
		const classified = classify(line);
		this.settle(entry, classified.status, classified.error);
		if (!this.isHeld(entry)) return undefined;
		entry.json = resultJson(line, classified, shape);
		return entry;
	}

	/** Takes a request that has no result. */
	addMissing(customId: string, batchId: string): void {
		const entry = this.entryOf(customId);
		this.settle(entry, 'missing', null);
		if (this.isHeld(entry)) entry.json = missingJson(customId, batchId);
	}

	/** Joins the original request to its result. @returns whether that is put out, and new */
	addRequest(customId: string, request: IDataObject): boolean {
		const json = this.entries.get(customId)?.json;
		if (!json || json.request !== undefined) return false;
		json.request = request;
		return true;
	}

	/** What is put out, in the order in which it arrived. */
	included(): Array<Required<Pick<Entry, 'json'>> & Entry> {
		return this.held.filter(
			(entry): entry is Required<Pick<Entry, 'json'>> & Entry => !!entry.json,
		);
	}

	private entryOf(customId: string | null): Entry {
		const known = customId === null ? undefined : this.entries.get(customId);
		if (known) return known;
		const entry: Entry = {};
		if (customId === null) this.nameless++;
		else this.entries.set(customId, entry);
		return entry;
	}

	/** Gives a request its status, in place of the one it had, and a place if that is wanted. */
	private settle(entry: Entry, status: ResultStatus, error: ClassifiedResult['error']): void {
		if (entry.status) this.counts[entry.status]--;
		if (entry.error) entry.error.count--;
		entry.status = status;
		entry.error = error ? this.errors.add(error) : undefined;
		entry.json = undefined;
		entry.binary = undefined;
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
