import { hashOf } from './idTable';

/** So many small tables grow one at a time: a single large one would stop n8n while it grows. */
const TABLES = 256;
const FIRST_SLOTS = 16;
/** A table grows when more of its slots are taken. */
const MAX_LOAD = 0.75;
/** The two hashes of an id, and its number plus one, which is zero where the slot is free. */
const WORDS = 3;

/**
 * Numbers ids from 0 in the order in which they come, in 16 to 32 bytes of memory each, whatever
 * their length. It knows ids by 64 bits of each, so it may take an id for another one: among the
 * 50,000 ids of a batch with a probability of 1 to 14,000 million.
 */
export class IdNumbers {
	private readonly tables: Uint32Array[] = [];
	private readonly counts = new Uint32Array(TABLES);
	private known = 0;

	/** @param seed ids that look the same with one seed look different with another */
	constructor(private readonly seed: number) {
		for (let index = 0; index < TABLES; index++) {
			this.tables.push(new Uint32Array(WORDS * FIRST_SLOTS));
		}
	}

	/** How many ids have a number. */
	get size(): number {
		return this.known;
	}

	/** The number of an id; undefined when it has none. */
	numberOf(id: string): number | undefined {
		const [high, low] = hashOf(id, this.seed);
		const table = this.tables[high >>> 24];
		const number = table[slotOf(table, high, low) + 2];
		return number === 0 ? undefined : number - 1;
	}

	/** The number of an id, which is the next one when the id is new. */
	add(id: string): number {
		const [high, low] = hashOf(id, this.seed);
		const index = high >>> 24;
		const table = this.tables[index];
		const slot = slotOf(table, high, low);
		if (table[slot + 2] !== 0) return table[slot + 2] - 1;
		table.set([high, low, ++this.known], slot);
		if (++this.counts[index] > (table.length / WORDS) * MAX_LOAD) {
			this.tables[index] = grown(table);
		}
		return this.known - 1;
	}
}

/** Where a pair of hashes is in a table, or where it belongs. */
function slotOf(table: Uint32Array, high: number, low: number): number {
	const mask = table.length / WORDS - 1;
	for (let slot = low & mask; ; slot = (slot + 1) & mask) {
		const at = WORDS * slot;
		if (table[at + 2] === 0 || (table[at] === high && table[at + 1] === low)) return at;
	}
}

function grown(table: Uint32Array): Uint32Array {
	const larger = new Uint32Array(2 * table.length);
	for (let at = 0; at < table.length; at += WORDS) {
		if (table[at + 2] === 0) continue;
		larger.set(table.subarray(at, at + WORDS), slotOf(larger, table[at], table[at + 1]));
	}
	return larger;
}
