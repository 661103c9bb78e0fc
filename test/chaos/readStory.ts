import type { IDataObject } from 'n8n-workflow';
import { performUntilDone } from './act';
import { jsonOf } from './checks/output';
import { checkResults } from './checks/results';
import { virtualTime } from './virtualTime';
import { chance, type World } from './world';

/** Longer than any batch of a story lives. */
export const A_WHILE_MS = 10 * 60_000;

const WAIT = { options: { maxWait: 10, pollInterval: 10 } };

/** Waits until a batch has ended, with the node or without it. */
export async function untilFinished(world: World, batchId: string): Promise<void> {
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
	const [output] = jsonOf(result);
	if (!result.error && output.status !== status) {
		world.broken('a wait ends with the end', { output, status });
	}
}

/**
 * Reads the results of batches, which have to be those that the service has written.
 *
 * @param batchIds a batch, and all its retries, in the order in which they were created
 * @param of the batch that is asked for
 */
export async function readResults(
	world: World,
	batchIds: string[],
	options: IDataObject = {},
	of = batchIds[0],
): Promise<void> {
	// Retries are found by the list, which lags.
	await virtualTime.pass(world.lag);
	const includeRequest = chance(world, 0.3);
	const result = await performUntilDone(world, {
		resource: 'batch',
		operation: 'getResults',
		parameters: { batchId: of, options: { ...options, includeRequest } },
		tries: world.random.integer(1, 2),
	});
	if (!result.error) checkResults(world, batchIds, jsonOf(result));
}
