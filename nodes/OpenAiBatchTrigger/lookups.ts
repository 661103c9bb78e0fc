import type { Batch } from '../openai/api/types';
import { PAGE_SIZE } from './bounds';
import type { OpenBatch } from './state';

/** A page is trusted to show this many places: ranks are a little off after deletions. */
const REACH = PAGE_SIZE - 5;

/** What to ask for: the page after a batch, or one batch. */
export type Request = { page: string | undefined } | { get: string };

interface Place {
	id: string;
	rank: number;
}

/**
 * Finds open batches that are far down the list with the fewest requests. Every open batch can be
 * the start of a page, whose hundred places are worth it when two or more others are among them.
 */
export class Lookups {
	/** What was found. */
	readonly found = new Map<string, Batch>();
	/** What the server does not know any more. */
	readonly gone = new Set<string>();

	private waiting: OpenBatch[];
	private readonly anchors: Place[];
	/** Expected on a page that did not show them: only asked for one by one. */
	private readonly missed = new Set<string>();

	/**
	 * @param open the batches to find
	 * @param anchors known places of the list; the open batches' own are added
	 * @param turn the batch to begin with, when the last poll did not get further
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

	/** The batch that comes next; undefined when all are found. */
	get nextLookup(): string | undefined {
		return this.waiting[0]?.id;
	}

	/** What to ask for next. */
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

	/** The nearest known place above a batch from which a page would show it. */
	private anchorOf({ id, rank }: OpenBatch): Place | undefined {
		if (this.missed.has(id)) return undefined;
		return this.anchors
			.filter((place) => place.id !== id && place.rank < rank && rank - place.rank <= REACH)
			.filter((place) => !this.gone.has(place.id))
			.sort((a, b) => b.rank - a.rank)[0];
	}

	/** The batches still waiting that a page after this place should show. */
	private within({ rank }: Place): OpenBatch[] {
		return this.waiting.filter(
			(open) => open.rank > rank && open.rank <= rank + REACH && !this.missed.has(open.id),
		);
	}
}
