import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import type { FastifyReply, FastifyRequest } from 'fastify';

import type { Clock } from '../clock';

/** `before`: the request has no effect. `after`: it has, and its answer is lost. */
type When = 'before' | 'after';

type Headers = Record<string, string>;

/** A request that is struck, and what a fault may need. */
export interface Hit {
	request: FastifyRequest;
	reply: FastifyReply;
	clock: Clock;
	/** Says that this request gets no answer until the emulator closes. */
	stalled: () => void;
	/** Calls this when the emulator closes. */
	onClose: (callOff: () => void) => void;
}

/** What a kind of fault does, with the options that a test gives it. */
interface Strike<Options> {
	/** Before the request has any effect. It goes on unless an answer is sent or its reply taken. */
	before?: (hit: Hit, options: Options) => unknown;
	/** On the answer's way out; returns the body to send. */
	after?: (hit: Hit, options: Options, payload: unknown) => unknown;
}

const strike = <Options>(what: Strike<Options>): Strike<Options> => what;

const SERVER_ERROR = {
	error: {
		message: 'The server had an error while processing your request. Sorry about that!',
		type: 'server_error',
		param: null,
		code: null,
	},
};

const never = () => new Promise<never>(() => {});

/** Every kind of fault, by its `type`. To add one, write its entry here. */
export const STRIKES = {
	/** This answer instead of doing anything. */
	status: strike<{ status: number; headers?: Headers; body?: unknown }>({
		before: ({ reply }, { status, headers = {}, body = SERVER_ERROR }) =>
			reply.code(status).headers(headers).send(body),
	}),
	/** This answer (500 by default) although everything was done; a text is sent as it is. */
	'status-after': strike<{ status?: number; headers?: Headers; body?: unknown }>({
		after: ({ reply }, { status = 500, headers = {}, body = SERVER_ERROR }) => {
			reply
				.code(status)
				.removeHeader('content-length')
				.header('content-type', 'application/json')
				.headers(headers);
			return typeof body === 'string' ? body : JSON.stringify(body);
		},
	}),
	/** The connection is reset. */
	reset: strike<{ when: When }>({
		before: ({ request, reply }, { when }) => {
			if (when === 'after') return;
			reply.hijack();
			request.raw.socket.resetAndDestroy();
		},
		after: ({ request, reply }) => {
			reply.hijack();
			request.raw.socket.resetAndDestroy();
			return never();
		},
	}),
	/** No answer comes until the emulator closes. */
	stall: strike<{ when: When }>({
		before: ({ reply, stalled }, { when }) => {
			if (when === 'after') return;
			reply.hijack();
			stalled();
		},
		after: ({ reply, stalled }) => {
			reply.hijack();
			stalled();
			return never();
		},
	}),
	/** It waits for something that a test does: before its effect, or with its answer. */
	hold: strike<{ when: When; until: Promise<unknown> }>({
		before: async (_hit, { when, until }) => void (when === 'before' && (await until)),
		after: async (_hit, { when, until }, payload) => {
			if (when === 'after') await until;
			return payload;
		},
	}),
	/** The answer's body ends early. */
	truncate: strike<Cut>({ after: ({ reply }, cut, payload) => cutOff(reply, payload, cut) }),
	/** The answer's body trickles. */
	slow: strike<{ bytesPerSecond: number }>({
		after: (_hit, { bytesPerSecond }, payload) => slowDown(payload, bytesPerSecond),
	}),
	/** The answer is whole, with other headers. */
	headers: strike<{ headers: Headers }>({
		after: ({ reply }, { headers }, payload) => {
			reply.headers(headers);
			return payload;
		},
	}),
	/** The answer is as always, but for so long after it new connections are refused. */
	refuse: strike<{ ms: number }>({
		after: (hit, { ms }, payload) => {
			refuseConnections(hit, ms);
			return payload;
		},
	}),
};

type Strikes = typeof STRIKES;

type OptionsOf<What> = What extends Strike<infer Options> ? Options : never;

/** One fault: its type and its options. */
export type Fault = {
	[Type in keyof Strikes]: { type: Type } & OptionsOf<Strikes[Type]>;
}[keyof Strikes];

/** The entry of a fault, for options of its own type. */
export function strikeOf(fault: Fault): Strike<Fault> {
	return STRIKES[fault.type] as Strike<Fault>;
}

/** Stops listening; connections that are open stay so. */
function refuseConnections({ request, reply, clock, onClose }: Hit, ms: number): void {
	const { server } = request.server;
	const address = server.address();
	if (!server.listening || address === null || typeof address === 'string') return;
	reply.header('connection', 'close');
	server.close();
	onClose(clock.after(ms, async () => await reopen(server, address)));
}

const RETRY_MS = 20;

/** Listens again at the same address, as soon as nobody else has taken it meanwhile. */
async function reopen(server: Server, { port, address }: AddressInfo): Promise<void> {
	for (;;) {
		server.listen(port, address);
		const error = await once(server, 'listening').catch((thrown: NodeJS.ErrnoException) => thrown);
		if (!('code' in error)) return;
		if (error.code !== 'EADDRINUSE') throw error;
		await delay(RETRY_MS);
	}
}

/** How an answer is cut. */
interface Cut {
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
async function cutOff(
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
	// Fastify would take an answer that breaks off for one that was never given.
	reply.hijack();
	reply.raw.writeHead(reply.statusCode, reply.getHeaders() as Record<string, string>);
	reply.raw.flushHeaders();
	reply.raw.write(start, () => reply.raw.socket?.destroySoon());
	return new Promise<never>(() => {});
}

/** The same bytes, ten portions a second. */
function slowDown(payload: unknown, bytesPerSecond: number): Readable {
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
