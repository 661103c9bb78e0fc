import {
	LIST_LAG,
	LONGEST_LIFE,
	MAX_OPEN,
	PATIENCE,
	RECENT_BATCHES,
	SHORT_LIST_LAG,
} from './bounds';
import type { Reading } from './reading';
import type { Marks, NewsRule, OpenBatch, State, Unread } from './state';
import { hashFilters, shortHash } from './state';
import type { BatchEvent, EventMask } from '../batchEvents/batchEvent';
import {
	CREATED,
	ENDINGS,
	endTime,
	eventMaskOf,
	inOrder,
	newEvents,
} from '../batchEvents/batchEvent';
import { creationTime } from '../batchEvents/batchTimes';
import { matchesFilters } from '../batchEvents/eventFilters';
import { noticedEvents } from '../batchEvents/eventSettings';
import type { Batch } from '../openai/api/objects';
import { isFinished } from '../openai/api/objects';
import { submissionIdOf } from '../openai/submissions/submission';

export interface Outcome {
	/** In the order in which they happened. */
	events: BatchEvent[];
	/** The batches that have ended, when the ends of submissions are to be reported. */
	ended: Batch[];
	state: State;
}

/** A batch that the poll has read, with what the state says about it. */
interface ObservedBatch {
	batch: Batch;
	createdAt: number;
	/** How many batches are above it in the list; undefined where that is not known. */
	rank?: number;
	matches: boolean;
	/** Whether the state follows it by its id. */
	isFollowed: boolean;
	/** Whether it was there before the trigger watched it, so that its past is not news. */
	isPast: boolean;
	/** The events that it had been through when it was last seen. */
	seenEvents: EventMask;
	/** The events that are news, whether they are chosen or not. */
	events: BatchEvent[];
}

interface Found {
	batch: Batch;
	rank?: number;
	/** Undefined where only open batches are looked for. */
	rule?: NewsRule;
}

function* found({ state, unreadScan, head, headRule, lookups }: Reading): Generator<Found> {
	for (const batch of lookups?.found.values() ?? []) yield { batch };
	for (const [rank, batch] of head.batches.entries()) yield { batch, rank, rule: headRule };
	if (!unreadScan || !state.unread) return;
	const { high, rank } = state.unread;
	for (const [index, batch] of unreadScan.batches.entries()) {
		if (creationTime(batch) > high) continue;
		yield { batch, rank: rank + index, rule: state.unread };
	}
}

function observe(reading: Reading): ObservedBatch[] {
	const { state, settings, begins } = reading;
	const open = new Map(state.open.map((batch) => [batch.id, batch]));
	const noticed = noticedEvents(settings);
	const observed = new Map<string, ObservedBatch>();
	for (const { batch, rank, rule } of found(reading)) {
		const createdAt = creationTime(batch);
		const followed = open.get(batch.id);
		const isNews = rule !== undefined && createdAt >= (rule.newsFrom ?? Infinity);
		const isPast = rule !== undefined && !isNews && createdAt >= rule.bottom && !followed;
		if (!followed && !isNews && !isPast) continue;
		const seenEvents = followed ? followed.seenEvents | CREATED : markOf(state, batch);
		const matches = matchesFilters(batch, settings.filters);
		const events = matches ? newEvents(batch, seenEvents, noticed) : [];
		observed.set(batch.id, {
			batch,
			createdAt,
			rank,
			matches,
			isFollowed: followed !== undefined,
			isPast,
			seenEvents,
			events: isPast ? events.filter(happenedSince(rule.since, begins)) : events,
		});
	}
	return [...observed.values()];
}

function markOf({ marks }: State, { id }: Batch): EventMask {
	return marks.size > 0 ? (marks.get(shortHash(id))?.seenEvents ?? 0) : 0;
}

/** In the first poll only endings count, as the user asked for batches that finished before. */
function happenedSince(since: number | null, begins: boolean): (event: BatchEvent) => boolean {
	return ({ batch, time }) =>
		since !== null && time !== null && time >= since && (!begins || time === endTime(batch));
}

/** Whether a batch should have ended long ago: a server may lose some for ever. */
function isOverdue({ clock }: Reading, createdAt: number): boolean {
	return clock - createdAt > LONGEST_LIFE + PATIENCE;
}

/** The followed batches that are still open, or that the poll could not look at. */
function stillOpen(reading: Reading, observed: readonly ObservedBatch[]): OpenBatch[] {
	const { state, lookups, unreadScan, created } = reading;
	const byId = new Map(observed.map((entry) => [entry.batch.id, entry]));
	// The ranks of batches below an unread part do not count the batches in it yet.
	const counted = unreadScan?.batches.map(creationTime) ?? [];
	return state.open.flatMap((open) => {
		// A batch that is not settled may be so new that some replicas do not know it yet.
		if (lookups?.gone.has(open.id) && open.createdAt < state.settledUpTo) return [];
		const entry = byId.get(open.id);
		const newer = () => created + counted.filter((time) => time > open.createdAt).length;
		const rank = entry?.rank ?? open.rank + newer();
		if (!entry) return [{ ...open, rank }];
		const { batch, matches } = entry;
		if (isFinished(batch) || !matches || isOverdue(reading, open.createdAt)) return [];
		return [{ ...open, rank, seenEvents: open.seenEvents | eventMaskOf(batch) }];
	});
}

