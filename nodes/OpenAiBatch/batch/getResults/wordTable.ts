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
