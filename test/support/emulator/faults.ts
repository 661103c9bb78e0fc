import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import type { FastifyReply, FastifyRequest } from 'fastify';

import type { Clock } from './clock';
import { faultKinds } from './faultKinds';
import { cutOff, slowDown, type Cut } from './faultyBodies';
import { hash32, Random } from './random';

/** `before`: the request has no effect. `after`: it has, and its answer is lost. */
type When = 'before' | 'after';

export type Fault =
	/** This answer instead of doing anything. */
	| { type: 'status'; status: number; headers?: Record<string, string>; body?: unknown }
	/** This answer (500 by default) although everything was done; a text is sent as it is. */
	| { type: 'status-after'; status?: number; headers?: Record<string, string>; body?: unknown }
	/** The connection is reset. */
	| { type: 'reset'; when: When }
	/** No answer comes until the emulator closes. */
	| { type: 'stall'; when: When }
	/** The answer's body ends early. */
	| ({ type: 'truncate' } & Cut)
	/** The answer's body trickles. */
	| { type: 'slow'; bytesPerSecond: number }
	/** The answer is whole, with other headers. */
	| { type: 'headers'; headers: Record<string, string> }
	/** The answer is as always, but for so long after it new connections are refused. */
	| { type: 'refuse'; ms: number };

export interface FaultRule {
	method?: string;
	/** The path below the base path, as `/batches`, without the query. */
	path: string | RegExp;
	/** How many requests it strikes; 1 by default. */
	times?: number;
	fault: Fault;
}

export interface FaultPlan {
	/** The same seed strikes the same requests in the same way, counted on each route. */
	seed: number;
	/** The part of the requests that is struck, from 0 to 1. */
	rate: number;
	/** Names of `faultKinds`; all by default. */
	kinds?: readonly string[];
}

const SERVER_ERROR = {
	error: {
		message: 'The server had an error while processing your request. Sorry about that!',
		type: 'server_error',
		param: null,
		code: null,
	},
};

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

const never = () => new Promise<never>(() => {});

/** Faults that strike matching requests, in the order in which they were asked for. */
export class Faults {
	private rules: Array<FaultRule & { left: number }> = [];
	private readonly struck = new WeakMap<FastifyRequest, Fault>();
	private lag = 0;
	private delay = 0;
	private chances: FaultPlan | undefined;
	private readonly kinds = faultKinds();
	private readonly counts = new Map<string, number>();
	private keepClosed: () => void = () => {};

	/** Told of each request that gets no answer until the emulator closes. */
	onStall: (request: FastifyRequest) => void = () => {};

	constructor(
		private readonly basePath: string,
		private readonly clock: Clock,
	) {}

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

	/** Batches created from now on show up in lists only after `ms` of the emulator's clock. */
	listDelay(ms: number): void {
		this.delay = ms;
	}

	get hiddenMs(): number {
		return this.delay;
	}

	/** From now on requests are struck at random, where no rule of `next` strikes them. */
	plan(plan: FaultPlan): void {
		this.chances = plan;
		this.counts.clear();
	}

	clear(): void {
		this.rules = [];
		this.lag = 0;
		this.delay = 0;
		this.chances = undefined;
	}

	/** Ends what is still going on. */
	close(): void {
		this.keepClosed();
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
			else this.onStall(request);
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
			const { body = SERVER_ERROR } = fault;
			return typeof body === 'string' ? body : JSON.stringify(body);
		}
		if (fault.type === 'reset') {
			request.raw.socket.resetAndDestroy();
			return never();
		}
		if (fault.type === 'stall') {
			this.onStall(request);
			return never();
		}
		if (fault.type === 'truncate') return cutOff(reply, payload, fault);
		if (fault.type === 'slow') return slowDown(payload, fault.bytesPerSecond);
		if (fault.type === 'headers') reply.headers(fault.headers);
		if (fault.type === 'refuse') this.refuse(request, reply, fault.ms);
		return payload;
	}

	/** Stops listening; connections that are open stay so. */
	private refuse({ server: { server } }: FastifyRequest, reply: FastifyReply, ms: number): void {
		const address = server.address();
		if (!server.listening || address === null || typeof address === 'string') return;
		reply.header('connection', 'close');
		server.close();
		this.keepClosed = this.clock.after(ms, async () => await reopen(server, address));
	}

	private take(request: FastifyRequest): Fault | undefined {
		const path = request.url.split('?')[0].slice(this.basePath.length);
		return this.ruled(request, path) ?? this.planned(request, path);
	}

	/** What the plan has for this request, by its number among those on its route. */
	private planned(request: FastifyRequest, path: string): Fault | undefined {
		if (this.chances === undefined) return undefined;
		const { seed, rate, kinds = Object.keys(this.kinds) } = this.chances;
		const route = `${request.method} ${path.replace(/[^/]*[_-][^/]*/g, ':id')}`;
		const count = this.counts.get(route) ?? 0;
		this.counts.set(route, count + 1);
		const random = new Random(hash32(`${seed} ${route} ${count}`));
		if (random.next() >= rate) return undefined;
		const possible = kinds.filter((name) => {
			const { on } = this.kinds[name];
			return !on || (on.path.test(path) && (on.method ?? request.method) === request.method);
		});
		if (possible.length === 0) return undefined;
		const name = random.pick(possible);
		request.recorded.fault = name;
		return this.kinds[name].fault;
	}

	private ruled(request: FastifyRequest, path: string): Fault | undefined {
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
