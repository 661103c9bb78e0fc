/** A line to be written, or what is added to one, and the request it belongs to. */
export interface Piece {
	/** Null for a result that belongs to no request. */
	id: string | null;
	text: string;
}

/** A line with what was found for it in the other file. */
export interface Joined extends Piece {
	partners: string[];
}

type Pieces = AsyncIterable<Piece[]>;

/**
 * How the pieces of the other file are shared out among lines with the same id:
 * `toEach`: the first one to every line; `once`: each to one line, the first in memory that has none
 * yet; `toFirst`: all of them to the first line.
 */
export type Sharing = 'toEach' | 'once' | 'toFirst';

/** So much memory is taken: a batch of 50,000 rows of 600 bytes is joined in two goes. */
const MOST_BYTES = 41_943_040;

/** What a line takes beside its text: its id, and where to find it. */
const LINE_BYTES = 150;

/** When partners are dropped, so much of the memory for them stays in use. */
const KEPT_SHARE = 0.75;

/** So many lines are passed on at a time. */
const AT_A_TIME = 500;

/**
 * Adds to each line what another file has for the same id, in the order of the lines. Holds some of
 * the lines, reads the other file for them, passes them on, and holds the next ones: memory does not
 * grow with the files, and where both are large, the other one is read several times.
 *
 * @param others the other file from its beginning
 */
export async function* join(
	lines: Pieces,
	others: () => Pieces,
	sharing: Sharing,
	mostBytes = MOST_BYTES,
): AsyncGenerator<Joined[]> {
	const source = lines[Symbol.asyncIterator]();
	let open = new OpenLines();
	let isOver = false;
	try {
		while (!isOver || open.count > 0) {
			// The other half is for the partners.
			while (!isOver && open.bytes < mostBytes / 2) {
				const next = await source.next();
				isOver = next.done === true;
				if (next.done) break;
				for (const { id, text } of next.value) open.add(id, text);
			}
			if (open.count === 0) break;
			const partners = new Partners(open.count, mostBytes - open.bytes);
			await findPartners(open, others(), sharing, partners);
			for (let at = 0; at < partners.whole; at += AT_A_TIME) {
				yield open.joined(at, Math.min(at + AT_A_TIME, partners.whole), partners);
			}
			open = open.from(partners.whole);
		}
	} finally {
		await source.return?.();
	}
}

/** Finds what belongs to the lines. */
async function findPartners(
	{ ids }: OpenLines,
	others: Pieces,
	sharing: Sharing,
	partners: Partners,
): Promise<void> {
	const places = placesOf(ids);
	if (places.size === 0) return;
	// Each line gets one partner, unless the first gets all, whose number is not known.
	let left = sharing === 'toFirst' ? Infinity : ids.filter((id) => id !== null).length;
	const isFound = new Uint8Array(ids.length);
	for await (const pieces of others) {
		for (const { id, text } of pieces) {
			const found = id === null ? undefined : places.get(id);
			if (found === undefined) continue;
			for (const at of typeof found === 'number' ? [found] : found) {
				if (sharing !== 'toFirst' && isFound[at] === 1) continue;
				isFound[at] = 1;
				left--;
				partners.add(at, text);
				if (sharing !== 'toEach') break;
			}
		}
		if (left <= 0) break;
	}
}

/** Where the lines with an id are: a number where there is one, which takes less memory. */
function placesOf(ids: ReadonlyArray<string | null>): Map<string, number | number[]> {
	const places = new Map<string, number | number[]>();
	for (const [at, id] of ids.entries()) {
		if (id === null) continue;
		const known = places.get(id);
		if (known === undefined) places.set(id, at);
		else if (typeof known === 'number') places.set(id, [known, at]);
		else known.push(at);
	}
	return places;
}

/** The lines in memory. */
class OpenLines {
	readonly ids: Array<string | null> = [];
	private readonly positions: number[] = [];
	private readonly texts = new Texts();

	get count(): number {
		return this.ids.length;
	}

	get bytes(): number {
		return this.texts.bytes + this.count * LINE_BYTES;
	}

	add(id: string | null, text: string): void {
		this.positions.push(this.texts.add(this.count, text));
		this.ids.push(id);
	}

	/** The lines from one place to before another, with what was found for them. */
	joined(from: number, to: number, partners: Partners): Joined[] {
		return this.ids.slice(from, to).map((id, index) => ({
			id,
			text: this.texts.get(this.positions[from + index]),
			partners: partners.of(from + index),
		}));
	}

	/** The lines from a place on; these here are used up. */
	from(place: number): OpenLines {
		const rest = new OpenLines();
		for (const [line, text] of this.texts.drain()) {
			if (line >= place) rest.add(this.ids[line], text);
		}
		return rest;
	}
}

