import type { RecordedRequest } from '../support/emulator';
import { Random } from '../support/emulator/random';
import type { RunResult } from '../support/engine';
import { Turns } from '../support/turns';
import { checkError } from './checks/errors';
import { checkRetries } from './checks/retries';
import { checkSecrets } from './checks/secrets';
import { rest, senderOf, start, type Act, type Started } from './start';
import type { World } from './world';

/** How often one of two is killed, and within how many requests. */
const KILLED = 0.15;
const MOST_REQUESTS = 6;

type Stage = 'arrived' | 'done';

/**
 * Runs two operations at once.
 *
 * @returns their results in the order of the operations; undefined for what was killed
 */
export async function performAtOnce(
	world: World,
	acts: [Act, Act],
): Promise<Array<RunResult | undefined>> {
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
	const kills = new Kills(world, [first, first + 1]);
	ledger.onRequest = async (request: RecordedRequest, stage: Stage) => {
		const sender = senderOf(request);
		if (sender === undefined || sender < first) return;
		kills.at(stage, running[sender - first]);
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
		if (!result.error || kills.killed.has(number)) continue;
		const batches = ledger.batches
			.slice(before.batches)
			.filter(({ id }) => creators.get(id) === number);
		// Whose file is whose is not known here; the operations by themselves are asked for them.
		checkError(world, act, result.error, { uploads: [], batches });
	}
	return results.map(({ result, number }) => (kills.killed.has(number) ? undefined : result));
}

/** In some stories kills one of the executions, or both, at any of their requests. */
class Kills {
	readonly killed = new Set<number>();
	private readonly seen = new Map<number, number>();
	private readonly moments: Map<number, { at: number; stage: Stage }>;

	constructor(
		private readonly world: World,
		numbers: readonly number[],
	) {
		const { random } = world;
		const chosen = numbers.filter(() => random.next() < KILLED);
		const stages: Stage[] = ['arrived', 'done'];
		this.moments = new Map(
			chosen.map((number) => [
				number,
				{ at: random.integer(1, MOST_REQUESTS), stage: random.pick(stages) },
			]),
		);
	}

	/** Kills the execution of a request, if this is the moment. */
	at(stage: Stage, { number, cancel }: Started): void {
		if (stage === 'arrived') this.seen.set(number, (this.seen.get(number) ?? 0) + 1);
		const moment = this.moments.get(number);
		if (this.seen.get(number) !== moment?.at || moment?.stage !== stage) return;
		this.killed.add(number);
		this.world.count('kills of one of two');
		cancel();
	}
}
