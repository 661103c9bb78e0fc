import { createHash } from 'crypto';

/** Chunks of about this many characters are sent at a time. */
export const CHUNK_CHARACTERS = 128 * 1024;

/** How many bytes of content may still be kept in memory, in all parts of a submission together. */
export class KeptBytes {
	constructor(private left: number) {}

	/** Whether there is room for so many bytes, which are then taken. */
	take(bytes: number): boolean {
		if (bytes > this.left) return false;
		this.left -= bytes;
		return true;
	}
}

/**
 * The lines of one part as they were planned: a digest of all of them, and as much of their
 * beginning as may be kept, so that it does not have to be made a second time to be sent.
 */
export class PartContent {
	/** The kept beginning, in whole lines. */
	readonly chunks: Uint8Array[] = [];
	/** How many lines are in `chunks`. */
	keptLines = 0;

	private readonly hash = createHash('sha256');
	private isKeeping = true;
	private text = '';

	constructor(private readonly room: KeptBytes) {}

	/**
	 * @param bytes the size of the line, with its line break
	 * @returns whether the line is kept
	 */
	add(line: string, bytes: number): boolean {
		this.isKeeping &&= this.room.take(bytes);
		if (!this.isKeeping) {
			this.flush();
			this.hash.update(`${line}\n`);
			return false;
		}
		this.text += `${line}\n`;
		this.keptLines++;
		if (this.text.length >= CHUNK_CHARACTERS) this.flush();
		return true;
	}

	/** The digest of all lines, after the last one. */
	digest(): string {
		this.flush();
		return this.hash.digest('hex');
	}

	private flush(): void {
		if (this.text === '') return;
		const chunk = Buffer.from(this.text);
		this.hash.update(chunk);
		this.chunks.push(chunk);
		this.text = '';
	}
}
