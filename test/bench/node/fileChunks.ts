const CHUNK_BYTES = 256 * 1024;

/** The content of a large file, piece by piece. */
export function* fileChunks(bytes: number): Generator<Buffer> {
	for (let left = bytes; left > 0; left -= CHUNK_BYTES) {
		yield Buffer.alloc(Math.min(left, CHUNK_BYTES), `${left} abcdefghijklmnopqrstuvwxyz\n`);
	}
}

/** The beginning of a PNG image of 1,024 by 1,024 pixels: its signature, and its header. */
const PNG_HEAD = Buffer.from('iVBORw0KGgoAAAANSUhEUgAABAAAAAQACAIAAADwf7zU', 'base64');

/** What looks like an image, of the given length. */
export function* imageChunks(bytes: number): Generator<Buffer> {
	yield PNG_HEAD;
	yield* fileChunks(bytes - PNG_HEAD.length);
}
