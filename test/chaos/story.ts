import { cancelBatch, lookAtBatches } from './batches';
import { checkCreates } from './checks/creates';
import { hasNeverRun } from './checks/results';
import { keepFiles } from './files';
import { Listener } from './listener';
import { makeBatches } from './make';
import { A_WHILE_MS, readResults, untilFinished } from './readStory';
import { retryRounds } from './retryStory';
import { virtualTime } from './virtualTime';
import { Watcher } from './watcher';
import { tellOfWaiting } from './waitingStory';
import { chance, type World } from './world';

/** What becomes of the first batches of a story; most complete. */
const FATES = ['expire', 'cancel', 'fail_all', 'token_limit', 'file_not_found'] as const;

/**
 * Somebody submits rows, waits, gets results, retries what is left and cleans up, while triggers
 * watch and much goes wrong on the way.
 */
export async function tell(world: World): Promise<void> {
	const { emulator, server } = world;
	if (chance(world, 0.4)) {
		const fate = world.random.pick(FATES);
		// A creation that is refused is tried once more, and then there is room.
		const isRefused = server.dialect.rules.fullQueue === 'refuses the create';
		const times = isRefused ? 1 : world.random.integer(1, 2);
		emulator.control.batches({ match: () => true, fate, times });
	}
	const watcher = server.canBeWatched ? new Watcher(world) : undefined;
	const listener = await Listener.start(world);
	world.storm();
	await watcher?.activate();
	await (world.isAboutWaiting
		? tellOfWaiting(world, watcher)
		: tellOfBatches(world, watcher, listener));
	if (chance(world, 0.6)) await keepFiles(world);
	await virtualTime.pass(A_WHILE_MS);
	await watcher?.finish();
	await listener?.finish();
	await listener?.close();
	checkCreates(world, 'at the end');
}

async function tellOfBatches(
	world: World,
	watcher: Watcher | undefined,
	listener: Listener | undefined,
): Promise<void> {
	const { server } = world;
	const ids = await makeBatches(world);
	checkCreates(world, 'after the submission');
	const isCancelled = server.has('POST /batches/:id/cancel') && chance(world, 0.15);
	if (ids.length > 0 && isCancelled) await cancelBatch(world, ids[0]);
	for (const id of ids) {
		await untilFinished(world, id);
		if (chance(world, 0.5)) await watcher?.tick();
		await listener?.deliver();
	}
	for (const id of ids) await useResults(world, id);
	await watcher?.tick();
	await listener?.deliver();
	if (server.has('GET /batches') && chance(world, 0.3)) await lookAtBatches(world);
}

/** Reads the results of a batch, and retries what it did not do. */
async function useResults(world: World, batchId: string): Promise<void> {
	if (!hasNeverRun(world, world.emulator.batch(batchId))) await readResults(world, [batchId]);
	if (chance(world, 0.7)) await retryRounds(world, batchId);
}
