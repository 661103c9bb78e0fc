import type { FastifyReply, FastifyRequest } from 'fastify';

import type { Clock } from '../clock';
import { faultKinds } from '../faultKinds';
import { hash32, Random } from '../random';
import { strikeOf, type Fault, type Hit } from './strikes';

export type { Fault } from './strikes';

export interface FaultRule {
	method?: string;
	/** The path below the base path, as `/batches`, without the query. */
	path: string | RegExp;
	/** How many requests it strikes; 1 by default. */
	times?: number;
	/** How many matching requests it lets pass before; none by default. */
	after?: number;
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

/** Faults that strike matching requests, in the order in which they were asked for. */
export class Faults {
	private rules: Array<FaultRule & { left: number; toPass: number }> = [];
	private readonly struck = new WeakMap<FastifyRequest, Fault>();
	private lag = 0;
	private delay = 0;
	private chances: FaultPlan | undefined;
	private readonly kinds = faultKinds();
	private readonly counts = new Map<string, number>();
	private callOff: () => void = () => {};

	/** Called with each request that gets no answer until the emulator closes. */
	onStall: (request: FastifyRequest) => void = () => {};

	constructor(private readonly clock: Clock) {}

	/** The next matching requests fail; each request is struck by one fault at most. */
	next(rule: FaultRule): void {
		this.rules.push({ ...rule, left: rule.times ?? 1, toPass: rule.after ?? 0 });
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
		this.callOff();
	}

	/** Strikes a request before it has any effect. Resolves when it may go on. */
	async before(request: FastifyRequest, reply: FastifyReply): Promise<void> {
		const fault = this.take(request);
		if (fault === undefined) return;
		this.struck.set(request, fault);
		await strikeOf(fault).before?.(this.hit(request, reply), fault);
	}

	/** Strikes an answer on its way out; returns the body to send. */
	async after(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
		const fault = this.struck.get(request);
		const { after } = fault === undefined ? {} : strikeOf(fault);
		if (fault === undefined || after === undefined) return payload;
		return await after(this.hit(request, reply), fault, payload);
	}

	private hit(request: FastifyRequest, reply: FastifyReply): Hit {
		return {
			request,
			reply,
			clock: this.clock,
			stalled: () => this.onStall(request),
			onClose: (callOff) => (this.callOff = callOff),
		};
	}

	private take(request: FastifyRequest): Fault | undefined {
		const path = request.url.split('?')[0];
		return this.ruled(request, path) ?? this.planned(request, path);
	}

	/** What the plan has for this request, by its number among those on its route. */
	private planned(request: FastifyRequest, path: string): Fault | undefined {
		if (this.chances === undefined) return undefined;
		const { seed, rate, kinds = Object.keys(this.kinds) } = this.chances;
		const route = `${request.method} ${request.routeOptions.url ?? path}`;
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
		if (rule === undefined) return undefined;
		if (rule.toPass-- > 0) return undefined;
		rule.left--;
		return rule.fault;
	}
}
