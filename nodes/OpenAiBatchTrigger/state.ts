import { createHash } from 'crypto';
import type { EventMask } from '../batchEvents/batchEvent';
import type { EventFilters } from '../batchEvents/eventFilters';
import { BOTTOM, TOP, type Position } from './position';

/** What is accounted for of one recent batch. */
export interface Mark {
	/** When the batch was created, in unix seconds. */
	t: number;
	seenEvents: EventMask;
}

/** Marks by the short hash of the batch's id. */
export type Marks = Map<string, Mark>;

/** 48 bits of a hash: among a few hundred marks, a chance of one in a trillion to be mistaken. */
const HASH_LENGTH = 8;
/** Seconds since the oldest mark in base 36: enough for almost two years. */
const OFFSET_LENGTH = 5;
const RECORD_LENGTH = HASH_LENGTH + 1 + OFFSET_LENGTH;
const LARGEST_OFFSET = 36 ** OFFSET_LENGTH - 1;

export function shortHash(text: string): string {
	return createHash('sha256').update(text).digest('base64url').slice(0, HASH_LENGTH);
}

/** Marks as they are stored: the time of the oldest, and 14 characters for each. */
export type StoredMarks = [t: number, records: string];

export function writeMarks(marks: Marks): StoredMarks {
	const start = Math.min(...[...marks.values()].map(({ t }) => t));
	const records = [...marks].map(([hash, { t, seenEvents }]) => {
		const offset = Math.min(t - start, LARGEST_OFFSET);
		return hash + seenEvents.toString(36) + offset.toString(36).padStart(OFFSET_LENGTH, '0');
	});
	return [marks.size > 0 ? start : 0, records.join('')];
}

/** @returns no marks for what is no stored text of marks */
export function readMarks(stored: unknown): Marks {
	const marks: Marks = new Map();
	if (!Array.isArray(stored)) return marks;
	const [start, records] = stored as unknown[];
	if (typeof start !== 'number' || typeof records !== 'string') return marks;
	for (let at = 0; at + RECORD_LENGTH <= records.length; at += RECORD_LENGTH) {
		const hash = records.slice(at, at + HASH_LENGTH);
		const seenEvents = parseInt(records.slice(at + HASH_LENGTH, at + HASH_LENGTH + 1), 36);
		const offset = parseInt(records.slice(at + HASH_LENGTH + 1, at + RECORD_LENGTH), 36);
		marks.set(hash, { t: start + offset, seenEvents });
	}
	return marks;
}

/** Longer filters are remembered by their hash only. */
const LONGEST_TEXT = 1_000;

/** A text for the filters, the same whatever the order in which they were entered. */
export function writeFilters({ endpoint, metadata, batchIds }: EventFilters): string {
	const pairs = [...metadata].sort(([a, x], [b, y]) => (`${a}\n${x}` < `${b}\n${y}` ? -1 : 1));
	const text = JSON.stringify([endpoint, pairs, [...batchIds].sort()]);
	return text.length > LONGEST_TEXT ? shortHash(text) : text;
}

/** The filters of such a text; undefined when only their hash is known. */
export function readFilters(text: string): EventFilters | undefined {
	if (!text.startsWith('[')) return undefined;
	const [endpoint, metadata, batchIds] = JSON.parse(text) as [
		string,
		EventFilters['metadata'],
		string[],
	];
	return { endpoint, metadata, batchIds };
}

/** A batch that was seen unfinished. */
export interface OpenBatch extends Position {
	/** Roughly how many batches are above it in the list, which tells where to look for it. */
	rank: number;
	/** What has happened to it so far, and is accounted for. */
	seenEvents: EventMask;
}

/** A part of the list that is still to be read, from newer to older. */
export interface Unread {
	/** Read on after this batch; from the top of the list without it. */
	after?: string;
	/** What was created later than this second has been read. */
	high: number;
	/** How many batches are above, roughly. */
	rank: number;
	/** From here upwards everything is news. Below, only what is still open matters, and … */
	newsFrom: Position;
	/** … what finished at this second or later; null when nothing else does. */
	since: number | null;
	/** It ends with the batches that were created before this second. */
	low: number;
	/** The filters until now, as text: what they were not about is not news either. */
	former?: string;
}

/**
 * What the trigger knows of the server's batches, in few words whatever their number:
 * - older than `settledUpTo`: all is accounted for, except of the batches in `open`, and in the `unread`;
 * - from `settledUpTo` upwards: nothing is accounted for, except what the `marks` say.
 */
