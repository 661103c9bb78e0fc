const CHUNK_BYTES = 256 * 1024;

/** The content of a large file, piece by piece. */
export function* fileChunks(bytes: number): Generator<Buffer> {
	for (let left = bytes; left > 0; left -= CHUNK_BYTES) {
		yield Buffer.alloc(Math.min(left, CHUNK_BYTES), `${left} abcdefghijklmnopqrstuvwxyz\n`);
	}
}
