import { WordTable } from '../../../jsonl/idTable';

/** A line to be written, or what is added to one, and the request it belongs to. */
export class Piece {
	constructor(
		/** The number of the request's id; null for a result that belongs to no request. */
		readonly id: number | null,
		readonly text: string,
	) {}
}

/** A line with what was found for it in the other file. */
export class Joined extends Piece {
	constructor(
		id: number | null,
		text: string,
		readonly partners: string[],
	) {
		super(id, text);
	}
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

/** What a line takes beside its texts: 12 bytes of its own, 8 of its id, 9 for its partners, rounded up. */
const LINE_BYTES = 32;

/** When partners are dropped, so much of the memory for them stays in use. */
const KEPT_SHARE = 0.75;

/** So many lines are passed on at a time. */
const AT_A_TIME = 50;

/**
 * Adds to each line what another file has for the same id, in the order of the lines. Holds some of
 * the lines, reads the other file for them, passes them on, and holds the next ones: memory does not
 * grow with the files, apart from some bytes for each id, and where both are large, the other one is
 * read several times.
 *
 * @param others the other file from its beginning
 * @param pool memory that several joins share, also at the same time
 */
export async function* join(
	lines: Pieces,
	others: () => Pieces,
	sharing: Sharing,
	pool = new BlockPool(),
	mostBytes = MOST_BYTES,
): AsyncGenerator<Joined[]> {
	const source = lines[Symbol.asyncIterator]();
	let open = new OpenLines(pool);
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
			const partners = new Partners(pool, open.count, mostBytes - open.bytes);
			await findPartners(open, others(), sharing, partners);
			for (let at = 0; at < partners.whole; at += AT_A_TIME) {
				yield open.joined(at, Math.min(at + AT_A_TIME, partners.whole), partners);
			}
			partners.release();
			open = open.from(partners.whole);
		}
	} finally {
		await source.return?.();
	}
}

