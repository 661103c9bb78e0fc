import { PAGE_SIZE } from './bounds';
import type { OpenBatch } from './state';
import type { Batch } from '../openai/api/objects';

/** How many places of a page are relied on, since ranks are a little off after deletions. */
const REACH = PAGE_SIZE - 5;

/** What to ask the server for: the page after a batch (or from the top), or one batch. */
export type Request = { page: string | undefined } | { get: string };

interface Place {
	id: string;
	rank: number;
}

/**
 * Finds open batches that are far down the list with the fewest requests. A page can begin after
 * any open batch; it is worth the request when it shows two or more others.
 */
export class Lookups {
	/** The batches that were found, and others on the same pages. */
	readonly found = new Map<string, Batch>();
	/** The ids that the server does not know. */
	readonly gone = new Set<string>();

	private waiting: OpenBatch[];
	private readonly anchors: Place[];
	/** The ids that a page should have shown and did not: these are asked for one by one. */
	private readonly missed = new Set<string>();

	/**
	 * @param open the batches to find
	 * @param anchors other batches whose place in the list is known, for pages to begin after
	 * @param nextLookup the id of the batch to begin with, when the last poll got no further
	 */
	constructor(open: readonly OpenBatch[], anchors: readonly Place[], nextLookup?: string) {
		const byRank = [...open].sort((a, b) => a.rank - b.rank);
		const start = Math.max(
			0,
			byRank.findIndex(({ id }) => id === nextLookup),
		);
		this.waiting = [...byRank.slice(start), ...byRank.slice(0, start)];
		this.anchors = [...anchors, ...byRank];
	}

	/** The id of the batch to look up next; undefined when all have been looked up. */
	get nextLookup(): string | undefined {
		return this.waiting[0]?.id;
	}

	/** What to ask for next; undefined when all have been looked up. */
	next(): Request | undefined {
		const [first] = this.waiting;
		if (!first) return undefined;
		const anchor = this.anchorOf(first);
		if (anchor && this.within(anchor).length > 1) return { page: anchor.id };
		return { get: first.id };
	}

	absorb(request: Request, batches: readonly Batch[]): void {
		if ('page' in request) {
			const anchor = this.anchors.find(({ id }) => id === request.page);
			for (const { id } of anchor ? this.within(anchor) : []) this.missed.add(id);
		} else if (batches.length === 0) {
			this.gone.add(request.get);
		}
		for (const batch of batches) this.found.set(batch.id, batch);
		this.waiting = this.waiting.filter(({ id }) => !this.found.has(id) && !this.gone.has(id));
	}

	/** The nearest known place above a batch after which a page should show it. */
	private anchorOf({ id, rank }: OpenBatch): Place | undefined {
		if (this.missed.has(id)) return undefined;
		return this.anchors
			.filter((place) => place.id !== id && place.rank < rank && rank - place.rank <= REACH)
			.filter((place) => !this.gone.has(place.id))
			.sort((a, b) => b.rank - a.rank)[0];
	}

	/** The batches, not looked up yet, that a page after this place should show. */
	private within({ rank }: Place): OpenBatch[] {
		return this.waiting.filter(
			(open) => open.rank > rank && open.rank <= rank + REACH && !this.missed.has(open.id),
		);
	}
}
