import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import type { FastifyReply } from 'fastify';

/** How an answer is cut. */
export interface Cut {
	bytes: number;
	/** With the full content-length and a closed connection; else with one that hides the loss. */
	keepContentLength?: boolean;
	/** Without any: in chunks of which the last is missing, or until the connection is closed. */
	lengthless?: 'chunked' | 'closed';
}

/**
 * Sends the first bytes of an answer. Unless the loss is hidden, the connection then closes, which
 * Fastify itself would not do, so the answer is written past it.
 */
export async function cutOff(
	reply: FastifyReply,
	payload: unknown,
	{ bytes, keepContentLength, lengthless }: Cut,
): Promise<unknown> {
	const start = await firstBytes(payload, bytes);
	if (!keepContentLength && !lengthless) {
		reply.header('content-length', start.length);
		return start;
	}
	if (lengthless) {
		reply.removeHeader('content-length').header('connection', 'close');
		reply.raw.useChunkedEncodingByDefault = lengthless === 'chunked';
	} else if (!reply.hasHeader('content-length')) {
		reply.header('content-length', Buffer.byteLength(String(payload)));
	}
	reply.raw.writeHead(reply.statusCode, reply.getHeaders() as Record<string, string>);
	reply.raw.flushHeaders();
	reply.raw.write(start, () => reply.raw.socket?.destroySoon());
	return new Promise<never>(() => {});
}

/** The same bytes, ten portions a second. */
export function slowDown(payload: unknown, bytesPerSecond: number): Readable {
	const portion = Math.max(1, Math.floor(bytesPerSecond / 10));
	async function* trickle() {
		for await (const chunk of chunksOf(payload)) {
			for (let start = 0; start < chunk.length; start += portion) {
				await delay(100);
				yield chunk.subarray(start, start + portion);
			}
		}
	}
	return Readable.from(trickle(), { objectMode: false });
}

async function firstBytes(payload: unknown, bytes: number): Promise<Buffer> {
	const chunks: Buffer[] = [];
	let length = 0;
	for await (const chunk of chunksOf(payload)) {
		chunks.push(chunk);
		length += chunk.length;
		if (length >= bytes) break;
	}
	return Buffer.concat(chunks).subarray(0, bytes);
}

function chunksOf(payload: unknown): AsyncIterable<Buffer> | Iterable<Buffer> {
	if (payload instanceof Readable) return payload as AsyncIterable<Buffer>;
	return [Buffer.from(payload as string | Buffer)];
}