/** Finds what belongs to the lines. */
async function findPartners(
	lines: OpenLines,
	others: Pieces,
	sharing: Sharing,
	partners: Partners,
): Promise<void> {
	if (lines.withId === 0) return;
	// Each line gets one partner, unless the first gets all, whose number is not known.
	let left = sharing === 'toFirst' ? Infinity : lines.withId;
	const isFound = new Uint8Array(lines.count);
	for await (const pieces of others) {
		for (const { id, text } of pieces) {
			if (id === null) continue;
			for (let at = lines.first(id); at !== undefined; at = lines.after(at)) {
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

/** What is kept of a line, each plus one: where its text is, its id, and the next line with this id. */
const TEXT = 0;
const ID = 1;
const NEXT = 2;

/** What is kept of an id, each plus one: its first line and its last one. */
const FIRST = 0;
const LAST = 1;

/** The lines in memory, outside of V8's heap. */
class OpenLines {
	count = 0;
	/** How many of them have an id. */
	withId = 0;
	private readonly lines = new WordTable(3);
	private readonly ends = new WordTable(2);
	private readonly texts: Texts;

	constructor(private readonly pool: BlockPool) {
		this.texts = new Texts(pool);
	}

	get bytes(): number {
		return this.texts.bytes + this.count * LINE_BYTES;
	}

	add(id: number | null, text: string): void {
		const line = this.count++;
		this.lines.set(line, TEXT, this.texts.add(line, text) + 1);
		if (id === null) return;
		this.withId++;
		this.lines.set(line, ID, id + 1);
		const last = this.ends.get(id, LAST);
		if (last === 0) this.ends.set(id, FIRST, line + 1);
		else this.lines.set(last - 1, NEXT, line + 1);
		this.ends.set(id, LAST, line + 1);
	}

	/** The first line with an id; undefined without any. */
	first(id: number): number | undefined {
		const first = this.ends.get(id, FIRST);
		return first === 0 ? undefined : first - 1;
	}

	/** The next line with the same id. */
	after(line: number): number | undefined {
		const next = this.lines.get(line, NEXT);
		return next === 0 ? undefined : next - 1;
	}

	/** The lines from one place to before another, with what was found for them. */
	joined(from: number, to: number, partners: Partners): Joined[] {
		const lines: Joined[] = [];
		for (let at = from; at < to; at++) {
			const text = this.texts.get(this.lines.get(at, TEXT) - 1);
			lines.push(new Joined(this.idOf(at), text, partners.of(at)));
		}
		return lines;
	}

	/** The lines from a place on; these here are used up. */
	from(place: number): OpenLines {
		const rest = new OpenLines(this.pool);
		if (place === this.count) {
			this.texts.release();
			return rest;
		}
		for (const [line, text] of this.texts.drain()) {
			if (line >= place) rest.add(this.idOf(line), text);
		}
		return rest;
	}

	private idOf(line: number): number | null {
		const id = this.lines.get(line, ID);
		return id === 0 ? null : id - 1;
	}
}

/** What was found for the lines. When it takes too much memory, the last lines have to wait. */
class Partners {
	private texts: Texts;
	private readonly firsts: Uint32Array;
	private readonly lasts: Uint32Array;

	/** @param whole how many of the lines, the first of them, get all that belongs to them */
	constructor(
		private readonly pool: BlockPool,
		public whole: number,
		private readonly mostBytes: number,
	) {
		this.texts = new Texts(pool);
		this.firsts = new Uint32Array(whole).fill(NONE);
		this.lasts = new Uint32Array(whole).fill(NONE);
	}

	add(line: number, text: string): void {
		if (line >= this.whole) return;
		this.append(line, text);
		if (this.texts.bytes > this.mostBytes && this.whole > 1) this.makeRoom();
	}

	of(line: number): string[] {
		const found: string[] = [];
		for (let at = this.firsts[line]; at !== NONE; at = this.texts.next(at)) {
			found.push(this.texts.get(at));
		}
		return found;
	}

	/** Nothing more is asked of them. */
	release(): void {
		this.texts.release();
	}

	private append(line: number, text: string): void {
		const position = this.texts.add(line, text);
		if (this.firsts[line] === NONE) this.firsts[line] = position;
		else this.texts.link(this.lasts[line], position);
		this.lasts[line] = position;
	}

	/** Drops what belongs to the last lines, so much of it that it is worth moving the others. */
	private makeRoom(): void {
		const { texts } = this;
		let { bytes } = texts;
		while (bytes > KEPT_SHARE * this.mostBytes && this.whole > 1) {
			this.whole--;
			for (let at = this.firsts[this.whole]; at !== NONE; at = texts.next(at)) {
				bytes -= texts.bytesOf(at);
			}
		}
		this.texts = new Texts(this.pool);
		this.firsts.fill(NONE);
		for (const [line, text] of texts.drain()) {
			if (line < this.whole) this.append(line, text);
		}
	}
}

const BLOCK_BYTES = 262_144;

/**
 * Blocks of memory that are used again. V8 looks through the whole heap whenever some 16 MB were
 * allocated outside of it, which takes longer in a nearly full heap than the join itself. A block
 * belongs to one join until it is given back; what all of them needed at most stays until the pool
 * goes. Longer texts have blocks of their own, which are not kept.
 */
export class BlockPool {
	private readonly free: Buffer[] = [];

	/** @param bytes how many are needed at least */
	take(bytes: number): Buffer {
		if (bytes > BLOCK_BYTES) return Buffer.allocUnsafeSlow(bytes);
		return this.free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
	}

	/** Takes back a block in which nothing is needed any more. */
	give(block: Buffer): void {
		if (block.length === BLOCK_BYTES) this.free.push(block);
	}
}

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

	constructor(private readonly pool: BlockPool) {}

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
		return textAt(this.blockOf(position), position % BLOCK_BYTES);
	}

	/** How many bytes of memory a text takes. */
	bytesOf(position: number): number {
		return HEAD_BYTES + this.blockOf(position).readUInt32LE((position % BLOCK_BYTES) + 8);
	}

	/** The position of the next text of the same line. */
	next(position: number): number {
		return this.blockOf(position).readUInt32LE((position % BLOCK_BYTES) + 4);
	}

	link(position: number, next: number): void {
		this.blockOf(position).writeUInt32LE(next, (position % BLOCK_BYTES) + 4);
	}

	/**
	 * All texts in the order in which they were added. Each block is given back after it was read, and
	 * no others can be added.
	 */
	*drain(): Generator<[line: number, text: string]> {
		const { blocks } = this;
		this.blocks = [];
		for (let index = 0; blocks.length > 0; index++) {
			const block = blocks.shift()!;
			for (let start = 0; start < this.taken[index];) {
				yield [block.readUInt32LE(start), textAt(block, start)];
				start += HEAD_BYTES + block.readUInt32LE(start + 8);
			}
			this.pool.give(block);
		}
	}

	/** Gives up all texts. No others can be added. */
	release(): void {
		for (const block of this.blocks) this.pool.give(block);
		this.blocks = [];
	}

	/** The index of a block that has room for so many bytes. A block has more for a single long text. */
	private blockFor(bytes: number): number {
		const last = this.blocks.length - 1;
		if (last >= 0 && this.taken[last] + bytes <= this.blocks[last].length) return last;
		if (last >= 0) this.full += this.blocks[last].length;
		this.blocks.push(this.pool.take(bytes));
		this.taken.push(0);
		return last + 1;
	}

	/** A text begins within the usual length of a block, also in a longer one. */
	private blockOf(position: number): Buffer {
		return this.blocks[Math.floor(position / BLOCK_BYTES)];
	}
}

function textAt(block: Buffer, start: number): string {
	const from = start + HEAD_BYTES;
	return block.toString('utf8', from, from + block.readUInt32LE(start + 8));
}
