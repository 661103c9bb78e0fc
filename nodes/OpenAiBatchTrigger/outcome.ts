import { inOrder, eventMaskOf, type BatchEvent } from '../batchEvents/batchEvent';
import { creationTime, latestTime } from '../batchEvents/batchTimes';
import { matchesFilters } from '../batchEvents/eventFilters';
import { isFinished } from '../openai/api/status';
import type { Batch } from '../openai/api/types';
import {
	LIST_LAG,
	LONGEST_LIFE,
	MAX_MARKS,
	MAX_OPEN,
	PATIENCE,
	RECENT_BATCHES,
	SHORT_LIST_LAG,
} from './bounds';
import { observe, type ObservedBatch } from './observed';
import { compare, isOlder, newest, oldest, positionOf, TOP, type Position } from './position';
import type { Reading } from './reading';
import { shortHash, type Marks, type OpenBatch, type State, type Unread } from './state';

/** How long to wait for batches that turn up late; `untilNextPoll`: until the next poll. */
export type Caution = 'usual' | 'short' | 'untilNextPoll';

export interface Times {
	/** The latest time that the server had told of when the list was read, in unix seconds. */
	clock: number;
	/**
	 * The creation time of the newest batch. A server whose times of other events run ahead must
	 * not take the position beyond it.
	 */
	newest: number;
	/** The same at the last poll. */
	newestBefore: number;
}

/**
 * Where the batches begin that may still be joined by others turning up late. Only the server's
 * own times count, as n8n's clock may differ.
 *
 * @param recent the newest batches, newest first
 */
export function settled(times: Times, recent: readonly Batch[], caution: Caution): Position {
	const { clock, newest, newestBefore } = times;
	const many = recent.length >= RECENT_BATCHES ? positionOf(recent[RECENT_BATCHES - 1]).t - 1 : 0;
	const short = clock - SHORT_LIST_LAG;
	const late = {
		usual: Math.max(clock - LIST_LAG, Math.min(many, short)),
		short,
		untilNextPoll: Math.max(short, newestBefore),
	}[caution];
	return { t: Math.max(0, Math.min(newest, late)) + 1, id: '' };
}

/**
 * How far up batches can be let go of, remembering no more than `room` open ones of them.
 *
 * @param open the positions of open batches that are not remembered yet
 */
export function highest(limit: Position, open: readonly Position[], room: number): Position {
	return oldest(limit, [...open].sort(compare)[room] ?? TOP);
}

/**
 * What tells whether a batch should have been over long ago: a server may lose some for ever.
 *
 * @param seen the latest time that the server has told of, in unix seconds
 * @param count how many batches are open; when there are too many, patience ends
 */
export function overdue(seen: number, count: number): (position: Position) => boolean {
	const limit = LONGEST_LIFE + (count > MAX_OPEN ? 0 : PATIENCE);
	return ({ t }) => seen - t > limit;
}

/** What is remembered of an open batch from now on. */
export function remember({ batch, position, rank = 0, accounted }: ObservedBatch): OpenBatch {
	return { ...position, rank, seenEvents: accounted | eventMaskOf(batch) };
}

/** The batches remembered as open that still are, or that could not be looked at. */
export function stillOpen(
	{ state, settings, lookups, rest, created }: Reading,
	observed: readonly ObservedBatch[],
	isOverdue: (position: Position) => boolean,
): OpenBatch[] {
	const byId = new Map(observed.map((observation) => [observation.batch.id, observation]));
	const filled = rest?.batches.map(creationTime) ?? [];
	return state.open.flatMap((open) => {
		if (lookups?.gone.has(open.id)) return [];
		const observation = byId.get(open.id);
		const rank = observation?.rank ?? open.rank + created + filled.filter((t) => t > open.t).length;
		if (!observation) return [{ ...open, rank }];
		const { batch } = observation;
		if (isFinished(batch) || !matchesFilters(batch, settings.filters)) return [];
		if (isOverdue(open)) return [];
		return [{ ...open, rank, seenEvents: open.seenEvents | eventMaskOf(batch) }];
	});
}

/**
 * What a poll leaves to be read. One stretch is remembered at most: while there is one, what else
 * could not be read is read again from the top.
 *
 * @param seen the latest time that the server has told of, in unix seconds
 */
export function unreadAfter(reading: Reading, seen: number): Unread | undefined {
	const { state, rest, head, beyond } = reading;
	const { unread } = state;
	if (rest && unread && !rest.complete) {
		if (rest.batches.length === 0) return unread;
		const rank = unread.rank + rest.batches.length;
		return {
			...unread,
			rank,
			after: rest.after ?? unread.after,
			high: Math.min(unread.high, rest.reached),
		};
	}
	if (head.complete || head.pages === 0) return undefined;
	const place = { after: head.after, high: head.reached, rank: head.batches.length };
	// What finishes from now on, before it has been read, is news.
	if (beyond) return { ...beyond, ...place, since: beyond.since ?? seen };
	if (reading.headCovered) return undefined;
	return { ...place, newsFrom: state.settledUpTo, since: null, low: state.settledUpTo.t };
}

export interface Account {
	marks: Marks;
	activation?: State['activation'];
	/** Whether there were too many marks. */
	isCrowded: boolean;
	/** The batches whose events have to wait. */
	heldBack: ReadonlySet<ObservedBatch>;
}

interface Poll {
	state: State;
	/** Whether the trigger begins. */
	begins: boolean;
	observed: readonly ObservedBatch[];
	/** Of the next state. */
	settledUpTo: Position;
	unread?: Unread;
	/** The latest time that the server has told of, in unix seconds. */
	seen: number;
}

