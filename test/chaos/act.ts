import type { RunResult } from '../support/engine';
import { checkError } from './checks/errors';
import { checkRetries } from './checks/retries';
import { checkSecrets } from './checks/secrets';
import { checkWaiting } from './checks/waiting';
import { cancelOnTheWay } from './cancel';
import { rest, start, type Act } from './start';
import { virtualTime } from './virtualTime';
import { chance, type World } from './world';

/** How often in a row a full queue refuses at most. */
const MAX_REFUSALS = 5;

/** Runs one operation to its end, and checks what holds for every operation. */
export async function perform(world: World, act: Act): Promise<RunResult> {
	const { requests, uploads, batches } = world.emulator.ledger;
	const before = { requests: requests.length, uploads: uploads.length, batches: batches.length };
	const begun = Date.now();
	const result = await start(world, act).finished;
	const ended = Date.now();
	await rest(world, act.operation);
	const made = requests.slice(before.requests);
	world.count('operations');
	world.count('requests', made.length);
	world.count('requests struck', made.filter(({ fault }) => fault !== undefined).length);
	if (result.error) world.count('operations that failed');
	checkSecrets(world, act, result);
	const { message } = result.error ?? {};
	const done = { act, requests: made, begun, ended, message };
	checkRetries(world, done);
	checkWaiting(world, done);
	if (result.error) {
		checkError(world, act, result.error, {
			// A try before may have left a file too: it costs nothing, and is not told.
			uploads: (act.tries ?? 1) > 1 ? [] : uploads.slice(before.uploads),
			batches: batches.slice(before.batches),
		});
	}
	return result;
}

/** The operations that cost money. */
const CREATING = ['submit', 'create', 'retry'];

/**
 * Whether somebody who does not look at the server may run it again: not what may have created a
 * batch that cannot be found.
 */
export function mayRunAgain({ server }: World, { operation }: Act): boolean {
	return server.canFindBatches || !CREATING.includes(operation);
}

/**
 * Performs it under faults, then, if it failed, without any: then it has to succeed. Where an
 * earlier try cannot be found, a person looks at the server, and leaves it at what is there.
 */
export async function performUntilDone(world: World, act: Act): Promise<RunResult> {
	const { batches } = world.emulator.ledger;
	const before = batches.length;
	if (mayRunAgain(world, act) && chance(world, 0.2)) {
		await cancelOnTheWay(world, act);
		// Whoever runs it again does so when the list shows what there is, also of a creation that was
		// still on its way.
		await virtualTime.pass(world.lag + 1_000);
	}
	const first = await perform(world, act);
	if (!first.error) return first;
	if (!mayRunAgain(world, act) && batches.length > before) return first;
	await virtualTime.pass(world.lag + 60_000);
	world.calm();
	let second = await perform(world, { ...act, tries: 1 });
	// Where a full queue refuses a creation, it may do so only now; after a few times there is room.
	const mayRefuse = world.server.dialect.rules.fullQueue === 'refuses the create';
	const isRefused = () => /Enqueued token limit/.test(second.error?.message ?? '');
	for (let more = 0; mayRefuse && isRefused() && more < MAX_REFUSALS; more++) {
		second = await perform(world, { ...act, tries: 1 });
	}
	world.storm();
	if (second.error) {
		const { message, description } = second.error as Error & { description?: string };
		world.broken('without faults it succeeds', { act, message, description });
	}
	return second;
}
