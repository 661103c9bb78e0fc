import { createHash } from 'crypto';
import type { EventMask } from '../batchEvents/batchEvent';
import type { EventFilters } from '../batchEvents/eventFilters';
import type { EndingSubmission, StoredGathering } from '../batchEvents/gathering';

/** An unfinished batch that is followed by its id. All times here are unix seconds. */
export interface OpenBatch {
	id: string;
	createdAt: number;
	/** Roughly how many batches are above it in the list, which says where to look for it. */
	rank: number;
	/** The events that it has been through, as far as they have been seen. */
	seenEvents: EventMask;
	/** The submission that it belongs to, as a short hash. */
	submission?: string;
}

/** What has been seen of a batch above `settledUpTo`. */
export interface Mark {
	createdAt: number;
	seenEvents: EventMask;
}

/** Marks by the short hash of the batch's id. */
export type Marks = Map<string, Mark>;

/** Which events of the batches in a part of the list are news. */
export interface NewsRule {
	/** Of batches created from this second on, everything that is not marked; null: of none. */
	newsFrom: number | null;
	/** Of older ones, what happened in this second or later; null: nothing. */
	since: number | null;
	/** The part ends with the batches that were created before this second. */
	bottom: number;
}

/** A part of the list that polls have not read yet. They read it from newer to older. */
export interface Unread extends NewsRule {
	/** The next page begins after this batch. */
	after: string;
	/** What was created after this second has been read. */
	high: number;
	/** Roughly how many batches are above. */
	rank: number;
}

/** What the trigger knows of the list of batches. `docs/polling.md` has a drawing. */
export interface State {
	/**
	 * Batches created before this second are settled: nothing of them is news, except of those in
	 * `open` and in `unread`. Of all others everything is news that has no mark.
	 */
	settledUpTo: number;
	open: OpenBatch[];
	marks: Marks;
	/** When the newest batch was created, by the server's clock. */
	newest: number;
	/** When a poll first saw that batch, by n8n's clock. */
	newestSince: number;
	/** The filters that `open` was gathered with, as a short hash. */
	filters: string;
	unread?: Unread;
	/** The open batch that the next poll looks up first, when this one had no time for all. */
	nextLookup?: string;
	/** Whether the next poll looks up no open batches, since this one had no time for submissions. */
	skipsLookups?: boolean;
	/** Submissions of which a batch has ended, while it is not known whether all have. */
	gathering?: StoredGathering;
	/** Others, which wait until that is known. */
	ending?: EndingSubmission[];
	/** The submissions that were reported last, each as a short hash of its event. */
	reported?: string[];
}

/** What a trigger knows before its first poll. */
export const BEGINNING: State = {
	settledUpTo: 0,
	open: [],
	marks: new Map(),
	newest: 0,
	newestSince: 0,
	filters: '',
};

export const STATE_VERSION = 1;

type StoredOpenBatch = [
	id: string,
	createdAt: number,
	rank: number,
	seenEvents: EventMask,
	submission?: string,
];

/** The state as n8n keeps it in the node's static data. */
export interface StoredState extends Omit<State, 'open' | 'marks'> {
	v: number;
	open: StoredOpenBatch[];
	marks: StoredMarks;
}

/** 48 bits of a hash: with 2,000 marks, one chance in 10¹¹ that a batch is confused with another. */
const HASH_LENGTH = 8;
/** Seconds after the oldest mark in base 36: enough for almost two years. */
const OFFSET_LENGTH = 5;
const RECORD_LENGTH = HASH_LENGTH + 1 + OFFSET_LENGTH;
const LARGEST_OFFSET = 36 ** OFFSET_LENGTH - 1;

export function shortHash(text: string): string {
	return createHash('sha256').update(text).digest('base64url').slice(0, HASH_LENGTH);
}

/** A hash of the filters, the same whatever the order in which they were entered. */
export function hashFilters({ endpoint, metadata, batchIds }: EventFilters): string {
	const pairs = metadata.map((pair) => JSON.stringify(pair)).sort();
	return shortHash(JSON.stringify([endpoint, pairs, [...batchIds].sort()]));
}

/** Marks as they are stored: the time of the oldest, and 14 characters for each. */
type StoredMarks = [start: number, records: string];

export function writeMarks(marks: Marks): StoredMarks {
	let start = Infinity;
	for (const { createdAt } of marks.values()) start = Math.min(start, createdAt);
	const records = [...marks].map(([hash, { createdAt, seenEvents }]) => {
		const offset = Math.min(createdAt - start, LARGEST_OFFSET);
		return hash + seenEvents.toString(36) + offset.toString(36).padStart(OFFSET_LENGTH, '0');
	});
	return [marks.size > 0 ? start : 0, records.join('')];
}

/** @returns no marks for what is not the stored form of marks */
export function readMarks(stored: unknown): Marks {
	const marks: Marks = new Map();
	if (!Array.isArray(stored)) return marks;
	const [start, records] = stored as unknown[];
	if (typeof start !== 'number' || typeof records !== 'string') return marks;
	for (let at = 0; at + RECORD_LENGTH <= records.length; at += RECORD_LENGTH) {
		const hash = records.slice(at, at + HASH_LENGTH);
		const seenEvents = parseInt(records.slice(at + HASH_LENGTH, at + HASH_LENGTH + 1), 36);
		const offset = parseInt(records.slice(at + HASH_LENGTH + 1, at + RECORD_LENGTH), 36);
		marks.set(hash, { createdAt: start + offset, seenEvents });
	}
	return marks;
}

const isNumber = (value: unknown): value is number =>
	typeof value === 'number' && Number.isFinite(value);

/**
 * Reads what the static data holds. Every field but `settledUpTo` has a default, so that a state of
 * another version of the package is used as far as it is known.
 *
 * @returns undefined when there is no state yet, and for what cannot be one
 */
export function readState(value: unknown): State | undefined {
	if (typeof value !== 'object' || value === null) return undefined;
	// Static data are proxies that report changes: work on a copy.
	const stored = JSON.parse(JSON.stringify(value)) as Partial<StoredState>;
	const { settledUpTo, open = [], marks, unread } = stored;
	if (!isNumber(settledUpTo)) return undefined;
	return {
		settledUpTo,
		open: open.map(([id, createdAt, rank, seenEvents, submission]) => ({
			id,
			createdAt,
			rank,
			seenEvents,
			submission,
		})),
		marks: readMarks(marks),
		newest: stored.newest ?? settledUpTo,
		newestSince: stored.newestSince ?? 0,
		filters: stored.filters ?? '',
		unread: unread && isNumber(unread.high) && isNumber(unread.bottom) ? unread : undefined,
		nextLookup: stored.nextLookup,
		skipsLookups: stored.skipsLookups,
		gathering: Array.isArray(stored.gathering?.sought) ? stored.gathering : undefined,
		ending: Array.isArray(stored.ending) ? stored.ending : undefined,
		reported: Array.isArray(stored.reported) ? stored.reported : undefined,
	};
}

function writeOpen({ id, createdAt, rank, seenEvents, submission }: OpenBatch): StoredOpenBatch {
	const always = [id, createdAt, rank, seenEvents] as const;
	return submission === undefined ? [...always] : [...always, submission];
}

export function writeState({ open, marks, ...rest }: State): StoredState {
	const stored: StoredState = {
		v: STATE_VERSION,
		...rest,
		open: open.map(writeOpen),
		marks: writeMarks(marks),
	};
	return JSON.parse(JSON.stringify(stored)) as StoredState;
}