const hashOf = ({ batch }: ObservedBatch) => shortHash(batch.id);

/** From which second on batches may be news later on, in what is new and in what was left unread. */
function startOfNews({ settledUpTo, unread }: Poll): number {
	return unread ? Math.min(settledUpTo.t, unread.high, unread.newsFrom.t) : settledUpTo.t;
}

/**
 * Marks what is accounted for of the batches from `settledUpTo` upwards. When there are too many marks, a
 * trigger that begins goes by the times of what it found; later, the events of the newest batches
 * have to wait.
 */
export function accountFor(poll: Poll): Account {
	const { state, begins, observed, settledUpTo, unread, seen } = poll;
	const start = startOfNews(poll);
	// Also of batches that this poll has not seen: lists may waver.
	const marks: Marks = new Map([...state.marks].filter(([, { t }]) => t >= start));
	const recent = observed.filter(({ position }) => !isOlder(position, settledUpTo));
	for (const observation of recent) {
		const { batch, position, kind, accounted, events } = observation;
		if (kind !== 'old' && accounted === 0 && events.length === 0) continue;
		marks.set(hashOf(observation), { t: position.t, seenEvents: accounted | eventMaskOf(batch) });
	}
	let activation = state.activation && start <= state.activation.t ? state.activation : undefined;
	const isCrowded = marks.size > MAX_MARKS;
	if (begins && isCrowded) {
		const t = Math.max(...recent.map(({ position }) => position.t));
		// What happened in the very last second is marked, if it fits; else it counts as before.
		const isLast = ({ batch }: ObservedBatch) => latestTime(batch) === seen;
		const doFit = recent.filter(isLast).length <= MAX_MARKS;
		activation = { t, since: doFit ? seen : seen + 1 };
		for (const observation of recent) {
			if (!doFit || !isLast(observation)) marks.delete(hashOf(observation));
		}
	}
	const heldBack = new Set<ObservedBatch>();
	const waiting = recent
		.filter(({ events, accounted }) => events.length > 0 && accounted === 0)
		.sort((a, b) => compare(a.position, b.position));
	while (marks.size > MAX_MARKS && waiting.length > 0) {
		const observation = waiting.pop()!;
		if (marks.delete(hashOf(observation))) heldBack.add(observation);
	}
	// The last second that was read is read again when the place in it gets lost.
	for (const observation of observed) {
		const { batch, position, accounted } = observation;
		if (position.t !== unread?.high || marks.size >= MAX_MARKS) continue;
		marks.set(hashOf(observation), { t: position.t, seenEvents: accounted | eventMaskOf(batch) });
	}
	return { marks, activation, isCrowded, heldBack };
}

export interface Outcome {
	/** In the order in which they happened. */
	events: BatchEvent[];
	state: State;
}

/** How far up everything is accounted for after a poll; it never moves down. */
function fromAfter(
	{ state, begins, rest, head, headCovered, clock }: Reading,
	open: readonly ObservedBatch[],
	room: number,
	caution: Caution,
): Position {
	const { settledUpTo } = state;
	const isStuck = !headCovered && rest !== undefined && !rest.complete;
	if (isStuck || head.pages === 0) return settledUpTo;
	const newestNow = Math.max(state.newest, head.first);
	const times = { clock, newest: newestNow, newestBefore: begins ? newestNow : state.newest };
	const limit = settled(times, head.batches, caution);
	const positions = open.map(({ position }) => position);
	const next = newest(settledUpTo, highest(limit, positions, Math.max(0, room)));
	// What has not been read lies in the gap, which ends below `settledUpTo`.
	return headCovered ? next : newest(next, { t: head.reached + 1, id: '' });
}

/**
 * Turns what a poll has read into events and the state to go on from. When there are too many
 * marks, `settledUpTo` moves up with less caution, and with the least once events had to wait.
 */
export function conclude(reading: Reading): Outcome {
	const { state, begins, head, lookups, seen } = reading;
	const all = observe(reading);
	const unfinished = all.filter(({ batch, kind }) => kind !== 'open' && !isFinished(batch));
	const isOverdue = overdue(seen, state.open.length + unfinished.length);
	const newlyOpen = unfinished.filter(({ position }) => !isOverdue(position));
	const above = newlyOpen.filter(({ isBelow }) => !isBelow);
	const below = newlyOpen.filter(({ isBelow }) => isBelow);
	const open = [...stillOpen(reading, all, isOverdue), ...below.map(remember)];
	const unread = unreadAfter(reading, seen);

	const attempt = (caution: Caution) => {
		const settledUpTo = fromAfter(reading, above, MAX_OPEN - open.length, caution);
		return {
			settledUpTo,
			...accountFor({ state, begins, observed: all, settledUpTo, unread, seen }),
		};
	};
	const last: Caution = begins || state.crowded ? 'untilNextPoll' : 'short';
	let account = attempt('usual');
	if (account.isCrowded) account = attempt('short');
	if (account.isCrowded) account = attempt(last);

	const { settledUpTo, marks, activation, heldBack } = account;
	open.push(...above.filter(({ position }) => isOlder(position, settledUpTo)).map(remember));
	const told = all.filter((observation) => !heldBack.has(observation));
	return {
		events: inOrder(told.flatMap(({ events }) => events)),
		state: {
			settledUpTo,
			open,
			marks,
			seen,
			newest: Math.max(state.newest, head.first),
			filter: state.filter,
			unread,
			activation,
			nextLookup: lookups ? lookups.nextLookup : state.nextLookup,
			...(heldBack.size > 0 && { crowded: true }),
		},
	};
}
