import { creationTime, latestTimeOf } from '../batchEvents/batchTimes';
import { matchesFilters } from '../batchEvents/eventFilters';
import { isFinished } from '../openai/api/status';
import type { Batch, ListPage } from '../openai/api/types';
import { LONGEST_LIFE, MAX_OPEN, SHORT_LIST_LAG } from './bounds';
import { Lookups, type Request } from './lookups';
import type { PollSettings } from './polling.properties';
import { isOlder, positionOf, TOP } from './position';
import { emptyState, writeFilters, type OpenBatch, type State, type Unread } from './state';

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
		return creationTime(this.batches[0]);
	}

	/** When the last batch read was created, in unix seconds. */
	get reached(): number {
		return creationTime(this.batches.at(-1));
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
		if (this.pages++ === 0) this.clock = latestTimeOf(data);
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

/**
 * One poll without its requests: it says what to ask for, takes in the answers, and in the end
 * tells what happened since the given state, and the next state. It can be concluded after any
 * answer: what has not been read by then stays to be read. The given state is not changed.
 *
 * The order is: what is left of an earlier scan, the list from its top down to what is known, then
 * open batches further down.
 */
export class Reading {
	/** Whether the trigger begins: what it finds is there already, not news. */
	readonly begins: boolean;
	readonly state: State;
	/** The rest of an earlier scan. */
	readonly rest?: Scan;
	/** The list from its top. */
	readonly head: Scan;
	/** Open batches that no scan showed; once the scans are done. */
	lookups?: Lookups;

	private asked?: Scan | Lookups;

	/**
	 * @param state undefined for a trigger that begins
	 * @param now n8n's clock in milliseconds; only `finishedWithin` goes by it
	 */
	constructor(
		state: State | undefined,
		readonly settings: PollSettings,
		private readonly now: number,
	) {
		this.begins = state === undefined;
		this.state = prepare(state, settings);
		const { unread, settledUpTo } = this.state;
		if (unread?.after !== undefined) this.rest = new Scan(unread.after, () => unread.low);
		const before = LONGEST_LIFE + settings.finishedWithin * 3_600;
		const low = unread?.after === undefined ? unread?.low : undefined;
		this.head = new Scan(undefined, (first) =>
			this.begins ? first - before : (low ?? settledUpTo.t),
		);
	}

	/**
	 * What the head scan reads beyond `settledUpTo`: the time before an activation, or before the filters
	 * were changed.
	 */
	get beyond(): Unread | undefined {
		const { unread } = this.state;
		if (!unread || unread.after !== undefined) return undefined;
		const within = this.begins ? this.settings.finishedWithin * 3_600 : 0;
		const clock = Math.max(Math.floor(this.now / 1000), this.seen);
		return { ...unread, low: this.head.end, since: within > 0 ? clock - within : null };
	}

	/** The latest time that the server has told of, in unix seconds. */
	get seen(): number {
		const { rest, head, lookups, state } = this;
		const found = [...(lookups?.found.values() ?? [])];
		return Math.max(
			state.seen,
			latestTimeOf([...(rest?.batches ?? []), ...head.batches, ...found]),
		);
	}

	/** The latest time that the server had told of when the list was read from its top. */
	get clock(): number {
		return Math.max(this.state.seen, latestTimeOf(this.rest?.batches ?? []), this.head.clock);
	}

	/** Whether all that is above `settledUpTo` has been read. */
	get headCovered(): boolean {
		return (
			this.head.complete || (this.head.pages > 0 && this.head.reached < this.state.settledUpTo.t)
		);
	}

	/**
	 * Whether the poll can be concluded here. The first seconds of the list are read in one go, as
	 * batches may still join them.
	 */
	get canStop(): boolean {
		const { head } = this;
		if (head.pages === 0) return this.rest !== undefined && this.rest.pages > 0;
		return this.headCovered || head.reached < head.first - SHORT_LIST_LAG;
	}

	/** How many batches were created since the state was made, as far as they have been read. */
	get created(): number {
		return this.head.batches.filter((batch) => creationTime(batch) > this.state.newest).length;
	}

	/** What to ask the server for next; undefined when nothing is left to ask. */
	next(): Request | undefined {
		this.asked = this.nextScan();
		if (this.asked) return { page: this.asked.after };
		this.lookups ??= new Lookups(this.remaining(), this.lowestKnown(), this.state.nextLookup);
		this.asked = this.lookups;
		return this.lookups.next();
	}

	/**
	 * Takes in the answer to what `next` asked for, or that the server does not know the id in it.
	 *
	 * @returns false when that leaves the poll no way to go on
	 */
	absorb(request: Request, answer: ListPage<Batch> | Batch | undefined): boolean {
		if (this.asked instanceof Lookups) {
			const batches = answer && ('data' in answer ? answer.data : [answer]);
			this.asked.absorb(request, batches ?? []);
		} else if (answer) {
			this.asked?.absorb(answer as ListPage<Batch>);
		} else {
			return this.rest !== undefined && this.asked === this.rest && this.rest.restart();
		}
		return true;
	}

	private nextScan(): Scan | undefined {
		const { rest, head } = this;
		if (rest && !rest.complete && !this.isFull(rest.batches)) return rest;
		if (head.complete) return undefined;
		if (!this.headCovered) return head;
		const below = head.batches.filter((batch) =>
			isOlder(positionOf(batch), this.state.settledUpTo),
		);
		return this.isFull(below) ? undefined : head;
	}

	/** Whether no more open batches can be taken on than are among these. */
	private isFull(batches: readonly Batch[]): boolean {
		const known = new Set(this.state.open.map(({ id }) => id));
		const isNew = (batch: Batch) =>
			!isFinished(batch) && !known.has(batch.id) && matchesFilters(batch, this.settings.filters);
		return known.size + batches.filter(isNew).length >= MAX_OPEN;
	}

	/** The open batches that no scan showed, with their ranks of today. */
	private remaining(): OpenBatch[] {
		const scanned = [...this.head.batches, ...(this.rest?.batches ?? [])];
		const shown = new Set(scanned.map(({ id }) => id));
		return this.state.open
			.filter(({ id }) => !shown.has(id))
			.map((open) => ({ ...open, rank: open.rank + this.created }));
	}

	private lowestKnown(): Array<{ id: string; rank: number }> {
		const { batches } = this.head;
		return batches.slice(-1).map(({ id }) => ({ id, rank: batches.length - 1 }));
	}
}

/** A state to start from: of a trigger that begins, or whose filters are new, with much to read. */
function prepare(state: State | undefined, { filters }: PollSettings): State {
	const filter = writeFilters(filters);
	const all = { high: TOP.t, rank: 0, since: null, low: 0 };
	if (!state) return { ...emptyState(filter), unread: { ...all, newsFrom: TOP } };
	if (state.filter === filter || state.unread) return state;
	const low = state.newest - LONGEST_LIFE;
	const unread = { ...all, newsFrom: state.settledUpTo, low, former: state.filter };
	return { ...state, filter, unread };
}
