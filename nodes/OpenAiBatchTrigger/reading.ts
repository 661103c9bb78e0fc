import { LONGEST_LIFE, SHORT_LIST_LAG } from './bounds';
import type { Request } from './lookups';
import { Lookups } from './lookups';
import type { PollSettings } from './polling.properties';
import type { NewsRule, OpenBatch, State } from './state';
import { BEGINNING, hashFilters } from './state';
import { creationTime, latestTimeOf } from '../batchEvents/batchTimes';
import type { Batch, ListPage } from '../openai/api/objects';

/** Reads a part of the list page by page, from newer to older. */
export class Scan {
	/** What was read, in the list's order, each batch once. */
	readonly batches: Batch[] = [];
	/** Whether the end of the part, or of the list, was reached. */
	complete = false;
	pages = 0;
	/** The latest time on the first page: the list was read when the server's clock showed it. */
	clock = 0;

	private readonly ids = new Set<string>();

	/**
	 * @param after the batch above the part; undefined for the top of the list
	 * @param bottomOf the part ends with batches created before this second; it may depend on the
	 * creation time of the first batch read
	 */
	constructor(
		public after: string | undefined,
		private readonly bottomOf: (first: number) => number,
	) {}

	/** When the first batch read that has a time was created, in unix seconds; 0 without any. */
	get first(): number {
		return creationTime(this.batches.find(creationTime));
	}

	/** When the last batch read that has a time was created, in unix seconds; 0 without any. */
	get reached(): number {
		return creationTime(this.batches.findLast(creationTime));
	}

	get bottom(): number {
		return this.bottomOf(this.first);
	}

	/**
	 * Takes in the page after `after`. A page without a new batch ends the scan, so that a server
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
		this.complete = fresh.length === 0 || hasMore === false || this.reached < this.bottom;
	}

	/**
	 * Begins at the top of the list instead, when the server does not know the batch to begin after.
	 *
	 * @returns false when that is no help
	 */
	restart(): boolean {
		if (this.after === undefined || this.pages > 0) return false;
		this.after = undefined;
		return true;
	}
}

/**
 * What one poll reads, without its requests: it says what to ask for, and takes in the answers. It
 * reads first what earlier polls left unread, then the list from its top (the head), then the open
 * batches that neither showed. It may stop after any answer when `canStop` is true.
 */
export class Reading {
	/** Whether this is the trigger's first poll: what it finds was there before, and is not news. */
	readonly begins: boolean;
	/**
	 * Whether the head goes on below `settledUpTo`, to find all open batches: in the first poll, and
	 * after a change of the filters.
	 */
	readonly surveys: boolean;
	readonly state: State;
	/** The part that earlier polls left unread. */
	readonly unreadScan?: Scan;
	/** The list from its top. */
	readonly head: Scan;
	/** Open batches that no scan showed; once the scans are done. */
	lookups?: Lookups;

	private asked?: Scan | Lookups;

	/**
	 * @param state undefined in the first poll
	 * @param now n8n's clock in unix seconds
	 */
	constructor(
		state: State | undefined,
		readonly settings: PollSettings,
		private readonly now: number,
	) {
		this.begins = state === undefined;
		this.state = state ?? BEGINNING;
		const { unread, settledUpTo, filters } = this.state;
		if (unread) this.unreadScan = new Scan(unread.after, () => unread.bottom);
		this.surveys = !unread && (this.begins || filters !== hashFilters(settings.filters));
		const before = LONGEST_LIFE + (this.begins ? settings.finishedWithin * 3_600 : 0);
		this.head = new Scan(undefined, (first) => {
			if (this.begins) return first - before;
			return this.surveys ? Math.min(settledUpTo, first - before) : settledUpTo;
		});
	}

	/** Which events of the batches in the head are news. */
	get headRule(): NewsRule {
		const { begins, settings, state, head } = this;
		const included = begins && settings.finishedWithin > 0;
		return {
			newsFrom: begins ? null : state.settledUpTo,
			since: included ? Math.max(this.now, this.latest) - settings.finishedWithin * 3_600 : null,
			bottom: head.bottom,
		};
	}

	/** All batches that were read, perhaps some of them twice. */
	get batches(): Batch[] {
		const found = this.lookups?.found.values() ?? [];
		return [...(this.unreadScan?.batches ?? []), ...this.head.batches, ...found];
	}

	/** The latest time in all that was read, in unix seconds. */
	get latest(): number {
		return latestTimeOf(this.batches);
	}

	/** Whether earlier polls left a part unread, and this one has not read all of it. */
	get unreadRemains(): boolean {
		return this.unreadScan !== undefined && !this.unreadScan.complete;
	}

	/** When the newest batch was created, in unix seconds. */
	get newest(): number {
		return Math.max(this.state.newest, this.head.first);
	}

	/**
	 * The least that the server's clock shows, in unix seconds: the latest time on the first page, or
	 * the creation of the newest batch and the time that n8n's clock has counted since.
	 */
	get clock(): number {
		const { state, head, newest, now } = this;
		const quiet = newest > state.newest ? 0 : Math.max(0, now - state.newestSince);
		return Math.max(newest + quiet, head.clock);
	}

	/**
	 * The second from which on batches may still appear in a list that lags. It is never beyond the
	 * newest batch, since the server's clock is only estimated.
	 *
	 * @param lag in seconds
	 */
	settledAfter(lag: number): number {
		return Math.max(0, Math.min(this.newest, this.clock - lag)) + 1;
	}

	/**
	 * Whether the poll may end here. The newest seconds of the list are read in one go, since batches
	 * may still appear there.
	 */
	get canStop(): boolean {
		const { head, unreadScan, state } = this;
		if (head.pages === 0) return unreadScan !== undefined && unreadScan.pages > 0;
		if (head.complete) return true;
		return head.reached < Math.max(state.settledUpTo, this.settledAfter(SHORT_LIST_LAG));
	}

	/** How many batches were created since the last poll, as far as they have been read. */
	get created(): number {
		return this.head.batches.filter((batch) => creationTime(batch) > this.state.newest).length;
	}

	/** What to ask the server for next; undefined when nothing is left to ask. */
	next(): Request | undefined {
		this.asked = this.nextScan();
		if (this.asked) return { page: this.asked.after };
		if (this.state.skipsLookups) return undefined;
		this.lookups ??= new Lookups(this.notShown(), this.lowestKnown(), this.state.nextLookup);
		this.asked = this.lookups;
		return this.lookups.next();
	}

	/**
	 * Takes in the answer to what `next` asked for; undefined: the server does not know the id in it.
	 *
	 * @returns false when reading cannot go on
	 */
	absorb(request: Request, answer: ListPage<Batch> | Batch | undefined): boolean {
		if (this.asked instanceof Lookups) {
			const batches = answer && ('data' in answer ? answer.data : [answer]);
			this.asked.absorb(request, batches ?? []);
		} else if (answer) {
			this.asked?.absorb(answer as ListPage<Batch>);
		} else {
			return (
				this.asked !== undefined && this.asked === this.unreadScan && this.unreadScan.restart()
			);
		}
		return true;
	}

	private nextScan(): Scan | undefined {
		const { unreadScan, head } = this;
		if (unreadScan && !unreadScan.complete) return unreadScan;
		return head.complete ? undefined : head;
	}

	/** The open batches that no scan showed, with their ranks of today. */
	private notShown(): OpenBatch[] {
		const scanned = [...this.head.batches, ...(this.unreadScan?.batches ?? [])];
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