export interface State {
	settledUpTo: Position;
	open: OpenBatch[];
	marks: Marks;
	/** The latest time that the server has told of: its clock, as far as it is known. */
	seen: number;
	/** The creation time of the newest batch seen. */
	newest: number;
	/** The filters that `open` was gathered under, as text. */
	filter: string;
	unread?: Unread;
	/** For batches created up to `t`, what happened before `since` was before the activation. */
	activation?: { t: number; since: number };
	/** The open batch that the next look begins with, when time was up before all were looked at. */
	nextLookup?: string;
	/** Whether events had to wait, since there were too many marks. */
	crowded?: boolean;
}

export const STATE_VERSION = 1;

/** What is kept in the node's static data. */
export interface StoredState {
	v: number;
	settledUpTo: [t: number, id: string];
	open: Array<[id: string, t: number, rank: number, seenEvents: EventMask]>;
	marks: StoredMarks;
	seen: number;
	newest: number;
	filter: string;
	unread?: Omit<Unread, 'newsFrom'> & { newsFrom: [t: number, id: string] | null };
	activation?: State['activation'];
	nextLookup?: string;
	crowded?: boolean;
}

type Upgrade = (stored: Record<string, unknown>) => Record<string, unknown>;

/**
 * By version, what turns a stored state into one of the next version. There is one version so far;
 * whoever changes the shape adds the step here, so that active workflows go on where they are.
 */
export const UPGRADES: Readonly<Record<number, Upgrade>> = {};

/** Takes a stored state through the upgrades, one version at a time. */
export function upgrade(
	stored: Record<string, unknown>,
	upgrades: Readonly<Record<number, Upgrade>> = UPGRADES,
): Record<string, unknown> {
	let current = stored;
	for (let step = upgrades[Number(current.v)]; step; step = upgrades[Number(current.v)]) {
		current = { ...step(current), v: Number(current.v) + 1 };
	}
	return current;
}

const isNumber = (value: unknown): value is number =>
	typeof value === 'number' && Number.isFinite(value);

function readPosition(value: unknown): Position | undefined {
	if (!Array.isArray(value) || !isNumber(value[0])) return undefined;
	return { t: value[0], id: typeof value[1] === 'string' ? value[1] : '' };
}

function readUnread(value: StoredState['unread']): Unread | undefined {
	if (!value || !isNumber(value.high) || !isNumber(value.low)) return undefined;
	return { ...value, newsFrom: readPosition(value.newsFrom) ?? TOP };
}

/**
 * Reads what the static data holds. Every field but the position has a default, and what a newer
 * version of the package added is left alone, so that up- and downgrades go on from where they are.
 *
 * @returns undefined for a trigger that begins, and for what cannot be a state
 */
export function readState(value: unknown): State | undefined {
	if (typeof value !== 'object' || value === null) return undefined;
	// Static data are proxies that report changes: work on a copy.
	const copy = JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
	const stored = upgrade(copy) as unknown as Partial<StoredState>;
	const settledUpTo = readPosition(stored.settledUpTo);
	if (!settledUpTo) return undefined;
	const newest = isNumber(stored.newest) ? stored.newest : settledUpTo.t;
	return {
		settledUpTo,
		open: (stored.open ?? []).map(([id, t, rank, seenEvents]) => ({ id, t, rank, seenEvents })),
		marks: readMarks(stored.marks),
		newest,
		seen: isNumber(stored.seen) ? stored.seen : newest,
		filter: stored.filter ?? '',
		unread: readUnread(stored.unread),
		activation: stored.activation,
		nextLookup: stored.nextLookup,
		crowded: stored.crowded,
	};
}

export function writeState({ settledUpTo, open, marks, unread, ...rest }: State): StoredState {
	const stored: StoredState = {
		v: STATE_VERSION,
		...rest,
		settledUpTo: [settledUpTo.t, settledUpTo.id],
		open: open.map(({ id, t, rank, seenEvents }) => [id, t, rank, seenEvents]),
		marks: writeMarks(marks),
		unread: unread && {
			...unread,
			newsFrom: unread.newsFrom.t === TOP.t ? null : [unread.newsFrom.t, unread.newsFrom.id],
		},
	};
	return JSON.parse(JSON.stringify(stored)) as StoredState;
}

/** The state of a trigger that has seen nothing yet. */
export function emptyState(filter: string): State {
	return { settledUpTo: BOTTOM, open: [], marks: new Map(), seen: 0, newest: 0, filter };
}
