import type { RecordedRequest } from '../support/emulator';
import { Random } from '../support/emulator/random';
import type { RunResult } from '../support/engine';
import { checkError } from './checks/errors';
import { checkRetries } from './checks/retries';
import { checkSecrets } from './checks/secrets';
import { rest, senderOf, start, type Act, type Started } from './start';
import type { World } from './world';

/** An execution sends at most so many requests before it is the other one's turn. */
const LONGEST_TURN = 8;

type Stage = 'arrived' | 'done';

/**
 * Lets the requests of two executions take effect in an order that the seed decides: the server
 * holds each request of the one while it is the other one's turn. A turn ends before or after the
 * effect of a request, so that everything may happen between any two requests of an execution.
 */
class Turns {
	private turn = 0;
	private left: number;
	private readonly ended = new Set<number>();
	private readonly held: Array<() => void> = [];

	/** @param numbers those of the executions */
	constructor(
		private readonly random: Random,
		private readonly numbers: readonly number[],
	) {
		this.left = this.draw();
	}

	/** Resolves when the request may go on; undefined when that is now. */
	async pass(number: number): Promise<void> {
		if (this.isTurnOf(number) && --this.left < 0) this.change();
		while (!this.isTurnOf(number)) await new Promise<void>((resolve) => this.held.push(resolve));
	}

	/** The other one has all turns from now on. */
	end(number: number): void {
		this.ended.add(number);
		if (this.isTurnOf(number)) this.change();
	}

	private isTurnOf(number: number): boolean {
		return this.numbers[this.turn] === number;
	}

	private change(): void {
		const next = 1 - this.turn;
		this.left = this.draw();
		if (this.ended.has(this.numbers[next])) return;
		this.turn = next;
		for (const goOn of this.held.splice(0)) goOn();
	}

	/** Each request passes twice. */
	private draw(): number {
		return this.random.integer(1, 2 * LONGEST_TURN);
	}
}

/** Runs two operations at once. @returns their results in the order of the operations */
export async function performAtOnce(world: World, acts: [Act, Act]): Promise<RunResult[]> {
	const { ledger } = world.emulator;
	const before = { requests: ledger.requests.length, batches: ledger.batches.length };
	const creators = new Map<string, number | undefined>();
	const { onCreated } = ledger;
	ledger.onCreated = (batch, request) => {
		creators.set(batch.id, senderOf(request));
		onCreated(batch, request);
	};
	const first = world.executions.length;
	const random = new Random(world.random.integer(0, 1_000_000_000));
	const turns = new Turns(random, [first, first + 1]);
	const kill = killOne(world, first);
	ledger.onRequest = async (request: RecordedRequest, stage: Stage) => {
		const sender = senderOf(request);
		if (sender === undefined || sender < first) return;
		kill.at(request, stage, running);
		await turns.pass(sender);
	};
	const running: Started[] = acts.map((act) => start(world, act));
	const results = await Promise.all(
		running.map(async ({ number, finished }) => {
			const begun = Date.now();
			const result = await finished;
			turns.end(number);
			return { result, number, begun, ended: Date.now() };
		}),
	);
	await rest(world, acts[0].operation);
	ledger.onRequest = () => {};
	ledger.onCreated = onCreated;
	world.count('operations at once', 2);
	for (const [index, { result, number, begun, ended }] of results.entries()) {
		const act = acts[index];
		const { message } = result.error ?? {};
		const requests = ledger.requests
			.slice(before.requests)
			.filter((request) => senderOf(request) === number);
		checkSecrets(world, act, result);
		checkRetries(world, { act, requests, begun, ended, message });
		if (!result.error || kill.number === number) continue;
		const batches = ledger.batches
			.slice(before.batches)
			.filter(({ id }) => creators.get(id) === number);
		// Whose file is whose is not known here; the operations by themselves are asked for them.
		checkError(world, act, result.error, { uploads: [], batches });
	}
	return results.map(({ result }) => result);
}

/**
 * Kills the second execution in some stories, before it has created anything. One that is killed in
 * the two seconds between its create and its look for those of others may leave a second batch, in
 * case the other had looked by then.
 */
function killOne(world: World, first: number) {
	const at = world.random.next() < 0.2 ? world.random.integer(1, 6) : Infinity;
	let seen = 0;
	let hasCreated = false;
	const kill = {
		/** Which one was killed. */
		number: undefined as number | undefined,
		at: (request: RecordedRequest, stage: Stage, running: Started[]) => {
			const isSecond = senderOf(request) === first + 1;
			if (!isSecond || stage !== 'arrived') return;
			hasCreated ||= request.method === 'POST' && request.path.endsWith('/batches');
			if (++seen !== at || hasCreated) return;
			kill.number = first + 1;
			world.count('kills of one of two');
			running[1].cancel();
		},
	};
	return kill;
}
