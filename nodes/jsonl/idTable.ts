/** So many small tables grow one at a time: a single large one would stop n8n while it grows. */
const TABLES = 256;
const FIRST_SLOTS = 16;
/** A table grows when more of its slots are taken. */
const MAX_LOAD = 0.75;

/**
 * Remembers which ids there were by 64 bits of each, in 11 to 21 bytes of memory whatever their
 * length. So it may call an id known that is not: among ten million ids with a probability of 1 to
 * 370,000. Read the ids again to know for certain, or all of them with another seed.
 */
export class IdTable {
	/** Pairs of 32 bits; a pair of zeros is free. */
	private readonly slots: Uint32Array[] = [];
	private readonly counts = new Uint32Array(TABLES);

	/** @param seed ids that look the same with one seed look different with another */
	constructor(private readonly seed: number) {
		for (let index = 0; index < TABLES; index++) {
			this.slots.push(new Uint32Array(2 * FIRST_SLOTS));
		}
	}

	/** Adds an id. Returns false if it, or perhaps another one, was added before. */
	add(id: string): boolean {
		const [high, low] = this.hash(id);
		const index = high >>> 24;
		if (!insert(this.slots[index], high, low)) return false;
		const used = ++this.counts[index];
		if (used > (this.slots[index].length / 2) * MAX_LOAD) {
			this.slots[index] = grown(this.slots[index]);
		}
		return true;
	}

	protected hash(id: string): readonly [high: number, low: number] {
		return hashOf(id, this.seed);
	}
}

/** Two hashes of 32 bits in the way of MurmurHash3, with constants of their own. Never two zeros. */
export function hashOf(id: string, seed: number): readonly [high: number, low: number] {
	let high = seed ^ 0x9e3779b9;
	let low = Math.imul(seed + 1, 0x85ebca6b);
	for (let at = 0; at < id.length; at++) {
		const code = id.charCodeAt(at);
		high = mix(high, code, 0xcc9e2d51, 0x1b873593);
		low = mix(low, code, 0x239b961b, 0xab0e9789);
	}
	high = finish(high ^ id.length);
	low = finish(low ^ high);
	// A pair of zeros would be a free slot.
	return [high, high === 0 && low === 0 ? 1 : low];
}

function mix(hash: number, code: number, first: number, second: number): number {
	let key = Math.imul(code + 1, first);
	key = Math.imul((key << 15) | (key >>> 17), second);
	const mixed = hash ^ key;
	return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number): number {
	let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
	mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
	return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Returns false if the pair is there already. */
function insert(slots: Uint32Array, high: number, low: number): boolean {
	const mask = slots.length / 2 - 1;
	for (let slot = low & mask; ; slot = (slot + 1) & mask) {
		const at = 2 * slot;
		if (slots[at] === 0 && slots[at + 1] === 0) {
			slots[at] = high;
			slots[at + 1] = low;
			return true;
		}
		if (slots[at] === high && slots[at + 1] === low) return false;
	}
}

function grown(slots: Uint32Array): Uint32Array {
	const larger = new Uint32Array(2 * slots.length);
	for (let at = 0; at < slots.length; at += 2) {
		if (slots[at] !== 0 || slots[at + 1] !== 0) insert(larger, slots[at], slots[at + 1]);
	}
	return larger;
}

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
	/** The id that was added last, since those who share the numbers add it one after the other. */
	private last: { id: string; number: number } | undefined;

	/** @param seed ids that look the same with one seed look different with another */
	constructor(private readonly seed: number) {
		for (let index = 0; index < TABLES; index++) {
			this.tables.push(new Uint32Array(WORDS * FIRST_SLOTS));
		}
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
		if (this.last?.id !== id) this.last = { id, number: this.numberFor(id) };
		return this.last.number;
	}

	private numberFor(id: string): number {
		const [high, low] = hashOf(id, this.seed);
		const index = high >>> 24;
		const table = this.tables[index];
		const slot = slotOf(table, high, low);
		if (table[slot + 2] !== 0) return table[slot + 2] - 1;
		table[slot] = high;
		table[slot + 1] = low;
		table[slot + 2] = ++this.known;
		if (++this.counts[index] > (table.length / WORDS) * MAX_LOAD) {
			this.tables[index] = grownNumbers(table);
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

function grownNumbers(table: Uint32Array): Uint32Array {
	const larger = new Uint32Array(2 * table.length);
	for (let at = 0; at < table.length; at += WORDS) {
		if (table[at + 2] === 0) continue;
		const slot = slotOf(larger, table[at], table[at + 1]);
		for (let word = 0; word < WORDS; word++) larger[slot + word] = table[at + word];
	}
	return larger;
}

const BLOCK_ROWS = 8_192;

/** A table of numbers of 32 bits, zero at first, that grows without being copied. */
export class WordTable {
	private readonly blocks: Uint32Array[] = [];
	private rows = 0;

	constructor(private readonly width: number) {}

	get length(): number {
		return this.rows;
	}

	/** Adds a row. @returns its number */
	push(): number {
		return this.rows++;
	}

	get(row: number, column: number): number {
		return (
			this.blocks[Math.floor(row / BLOCK_ROWS)]?.[(row % BLOCK_ROWS) * this.width + column] ?? 0
		);
	}

	set(row: number, column: number, value: number): void {
		const block = Math.floor(row / BLOCK_ROWS);
		this.blocks[block] ??= new Uint32Array(BLOCK_ROWS * this.width);
		this.blocks[block][(row % BLOCK_ROWS) * this.width + column] = value;
	}
}
