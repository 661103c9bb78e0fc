import { perform, performUntilDone } from './act';
import { virtualTime } from './virtualTime';
import type { World } from './world';

/** Somebody cancels a batch; when the node reports that, it is cancelled. */
export async function cancelBatch(world: World, batchId: string): Promise<void> {
	await virtualTime.pass(world.random.integer(0, 20_000));
	const result = await perform(world, {
		resource: 'batch',
		operation: 'cancel',
		parameters: { batchId },
	});
	const { status } = world.emulator.batch(batchId);
	if (!result.error && !/^cancel/.test(status)) {
		world.broken('a cancelled batch is cancelled', { batchId, status });
	}
}

/** Lists all batches, and reads one, which has to be as it is at the service. */
export async function lookAtBatches(world: World): Promise<void> {
	const { emulator, random } = world;
	// The list lags.
	await virtualTime.pass(world.lag);
	const listed = await performUntilDone(world, {
		resource: 'batch',
		operation: 'getAll',
		parameters: { returnAll: true },
	});
	const ids = listed.items('Node').map(({ json }) => json.id as string);
	const all = emulator.ledger.batches.map(({ id }) => id);
	if (!listed.error && [...ids].sort().join() !== [...all].sort().join()) {
		world.broken('a list is whole', { ids, all });
	}
	if (all.length === 0) return;
	const batchId = random.pick(all);
	const read = await performUntilDone(world, {
		resource: 'batch',
		operation: 'get',
		parameters: { batchId },
	});
	const [item] = read.items('Node');
	const { status } = emulator.batch(batchId);
	if (!read.error && item.json.status !== world.server.shownStatus(status)) {
		world.broken('a batch is as it is at the service', { batchId, item: item.json, status });
	}
}
