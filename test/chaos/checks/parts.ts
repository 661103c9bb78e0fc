import type { WireBatch } from '../../support/emulator/batches/batch';
import type { Wire } from '../../support/emulator/dialects/dialect';
import { givenUp } from './givenUp';
import type { World } from '../world';
import { STORY } from './room';

/**
 * Whether the service had no room for a batch after all, and says so, so that its part waits again.
 * Some servers do not say why a batch has failed.
 */
function hadNoRoom({ server: { dialect } }: World, batch: WireBatch): boolean {
	const shown = dialect.batch({ ...batch } as unknown as Wire, 'listed');
	return batch.status === 'failed' && /token.limit/i.test(JSON.stringify(shown.errors ?? null));
}

/**
 * No part of a submission is forgotten: each has a batch, or had one that ended otherwise than for
 * lack of room, which is for its user to decide about.
 *
 * A submission for which there is room at once is not written down, as nothing of it waits. So it is
 * as any other one: who breaks it off has to run it again, and what the service refuses all the same
 * is reported as failed, for Retry Unfinished.
 *
 * @param isAccepted whether a run of it has ended well
 */
export function checkNoneForgotten(
	world: World,
	{ name, parts, isAccepted }: { name: string; parts: number; isAccepted: boolean },
): void {
	const spent = givenUp(world);
	const batches = world.emulator.ledger.batches.filter(
		({ metadata }) => metadata?.[STORY] === name,
	);
	const isWrittenDown = world.emulator.ledger.uploads.some(({ filename }) =>
		batches.some(({ metadata }) => filename!.includes(metadata!.submission_key.slice(0, 16))),
	);
	if (!isAccepted && !isWrittenDown) return;
	for (let number = 1; number <= parts; number++) {
		const ofPart = batches.filter(
			({ metadata }) => metadata?.submission_part === `${number}/${parts}`,
		);
		const isAnswer = (batch: WireBatch) =>
			!spent.has(batch.id) && !(isWrittenDown && hadNoRoom(world, batch));
		if (ofPart.some(isAnswer)) continue;
		const found = batches.map(({ id, status, metadata }) => [id, status, metadata]);
		world.broken('no part is forgotten', {
			name,
			number,
			parts,
			isWrittenDown,
			found,
			spent: [...spent],
		});
	}
}

/**
 * Each request succeeds once at most, whatever batches it was in: a second answer is paid too. Only
 * who has stopped a batch, and submits the same again, has what it had done by then done again, also
 * by a retry of what was submitted then.
 */
export function checkAnsweredOnce(world: World): void {
	const { written, broken, emulator } = world;
	const spent = givenUp(world);
	const originalOf = (batchId: string): string => {
		const of = emulator.batch(batchId).metadata?.retry_of;
		return of === undefined ? batchId : originalOf(of);
	};
	const owners = new Map<string, string>();
	for (const [batchId, lines] of written) {
		if (world.unsettled.has(batchId)) continue;
		for (const [customId, { isSuccess }] of lines) {
			if (!isSuccess) continue;
			const owner = owners.get(customId);
			owners.set(customId, batchId);
			if (owner === undefined) continue;
			const isStopped = emulator.batch(owner).status === 'cancelled' && !spent.has(owner);
			if (isStopped && originalOf(batchId) !== originalOf(owner)) continue;
			broken('no request is answered twice', { customId, batches: [owner, batchId] });
		}
	}
}