/** Whether a batch has ended now, or may have: a list can show that it runs when it has ended. */
function hasEnded({ batch, matches, isFollowed, events }: ObservedBatch): boolean {
	if (!matches || !isFinished(batch)) return false;
	return isFollowed || events.some(({ name }) => ENDINGS.includes(name));
}

/** What is remembered of an open batch from now on. */
function follow({ batch, createdAt, rank = 0, seenEvents }: ObservedBatch): OpenBatch {
	const submissionId = submissionIdOf(batch);
	return {
		id: batch.id,
		createdAt,
		rank,
		seenEvents: seenEvents | eventMaskOf(batch),
		submission: submissionId === null ? undefined : shortHash(submissionId),
	};
}

/**
 * What this poll leaves unread. Only one part is remembered: while there is one, what else was not
 * read is read again from the top.
 */
function unreadAfter(reading: Reading): Unread | undefined {
	const { state, unreadScan, head, headRule, surveys } = reading;
	if (state.unread && unreadScan && reading.unreadRemains) {
		const { after = state.unread.after, reached, batches } = unreadScan;
		if (batches.length === 0) return state.unread;
		const high = Math.min(state.unread.high, reached);
		return { ...state.unread, after, high, rank: state.unread.rank + batches.length };
	}
	if (head.complete || head.after === undefined) return undefined;
	// What happens from now on, before the part has been read, is news.
	const since = surveys ? (headRule.since ?? reading.latest) : null;
	const place = { after: head.after, high: head.reached, rank: head.batches.length };
	return { ...headRule, ...place, since };
}

/**
 * How far up everything is settled after the poll; it never moves down.
 *
 * @param least how far up everything is settled in any case
 * @param notFollowed when the oldest open batch was created that there was no room to follow
 */
function settle(reading: Reading, least: number, notFollowed = Infinity): number {
	const { head } = reading;
	if (head.pages === 0 || (reading.unreadRemains && !head.complete)) return least;
	const last = head.batches[RECENT_BATCHES - 1];
	const byCount = last ? Math.min(creationTime(last) + 1, reading.settledAfter(SHORT_LIST_LAG)) : 0;
	const byTime = Math.max(reading.settledAfter(LIST_LAG), byCount);
	return Math.max(least, Math.min(byTime, notFollowed));
}

/** The marks after the poll, of batches that are neither settled nor followed. */
function mark(
	{ state }: Reading,
	observed: readonly ObservedBatch[],
	settledUpTo: number,
	unread: Unread | undefined,
): Marks {
	// In an unread part, what is known there is marked: followed batches that have ended, and those
	// of the second in which reading stopped.
	const isMarked = ({ createdAt }: Pick<ObservedBatch, 'createdAt'>) =>
		createdAt >= settledUpTo ||
		(unread !== undefined && createdAt <= unread.high && createdAt >= unread.bottom);
	// Keep the marks of batches that this poll has not seen: the list can drop some for a moment.
	const marks: Marks = new Map([...state.marks].filter(([, entry]) => isMarked(entry)));
	for (const { batch, createdAt, seenEvents } of observed.filter(isMarked)) {
		const seen = seenEvents | eventMaskOf(batch);
		marks.set(shortHash(batch.id), { createdAt, seenEvents: seen });
	}
	return marks;
}

/**
 * Turns what a poll has read into events and the state to go on from. It may be called after any
 * answer after which the poll may stop.
 *
 * @param now n8n's clock in unix seconds
 */
export function conclude(reading: Reading, now: number): Outcome {
	const { state, settings, lookups, newest } = reading;
	const observed = observe(reading);
	const open = stillOpen(reading, observed);
	const newlyOpen = observed
		.filter(
			({ batch, createdAt, isFollowed, matches }) =>
				matches && !isFollowed && !isFinished(batch) && !isOverdue(reading, createdAt),
		)
		.sort((a, b) => a.createdAt - b.createdAt);
	const unread = unreadAfter(reading);
	// What is unread has to be settled, since the head is read down to there only.
	const least = Math.max(state.settledUpTo, unread ? unread.high + 1 : 0);
	const settled = newlyOpen.filter(({ createdAt }) => createdAt < least);
	const room = Math.max(MAX_OPEN - open.length, settled.length);
	open.push(...newlyOpen.slice(0, room).map(follow));
	const settledUpTo = settle(reading, least, newlyOpen[room]?.createdAt);
	const followed = new Set(open.map(({ id }) => id));
	const others = observed.filter(({ batch }) => !followed.has(batch.id));
	const events = inOrder(observed.flatMap((entry) => entry.events));
	return {
		events: events.filter(({ name }) => settings.events.has(name)),
		ended: settings.submissionFinished ? observed.filter(hasEnded).map(({ batch }) => batch) : [],
		state: {
			settledUpTo,
			open,
			marks: mark(reading, others, settledUpTo, unread),
			newest,
			newestSince: newest > state.newest ? now : Math.min(state.newestSince, now),
			// The survey waits until what earlier polls left unread has been read.
			filters: reading.surveys ? hashFilters(settings.filters) : state.filters,
			unread,
			nextLookup: lookups ? lookups.nextLookup : state.nextLookup,
			...(settings.submissionFinished && {
				gathering: state.gathering,
				ending: state.ending,
				reported: state.reported,
			}),
		},
	};
}
