import { readLineBatches } from '../../../nodes/jsonl/lines';
import type { ByteChunks, Line, LineOptions } from '../../../nodes/jsonl/lines';

/** The bytes of a text, cut into chunks of the given sizes (used in turn). */
export function chunksOf(content: string | Uint8Array, sizes: number[] = [65_536]): Uint8Array[] {
	const bytes = typeof content === 'string' ? Buffer.from(content) : content;
	const chunks: Uint8Array[] = [];
	for (let start = 0, turn = 0; start < bytes.length; turn++) {
		const size = sizes[turn % sizes.length];
		chunks.push(bytes.subarray(start, start + size));
		start += size;
	}
	return chunks;
}

/** Reads line by line. */
export async function* readLines(
	chunks: ByteChunks,
	options?: LineOptions,
): AsyncGenerator<Line, void, undefined> {
	for await (const batch of readLineBatches(chunks, options)) yield* batch;
}

/** All lines of a content, read in chunks of the given sizes. */
export async function linesOf(
	content: string | Uint8Array,
	sizes?: number[],
	options?: LineOptions,
): Promise<Line[]> {
	const lines: Line[] = [];
	for await (const line of readLines(chunksOf(content, sizes), options)) lines.push(line);
	return lines;
}
