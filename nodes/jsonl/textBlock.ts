/** From so many bytes on, a block is full: as large a piece as streams take with little effort. */
const FULL_BYTES = 131_072;
/** A full block has room for one more text of the usual length. */
const BLOCK_BYTES = FULL_BYTES + 8_192;

/**
 * Texts one behind the other, as UTF-8. To add them to one long string and encode that takes several
 * times as long: V8 has to copy the pieces together first.
 */
export class TextBlock {
	private block: Buffer = Buffer.alloc(0);
	private used = 0;

	get isEmpty(): boolean {
		return this.used === 0;
	}

	get isFull(): boolean {
		return this.used >= FULL_BYTES;
	}

	/** What was added. It is valid until more is added or cleared. */
	get bytes(): Buffer {
		return this.block.subarray(0, this.used);
	}

	/** Adds a text and a line feed, as a line of JSONL has it. */
	addLine(text: string): void {
		this.add(text);
		this.reserve(1);
		this.block[this.used++] = LINE_FEED;
	}

	add(text: string): void {
		// A code unit of a string takes three bytes at most.
		if (this.used + 3 * text.length > this.block.length) this.reserve(Buffer.byteLength(text));
		this.used += this.block.write(text, this.used);
	}

	/** Begins again in the same memory. */
	clear(): void {
		this.used = 0;
	}

	/** What was added, for somebody who keeps it. The next text begins a block of its own. */
	take(): Buffer {
		const { bytes } = this;
		this.block = Buffer.alloc(0);
		this.used = 0;
		return bytes;
	}

	private reserve(more: number): void {
		const needed = this.used + more;
		if (needed <= this.block.length) return;
		const larger = Buffer.allocUnsafeSlow(Math.max(needed, BLOCK_BYTES));
		this.block.copy(larger, 0, 0, this.used);
		this.block = larger;
	}
}

const LINE_FEED = 0x0a;
