import type { Batch, ListPage } from '../openai/api/types';
import { latestOf, seconds } from './times';

const createdAt = (batch: Batch | undefined) => seconds(batch?.created_at) ?? 0;

/** Reads a stretch of the list page by page, from newer to older. */
export class Scan {
	/** What was read, in the list's order, each batch once. */
	readonly batches: Batch[] = [];
	/** Whether the end of the stretch, or of the list, was reached. */
	complete = false;
	pages = 0;
	/** The latest time on the first page: what the list shows is at least as recent. */
	clock = 0;

	private readonly ids = new Set<string>();

	/**
	 * @param after the batch above the stretch; undefined for the top of the list
	 * @param low the stretch ends with batches created before this second; it may depend on the
	 * creation time of the first batch read
	 */
	constructor(
		public after: string | undefined,
		private readonly low: (first: number) => number,
	) {}

	/** When the first batch read was created, in unix seconds; 0 without any. */
	get first(): number {
		return createdAt(this.batches[0]);
	}

	/** When the last batch read was created, in unix seconds. */
	get reached(): number {
		return createdAt(this.batches.at(-1));
	}

	/** The lower end of the stretch, in unix seconds. */
	get end(): number {
		return this.low(this.first);
	}

	/**
	 * Takes in the page after `after`. A page without anything new ends the scan, so that a server
	 * that sends the same page for ever does not keep it going.
	 */
	absorb({ data, has_more: hasMore }: ListPage<Batch>): void {
		const fresh = data.filter(({ id }) => !this.ids.has(id));
		for (const batch of fresh) {
			this.ids.add(batch.id);
			this.batches.push(batch);
		}
		if (this.pages++ === 0) this.clock = latestOf(data);
		this.after = data.at(-1)?.id ?? this.after;
		this.complete = fresh.length === 0 || hasMore === false || this.reached < this.end;
	}

	/**
	 * Begins at the top after all, when the server no longer knows the batch that it was to begin
	 * after.
	 *
	 * @returns false when something has been read already
	 */
	restart(): boolean {
		if (this.after === undefined || this.pages > 0) return false;
		this.after = undefined;
		return true;
	}
}
