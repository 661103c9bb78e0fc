/** So many bytes tell one file from another. */
const KEPT_BYTES = 1024;

/**
 * The end of what has been delivered of a file. When a download is begun again, the new transfer
 * has to have the same bytes there: a proxy may have sent something else, now or before, and two
 * contents must not become one.
 */
export class Overlap {
	private tail = Buffer.alloc(0);
	private delivered = 0;

	/** How many bytes have been delivered. */
	get end(): number {
		return this.delivered;
	}

	/** Takes what is delivered next; keeps a copy of its end only. */
	push(chunk: Uint8Array): void {
		this.delivered += chunk.byteLength;
		const end = chunk.subarray(-KEPT_BYTES);
		const kept = this.tail.subarray(
			Math.max(0, this.tail.byteLength + end.byteLength - KEPT_BYTES),
		);
		this.tail = Buffer.concat([kept, end]);
	}

	/** Whether a chunk that begins at byte `start` of another transfer fits to what was delivered. */
	agrees(chunk: Uint8Array, start: number): boolean {
		const tailStart = this.delivered - this.tail.byteLength;
		const from = Math.max(start, tailStart);
		const to = Math.min(start + chunk.byteLength, this.delivered);
		if (from >= to) return true;
		const again = chunk.subarray(from - start, to - start);
		return this.tail.subarray(from - tailStart, to - tailStart).equals(again);
	}
}
