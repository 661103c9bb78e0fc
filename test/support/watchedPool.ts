import { BlockPool } from '../../nodes/jsonl/textStore';

/** A pool that notices when a block is given back twice, or never, and spoils what is in it. */
export class WatchedPool extends BlockPool {
	readonly out = new Set<Buffer>();

	override take(bytes: number): Buffer {
		const block = super.take(bytes);
		this.out.add(block);
		return block;
	}

	override give(block: Buffer): void {
		if (!this.out.delete(block)) throw new Error('A block was given back twice');
		block.fill(0xff);
		super.give(block);
	}
}
