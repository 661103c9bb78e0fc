const CHUNK_BYTES = 256 * 1024;

/** The beginning of a PNG of 1,024 × 1,024 pixels. */
const PNG_HEADER = Buffer.from('iVBORw0KGgoAAAANSUhEUgAABAAAAAQACAYAAAA=', 'base64');

/** An image of so many bytes: a real header, and other content for each index. */
export function* imageChunks(index: number, bytes: number): Generator<Buffer> {
	yield PNG_HEADER;
	for (const chunk of fileChunks(bytes - PNG_HEADER.length)) {
		chunk.write(`image ${index} `);
		yield chunk;
	}
}

/** The content of a large file, piece by piece. */
export function* fileChunks(bytes: number): Generator<Buffer> {
	for (let left = bytes; left > 0; left -= CHUNK_BYTES) {
		yield Buffer.alloc(Math.min(left, CHUNK_BYTES), `${left} abcdefghijklmnopqrstuvwxyz\n`);
	}
}
