import type { IDataObject } from 'n8n-workflow';
import type { RunResult } from '../support/engine';
import { perform, performUntilDone } from './act';
import { cancelBatch, lookAtBatches } from './batches';
import { checkCreates } from './checks/creates';
import { checkResults } from './checks/results';
import { keepFiles } from './files';
import { Listener } from './listener';
import { makeBatches } from './make';
import { virtualTime } from './virtualTime';
import { Watcher } from './watcher';
import { chance, type World } from './world';

/** How the first batches of a story end; most complete. */
const FATES = ['expire', 'cancel', 'fail_all', 'token_limit', 'file_not_found'] as const;

/** Longer than any batch of a story lives. */
const A_WHILE_MS = 10 * 60_000;

const WAIT = { options: { maxWait: 10, pollInterval: 10 } };

/**
 * Somebody submits rows, waits, gets results, retries what is left and cleans up, while triggers
 * watch and much goes wrong on the way.
 */
export async function play(world: World): Promise<void> {
	const { emulator } = world;
	if (chance(world, 0.4)) {
		const fate = world.random.pick(FATES);
		emulator.control.batches({ match: () => true, fate, times: world.random.integer(1, 2) });
	}
	const watcher = new Watcher(world);
	const listener = await Listener.start(world);
	world.storm();
	await watcher.activate();
	const ids = await makeBatches(world);
	checkCreates(world, 'after the submission');
	if (ids.length > 0 && chance(world, 0.15)) await cancelBatch(world, ids[0]);
	for (const id of ids) {
		await untilFinished(world, id);
		if (chance(world, 0.5)) await watcher.tick();
		await listener?.deliver();
	}
	for (const id of ids) await useResults(world, id);
	await watcher.tick();
	await listener?.deliver();
	if (chance(world, 0.3)) await lookAtBatches(world);
	if (chance(world, 0.6)) await keepFiles(world);
	await virtualTime.pass(A_WHILE_MS);
	await watcher.finish();
	await listener?.finish();
	await listener?.close();
	checkCreates(world, 'at the end');
}

const outputOf = (result: RunResult): IDataObject[] => result.items('Node').map(({ json }) => json);

async function untilFinished(world: World, batchId: string): Promise<void> {
	if (chance(world, 0.5)) {
		await virtualTime.pass(A_WHILE_MS);
		return;
	}
	const result = await performUntilDone(world, {
		resource: 'batch',
		operation: 'wait',
		parameters: { batchId, ...WAIT },
	});
	const { status } = world.emulator.batch(batchId);
	const [output] = outputOf(result);
	if (!result.error && output.status !== status) {
		world.broken('a wait ends when the batch ends', { output, status });
	}
}

/** Reads the results of a batch, and retries the requests that did not succeed. */
async function useResults(world: World, batchId: string): Promise<void> {
	const { status } = world.emulator.batch(batchId);
	if (status !== 'failed') await results(world, [batchId], {});
	if (!chance(world, 0.7)) return;
	const retried = await retry(world, batchId);
	checkCreates(world, 'after the retry');
	if (retried === undefined || status === 'failed') return;
	await untilFinished(world, retried);
	if (world.emulator.batch(retried).status === 'failed') return;
	// A lost retry that the service cancelled in the meantime is not adopted: there may be several.
	const retries = world.emulator.ledger.batches.filter(
		({ metadata, status: ended }) => metadata?.retry_of === batchId && ended !== 'failed',
	);
	await results(world, [batchId, ...retries.map(({ id }) => id)], { followRetries: true });
}

async function results(world: World, batchIds: string[], options: IDataObject): Promise<void> {
	// Retries are found by the list, which lags.
	await virtualTime.pass(world.lag);
	const includeRequest = chance(world, 0.3);
	const result = await performUntilDone(world, {
		resource: 'batch',
		operation: 'getResults',
		parameters: { batchId: batchIds[0], options: { ...options, includeRequest } },
		tries: world.random.integer(1, 2),
	});
	if (!result.error) checkResults(world, batchIds, outputOf(result));
}

/** Returns the id of the new batch; undefined when there was nothing to retry. */
async function retry(world: World, batchId: string): Promise<string | undefined> {
	const act = {
		resource: 'batch',
		operation: 'retry',
		parameters: { batchId, options: { retryAllFailed: true } },
		executionId: `retry-${world.seed}-${batchId}`,
	};
	const first = await perform(world, act);
	if (!first.error) return outputOf(first)[0].id as string;
	await virtualTime.pass(world.lag + 60_000);
	world.calm();
	const second = await perform(world, act);
	world.storm();
	if (!second.error) return outputOf(second)[0].id as string;
	if (!/succeeded$|failed:/.test(second.error.message)) {
		world.broken('without faults it succeeds', { act, message: second.error.message });
	}
	return undefined;
}
