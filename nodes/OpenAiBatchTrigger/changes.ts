import { isFinished } from '../openai/api/status';
import type { Batch, ListPage } from '../openai/api/types';
import { conclude, type Conclusion } from './conclude';
import { matches, writeFilters } from '../batchEvents/filters';
import { LONGEST_LIFE, MAX_OPEN, SHORT_LIST_LAG } from './limits';
import { Lookups, type Request } from './lookups';
import { isOlder, positionOf, TOP } from './position';
import { Scan } from './scan';
import type { Settings } from '../batchEvents/settings';
import { emptyState, type Gap, type OpenBatch, type State } from './state';
import { latestOf, seconds } from './times';

/**
 * One poll without its requests: it says what to ask for, takes in the answers, and in the end
 * tells what happened since the given state, and the next state. It can be concluded after any
 * answer: what has not been read by then stays to be read. The given state is not changed.
 *
 * The order is: what is left of an earlier scan, the list from its top down to what is known, then
 * open batches further down.
 */
export class Changes {
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
		readonly settings: Settings,
		private readonly now: number,
	) {
		this.begins = state === undefined;
		this.state = prepare(state, settings);
		const { gap, from } = this.state;
		if (gap?.after !== undefined) this.rest = new Scan(gap.after, () => gap.low);
		const before = LONGEST_LIFE + settings.finishedWithin * 3_600;
		const low = gap?.after === undefined ? gap?.low : undefined;
		this.head = new Scan(undefined, (first) => (this.begins ? first - before : (low ?? from.t)));
	}

	/**
	 * What the head scan reads beyond `from`: the time before an activation, or before the filters
	 * were changed.
	 */
	get beyond(): Gap | undefined {
		const { gap } = this.state;
		if (!gap || gap.after !== undefined) return undefined;
		const within = this.begins ? this.settings.finishedWithin * 3_600 : 0;
		const clock = Math.max(Math.floor(this.now / 1000), this.seen);
		return { ...gap, low: this.head.end, since: within > 0 ? clock - within : null };
	}

	/** The latest time that the server has told of, in unix seconds. */
	get seen(): number {
		const { rest, head, lookups, state } = this;
		const found = [...(lookups?.found.values() ?? [])];
		return Math.max(state.seen, latestOf([...(rest?.batches ?? []), ...head.batches, ...found]));
	}

	/** The latest time that the server had told of when the list was read from its top. */
	get clock(): number {
		return Math.max(this.state.seen, latestOf(this.rest?.batches ?? []), this.head.clock);
	}

	/** Whether all that is above `from` has been read. */
	get headCovered(): boolean {
		return this.head.complete || (this.head.pages > 0 && this.head.reached < this.state.from.t);
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
		return this.head.batches.filter(
			({ created_at }) => (seconds(created_at) ?? 0) > this.state.newest,
		).length;
	}

	/** What to ask the server for next; undefined when nothing is left to ask. */
	next(): Request | undefined {
		this.asked = this.nextScan();
		if (this.asked) return { page: this.asked.after };
		this.lookups ??= new Lookups(this.remaining(), this.lowestKnown(), this.state.turn);
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

	/** What happened, as far as it has been read, and what to go on from next time. */
	conclude(): Conclusion {
		return conclude(this);
	}

	private nextScan(): Scan | undefined {
		const { rest, head } = this;
		if (rest && !rest.complete && !this.isFull(rest.batches)) return rest;
		if (head.complete) return undefined;
		if (!this.headCovered) return head;
		const below = head.batches.filter((batch) => isOlder(positionOf(batch), this.state.from));
		return this.isFull(below) ? undefined : head;
	}

	/** Whether no more open batches can be taken on than are among these. */
	private isFull(batches: readonly Batch[]): boolean {
		const known = new Set(this.state.open.map(({ id }) => id));
		const isNew = (batch: Batch) =>
			!isFinished(batch) && !known.has(batch.id) && matches(batch, this.settings.filters);
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
function prepare(state: State | undefined, { filters }: Settings): State {
	const filter = writeFilters(filters);
	const all = { high: TOP.t, rank: 0, since: null, low: 0 };
	if (!state) return { ...emptyState(filter), gap: { ...all, tell: TOP } };
	if (state.filter === filter || state.gap) return state;
	const low = state.newest - LONGEST_LIFE;
	const gap = { ...all, tell: state.from, low, former: state.filter };
	return { ...state, filter, gap };
}