/** What was found for the lines. When it takes too much memory, the last lines have to wait. */
class Partners {
	private texts = new Texts();
	private readonly firsts: Uint32Array;
	private readonly lasts: Uint32Array;

	/** @param whole how many of the lines, the first of them, get all that belongs to them */
	constructor(
		public whole: number,
		private readonly mostBytes: number,
	) {
		this.firsts = new Uint32Array(whole).fill(NONE);
		this.lasts = new Uint32Array(whole).fill(NONE);
	}

	add(line: number, text: string): void {
		if (line >= this.whole) return;
		this.append(line, text);
		if (this.texts.bytes > this.mostBytes && this.whole > 1) this.makeRoom();
	}

	of(line: number): string[] {
		return Array.from(this.positionsOf(line), (position) => this.texts.get(position));
	}

	private append(line: number, text: string): void {
		const position = this.texts.add(line, text);
		if (this.firsts[line] === NONE) this.firsts[line] = position;
		else this.texts.link(this.lasts[line], position);
		this.lasts[line] = position;
	}

	private *positionsOf(line: number): Generator<number> {
		for (let at = this.firsts[line]; at !== NONE; at = this.texts.next(at)) yield at;
	}

	/** Drops what belongs to the last lines, so much of it that it is worth moving the others. */
	private makeRoom(): void {
		const { texts } = this;
		let { bytes } = texts;
		while (bytes > KEPT_SHARE * this.mostBytes && this.whole > 1) {
			this.whole--;
			for (const position of this.positionsOf(this.whole)) bytes -= texts.bytesOf(position);
		}
		this.texts = new Texts();
		this.firsts.fill(NONE);
		for (const [line, text] of texts.drain()) {
			if (line < this.whole) this.append(line, text);
		}
	}
}

const BLOCK_BYTES = 262_144;

/** What stands before each text: its line, the next text of this line, and its length. */
const HEAD_BYTES = 12;
const NONE = 0xffffffff;

/**
 * Texts of lines, as bytes in a few large blocks. A buffer for each text would take more memory than
 * the texts, and V8 would look through all of them again and again, in a heap that is almost full.
 */
class Texts {
	private blocks: Buffer[] = [];
	/** How much of each block is taken. */
	private readonly taken: number[] = [];

	/** Of memory. */
	get bytes(): number {
		const last = this.blocks.length - 1;
		return last < 0 ? 0 : this.full + this.taken[last];
	}

	/** Of the blocks before the last one. */
	private full = 0;

	/** @returns its position */
	add(line: number, text: string): number {
		const length = Buffer.byteLength(text);
		const index = this.blockFor(HEAD_BYTES + length);
		const block = this.blocks[index];
		const start = this.taken[index];
		block.writeUInt32LE(line, start);
		block.writeUInt32LE(NONE, start + 4);
		block.writeUInt32LE(length, start + 8);
		block.write(text, start + HEAD_BYTES);
		this.taken[index] += HEAD_BYTES + length;
		return index * BLOCK_BYTES + start;
	}

	get(position: number): string {
		const [block, start] = this.find(position);
		return textAt(block, start);
	}

	/** How many bytes of memory a text takes. */
	bytesOf(position: number): number {
		const [block, start] = this.find(position);
		return HEAD_BYTES + block.readUInt32LE(start + 8);
	}

	/** The position of the next text of the same line. */
	next(position: number): number {
		const [block, start] = this.find(position);
		return block.readUInt32LE(start + 4);
	}

	link(position: number, next: number): void {
		const [block, start] = this.find(position);
		block.writeUInt32LE(next, start + 4);
	}

	/** All texts in the order in which they were added. Each block is given up after it was read. */
	*drain(): Generator<[line: number, text: string]> {
		const { blocks } = this;
		this.blocks = [];
		for (let index = 0; blocks.length > 0; index++) {
			const block = blocks.shift()!;
			for (let start = 0; start < this.taken[index];) {
				yield [block.readUInt32LE(start), textAt(block, start)];
				start += HEAD_BYTES + block.readUInt32LE(start + 8);
			}
		}
	}

	/** The index of a block that has room for so many bytes. A block has more for a single long text. */
	private blockFor(bytes: number): number {
		const last = this.blocks.length - 1;
		if (last >= 0 && this.taken[last] + bytes <= this.blocks[last].length) return last;
		if (last >= 0) this.full += this.blocks[last].length;
		this.blocks.push(Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, bytes)));
		this.taken.push(0);
		return last + 1;
	}

	/** A text begins within the usual length of a block, also in a longer one. */
	private find(position: number): [block: Buffer, start: number] {
		return [this.blocks[Math.floor(position / BLOCK_BYTES)], position % BLOCK_BYTES];
	}
}

function textAt(block: Buffer, start: number): string {
	const from = start + HEAD_BYTES;
	return block.toString('utf8', from, from + block.readUInt32LE(start + 8));
}
