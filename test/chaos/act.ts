import { setImmediate as turn } from 'node:timers/promises';
import type { RunResult } from '../engine/harness';
import { checkError } from './checks/errors';
import { checkRetries } from './checks/retries';
import { checkSecrets } from './checks/secrets';
import { virtualTime } from './virtualTime';
import { chance, NODE, type Input, type World } from './world';

export interface Act {
	resource: string;
	operation: string;
	parameters: Record<string, unknown>;
	input?: Input;
	/** Keep it to run the same execution again. */
	executionId?: string;
	/** How often "Retry On Fail" tries. */
	tries?: number;
}

function start(world: World, act: Act) {
	const { resource, operation, parameters, input = [{}], executionId, tries = 1 } = act;
	return world.engine.startNode(NODE, { resource, operation, ...parameters } as never, input, {
		executionId,
		credentialData: world.credentialData as never,
		retryOnFail: tries > 1,
		maxTries: tries,
		waitBetweenTries: 1,
	});
}

/** Runs one operation to its end, and checks what holds for every operation. */
export async function perform(world: World, act: Act): Promise<RunResult> {
	const { requests, uploads, batches } = world.emulator.ledger;
	const before = { requests: requests.length, uploads: uploads.length, batches: batches.length };
	const result = await start(world, act).finished;
	const made = requests.slice(before.requests);
	world.count('operations');
	world.count('requests', made.length);
	world.count('requests struck', made.filter(({ fault }) => fault !== undefined).length);
	if (result.error) world.count('operations that failed');
	checkSecrets(world, act, result);
	checkRetries(world, act, made);
	if (result.error) {
		checkError(world, act, result.error, {
			// A try before may have left a file too: it costs nothing, and is not told.
			uploads: (act.tries ?? 1) > 1 ? [] : uploads.slice(before.uploads),
			batches: batches.slice(before.batches),
		});
	}
	return result;
}

/** Starts an operation and cancels it somewhere on the way: everything has to end soon. */
export async function cancelOnTheWay(world: World, act: Act): Promise<void> {
	const { requests } = world.emulator.ledger;
	const at = requests.length + world.random.integer(1, 6);
	const execution = start(world, act);
	let isOver = false;
	const finished = execution.finished.finally(() => (isOver = true));
	while (!isOver && requests.length < at) await turn();
	if (isOver) return;
	const begun = virtualTime.realNow();
	const { paused } = virtualTime;
	virtualTime.longest = 0;
	const sent = requests.length;
	execution.cancel();
	await finished;
	world.count('cancels');
	const real = virtualTime.realNow() - begun;
	const waited = virtualTime.paused - paused;
	if (real > 2_000 || waited > 2_000 || virtualTime.longest > 2_000) {
		world.broken('cancel ends everything in two seconds', {
			act: act.operation,
			real,
			waited,
			longest: virtualTime.longest,
		});
	}
	// The one that was on its way.
	if (requests.length > sent + 1) {
		world.broken(
			'nothing is sent after a cancel',
			requests.slice(sent).map(({ path }) => path),
		);
	}
}

/** Performs it under faults, then, if it failed, without any: then it has to succeed. */
export async function performUntilDone(world: World, act: Act): Promise<RunResult> {
	if (chance(world, 0.2)) {
		await cancelOnTheWay(world, act);
		// Whoever runs it again does so when the list shows what there is.
		await virtualTime.pass(world.lag);
	}
	const first = await perform(world, act);
	if (!first.error) return first;
	await virtualTime.pass(world.lag + 60_000);
	world.calm();
	const second = await perform(world, { ...act, tries: 1 });
	world.storm();
	if (second.error) {
		const { message, description } = second.error as Error & { description?: string };
		world.broken('without faults it succeeds', { act, message, description });
	}
	return second;
}
