import type { ImageSize } from '../../endpoints/imageTokens';
import { HEAD_BYTES, imageSize, LONG_HEAD_BYTES } from '../../endpoints/imageTokens';

/** The beginning of a file: as much of it as its type and the size of an image need. */
export class Head {
	bytes: Buffer = Buffer.alloc(0);
	size: ImageSize | undefined;
	private isComplete = false;

	constructor(private readonly isImage: boolean) {}

	add(chunk: Uint8Array): void {
		if (this.isComplete) return;
		const missing = LONG_HEAD_BYTES - this.bytes.length;
		this.bytes = Buffer.concat([this.bytes, chunk.subarray(0, missing)]);
		if (this.isImage) this.size = imageSize(this.bytes);
		const isLong = this.bytes.length >= LONG_HEAD_BYTES;
		this.isComplete = this.bytes.length >= HEAD_BYTES && (isLong || !this.needsMore());
	}

	/** Only a JPEG may have its size far behind. */
	private needsMore(): boolean {
		return this.isImage && !this.size && this.bytes.readUInt16BE(0) === 0xffd8;
	}
}

/**
 * Chunks of bytes as base64. Each group of three bytes becomes four characters, so what is left of
 * a chunk goes with the next one.
 */
export async function* inBase64(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
	let rest: Uint8Array = Buffer.alloc(0);
	for await (const chunk of chunks) {
		if (rest.length + chunk.length < 3) {
			rest = Buffer.concat([rest, chunk]);
			continue;
		}
		// Only the group that the last chunk began is copied, and goes out with what follows.
		const start = rest.length === 0 ? 0 : 3 - rest.length;
		let text = base64(Buffer.concat([rest, chunk.subarray(0, start)]));
		const end = chunk.length - ((chunk.length - start) % 3);
		for (let at = start; at < end; at += SLICE_BYTES) {
			text += base64(chunk.subarray(at, Math.min(at + SLICE_BYTES, end)));
			yield Buffer.from(text, 'latin1');
			text = '';
		}
		if (text !== '') yield Buffer.from(text, 'latin1');
		rest = Buffer.from(chunk.subarray(end));
	}
	if (rest.length > 0) yield Buffer.from(base64(rest), 'latin1');
}

/** A file in memory comes as one chunk. A multiple of three. */
const SLICE_BYTES = 96 * 1024;

const base64 = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
	Buffer.from(buffer, byteOffset, byteLength).toString('base64');
