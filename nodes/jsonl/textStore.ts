const BLOCK_BYTES = 262_144;
/** A text that is longer has a block of its own, since a block would have little room for another. */
const LONG_BYTES = BLOCK_BYTES / 8;

/**
 * Blocks of memory that are used again. V8 looks through the whole heap whenever some 16 MB were
 * allocated outside of it, which takes longer in a nearly full heap than the work for which they
 * are. A block belongs to one store until it is given back; what all of them needed at most stays
 * until the pool goes. The blocks of long texts are not kept.
 */
export class BlockPool {
	private readonly free: Buffer[] = [];

	/** @param bytes how many are needed at least */
	take(bytes: number): Buffer {
		if (bytes > LONG_BYTES) return Buffer.allocUnsafeSlow(bytes);
		return this.free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
	}

	/** Takes back a block in which nothing is needed any more. */
	give(block: Buffer): void {
		if (block.length === BLOCK_BYTES) this.free.push(block);
	}
}

/** What stands before each text: a number of the caller's, the text after it in a chain, its length. */
const HEAD_BYTES = 12;
const NEXT_AT = 4;
const LENGTH_AT = 8;
/** In place of the number: the text was removed. */
const REMOVED = 0xffffffff;
/** No text. */
const NONE = 0xffffffff;

/**
 * Texts as bytes in a few large blocks. A buffer for each text would take more memory than the
 * texts, and V8 would look through all of them again and again, in a heap that is almost full.
 */
export class TextStore {
	/** Undefined where one was given back; a later block takes its place. */
	private blocks: Array<Buffer | undefined> = [];
	private readonly vacant: number[] = [];
	/** How many bytes of each block are taken, and how many texts in it are needed. */
	private readonly taken: number[] = [];
	private readonly needed: number[] = [];
	/** The block to which texts are added, unless they are long; -1 before the first. */
	private current = -1;
	/** The bytes of all blocks but the current one. */
	private otherBytes = 0;

	constructor(private readonly pool: BlockPool) {}

	/** Of memory: a block counts until nothing in it is needed. */
	get bytes(): number {
		return this.otherBytes + (this.current < 0 ? 0 : this.taken[this.current]);
	}

	/**
	 * Adds a text.
	 *
	 * @param number that stands with the text, below 2^32 - 1
	 * @returns its position, below 2^32 - 1
	 */
	add(number: number, text: string): number {
		const length = Buffer.byteLength(text);
		const index = this.blockFor(HEAD_BYTES + length);
		const block = this.blocks[index]!;
		const start = this.taken[index];
		block.writeUInt32LE(number, start);
		block.writeUInt32LE(NONE, start + NEXT_AT);
		block.writeUInt32LE(length, start + LENGTH_AT);
		block.write(text, start + HEAD_BYTES);
		this.taken[index] += HEAD_BYTES + length;
		this.needed[index]++;
		return index * BLOCK_BYTES + start;
	}

	get(position: number): string {
		return textAt(this.blockOf(position), position % BLOCK_BYTES);
	}

	/** How many bytes of memory a text takes. */
	bytesOf(position: number): number {
		return HEAD_BYTES + this.blockOf(position).readUInt32LE((position % BLOCK_BYTES) + LENGTH_AT);
	}

	numberOf(position: number): number {
		return this.blockOf(position).readUInt32LE(position % BLOCK_BYTES);
	}

	/** The position of the text that was linked to this one; undefined without any. */
	next(position: number): number | undefined {
		const next = this.blockOf(position).readUInt32LE((position % BLOCK_BYTES) + NEXT_AT);
		return next === NONE ? undefined : next;
	}

	link(position: number, next: number): void {
		this.blockOf(position).writeUInt32LE(next, (position % BLOCK_BYTES) + NEXT_AT);
	}

	/** Gives up a text, and its block with the last text in it that was needed. */
	remove(position: number): void {
		const index = Math.floor(position / BLOCK_BYTES);
		this.blockOf(position).writeUInt32LE(REMOVED, position % BLOCK_BYTES);
		if (--this.needed[index] > 0) return;
		if (index === this.current) {
			this.taken[index] = 0;
			return;
		}
		const block = this.blocks[index]!;
		this.otherBytes -= block.length;
		this.blocks[index] = undefined;
		this.vacant.push(index);
		this.pool.give(block);
	}

	/**
	 * All texts that are needed, with their numbers. Each block is given back after it was read, and
	 * no others can be added.
	 */
	*drain(): Generator<[number: number, text: string]> {
		const blocks = this.takeBlocks();
		for (let index = 0; index < blocks.length; index++) {
			const block = blocks[index];
			if (!block) continue;
			for (let start = 0; start < this.taken[index];) {
				const number = block.readUInt32LE(start);
				if (number !== REMOVED) yield [number, textAt(block, start)];
				start += HEAD_BYTES + block.readUInt32LE(start + LENGTH_AT);
			}
			blocks[index] = undefined;
			this.pool.give(block);
		}
	}

	/** Gives up all texts. No others can be added. */
	release(): void {
		for (const block of this.takeBlocks()) if (block) this.pool.give(block);
	}

	private takeBlocks(): Array<Buffer | undefined> {
		const { blocks } = this;
		this.blocks = [];
		this.current = -1;
		this.otherBytes = 0;
		return blocks;
	}

	/** The index of a block that has room for so many bytes: the current one, or a new one. */
	private blockFor(bytes: number): number {
		if (bytes > LONG_BYTES) {
			this.otherBytes += bytes;
			return this.newBlock(bytes);
		}
		const { current } = this;
		if (current >= 0 && this.taken[current] + bytes <= BLOCK_BYTES) return current;
		if (current >= 0) this.otherBytes += BLOCK_BYTES;
		this.current = this.newBlock(bytes);
		return this.current;
	}

	private newBlock(bytes: number): number {
		const index = this.vacant.pop() ?? this.blocks.length;
		this.blocks[index] = this.pool.take(bytes);
		this.taken[index] = 0;
		this.needed[index] = 0;
		return index;
	}

	private blockOf(position: number): Buffer {
		return this.blocks[Math.floor(position / BLOCK_BYTES)]!;
	}
}

function textAt(block: Buffer, start: number): string {
	const from = start + HEAD_BYTES;
	return block.toString('utf8', from, from + block.readUInt32LE(start + LENGTH_AT));
}
