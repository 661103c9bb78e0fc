import { checkPaidOnce } from './chain';
import type { World } from '../world';

const SPENT = ['failed', 'cancelling', 'cancelled'];

/**
 * At most one batch stands for each part, and for each request among the first batches, whatever
 * happened and whatever keys they carry. What runs again is asked for by its retry.
 *
 * @returns the ids of the batches that stand
 */
export function checkCreates(world: World, when: string): string[] {
	const { emulator, broken } = world;
	const standing = emulator.ledger.batches.filter(
		({ id, status }) => !SPENT.includes(status) && !world.unsettled.has(id),
	);
	const owners = new Map<string, string>();
	for (const { id, metadata } of standing) {
		const { submission_key: key = id, submission_part: part, retry_of: of } = metadata ?? {};
		const ids = of === undefined ? (world.requested.get(id) ?? []) : [];
		for (const what of [`part ${key} ${part}`, ...ids.map((one) => `request ${one}`)]) {
			const owner = owners.get(what);
			if (owner) broken('a part becomes one batch', { when, what, ids: [owner, id] });
			owners.set(what, id);
		}
	}
	for (const batch of emulator.ledger.batches) {
		if (batch.metadata?.retry_of !== undefined) checkPaidOnce(world, batch, when);
	}
	return standing.map(({ id }) => id);
}
