import type { FastifyReply, FastifyRequest } from 'fastify';

import { cutOff, slowDown } from './faultyBodies';

/** `before`: the request has no effect. `after`: it has, and its answer is lost. */
type When = 'before' | 'after';

export type Fault =
	/** This answer instead of doing anything. */
	| { type: 'status'; status: number; headers?: Record<string, string>; body?: unknown }
	/** This answer (500 by default) although everything was done. */
	| { type: 'status-after'; status?: number; headers?: Record<string, string>; body?: unknown }
	/** The connection is reset. */
	| { type: 'reset'; when: When }
	/** No answer comes until the emulator closes. */
	| { type: 'stall'; when: When }
	/**
	 * The answer's body ends after `bytes`: with the full content-length and a closed connection,
	 * or with a content-length that hides the loss.
	 */
	| { type: 'truncate'; bytes: number; keepContentLength: boolean }
	/** The answer's body trickles. */
	| { type: 'slow'; bytesPerSecond: number };

export interface FaultRule {
	method?: string;
	/** The path below the base path, as `/batches`, without the query. */
	path: string | RegExp;
	/** How many requests it strikes; 1 by default. */
	times?: number;
	fault: Fault;
}

const SERVER_ERROR = {
	error: {
		message: 'The server had an error while processing your request. Sorry about that!',
		type: 'server_error',
		param: null,
		code: null,
	},
};

const never = () => new Promise<never>(() => {});

/** Faults that strike matching requests, in the order in which they were asked for. */
export class Faults {
	private rules: Array<FaultRule & { left: number }> = [];
	private readonly struck = new WeakMap<FastifyRequest, Fault>();
	private lag = 0;

	constructor(private readonly basePath: string) {}

	/** The next matching requests fail; each request is struck by one fault at most. */
	next(rule: FaultRule): void {
		this.rules.push({ ...rule, left: rule.times ?? 1 });
	}

	/** Batches created from now on show up only after `calls` list calls (further pages are none). */
	listLag(calls: number): void {
		this.lag = calls;
	}

	get hiddenLists(): number {
		return this.lag;
	}

	clear(): void {
		this.rules = [];
		this.lag = 0;
	}

	/** Strikes a request before it has any effect. Resolves when it may go on. */
	async before(request: FastifyRequest, reply: FastifyReply): Promise<void> {
		const fault = this.take(request);
		if (fault === undefined) return;
		this.struck.set(request, fault);
		if (fault.type === 'status') {
			await reply
				.code(fault.status)
				.headers(fault.headers ?? {})
				.send(fault.body ?? SERVER_ERROR);
		} else if ('when' in fault && fault.when === 'before') {
			reply.hijack();
			if (fault.type === 'reset') request.raw.socket.resetAndDestroy();
		}
	}

	/** Strikes an answer on its way out; returns the body to send. */
	async after(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
		const fault = this.struck.get(request);
		if (fault === undefined) return payload;
		if (fault.type === 'status-after') {
			reply
				.code(fault.status ?? 500)
				.removeHeader('content-length')
				.header('content-type', 'application/json')
				.headers(fault.headers ?? {});
			return JSON.stringify(fault.body ?? SERVER_ERROR);
		}
		if (fault.type === 'reset') {
			request.raw.socket.resetAndDestroy();
			return never();
		}
		if (fault.type === 'stall') return never();
		if (fault.type === 'truncate') return cutOff(reply, payload, fault);
		if (fault.type === 'slow') return slowDown(payload, fault.bytesPerSecond);
		return payload;
	}

	private take(request: FastifyRequest): Fault | undefined {
		const path = request.url.split('?')[0].slice(this.basePath.length);
		const rule = this.rules.find(
			({ left, method, path: wanted }) =>
				left > 0 &&
				(method === undefined || method === request.method) &&
				(typeof wanted === 'string' ? wanted === path : wanted.test(path)),
		);
		if (rule !== undefined) rule.left--;
		return rule?.fault;
	}
}
