import { createHash } from 'crypto';
import type { Mask } from '../batchEvents/events';

/** What is accounted for of one recent batch. */
export interface Mark {
	/** When the batch was created, in unix seconds. */
	t: number;
	mask: Mask;
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
	const records = [...marks].map(([hash, { t, mask }]) => {
		const offset = Math.min(t - start, LARGEST_OFFSET);
		return hash + mask.toString(36) + offset.toString(36).padStart(OFFSET_LENGTH, '0');
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
		const mask = parseInt(records.slice(at + HASH_LENGTH, at + HASH_LENGTH + 1), 36);
		const offset = parseInt(records.slice(at + HASH_LENGTH + 1, at + RECORD_LENGTH), 36);
		marks.set(hash, { t: start + offset, mask });
	}
	return marks;
}
