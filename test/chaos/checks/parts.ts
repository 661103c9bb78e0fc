import type { WireBatch } from '../../support/emulator/batches/batch';
import { senderOf } from '../start';
import type { World } from '../world';
import { STORY } from './room';

/** The operations that cancel a batch which another execution has created too. */
const SETTLING = ['submit', 'submitWaiting'];

/** The batches that were cancelled since another one of the same part stands. */
export function givenUp({ emulator: { ledger }, executions }: World): Set<string> {
	const cancels = ledger.calls('POST', /\/batches\/[^/]+\/cancel$/).filter((request) => {
		const number = senderOf(request);
		return number !== undefined && SETTLING.includes(executions[number].act.operation);
	});
	return new Set(cancels.map(({ path }) => decodeURIComponent(path.split('/').at(-2)!)));
}

/** Whether the service had no room for it after all, so that its part waits again. */
const hadNoRoom = ({ status, errors }: WireBatch) =>
	status === 'failed' && errors?.data?.[0].code === 'token_limit_exceeded';

/**
 * No part of a submission is forgotten: each has a batch, or had one that ended otherwise than for
 * lack of room, which is for its user to decide about.
 *
 * @param mayBeNothing the submission was broken off, and nobody has run it again: then it may be that
 * nothing of it was created
 */
export function checkNoneForgotten(
	world: World,
	{ name, parts, mayBeNothing }: { name: string; parts: number; mayBeNothing: boolean },
): void {
	const spent = givenUp(world);
	const batches = world.emulator.ledger.batches.filter(
		({ metadata }) => metadata?.[STORY] === name && metadata.retry_of === undefined,
	);
	if (mayBeNothing && batches.length === 0) return;
	for (let number = 1; number <= parts; number++) {
		const ofPart = batches.filter(
			({ metadata }) => metadata?.submission_part === `${number}/${parts}`,
		);
		if (ofPart.some((batch) => !spent.has(batch.id) && !hadNoRoom(batch))) continue;
		const found = batches.map(({ id, status, metadata }) => [id, status, metadata]);
		world.broken('no part is forgotten', {
			name,
			number,
			parts,
			mayBeNothing,
			found,
			spent: [...spent],
		});
	}
}

/** Each request succeeds once at most, whatever batches it was in: a second answer is paid too. */
export function checkAnsweredOnce({ written, broken }: World): void {
	const owners = new Map<string, string>();
	for (const [batchId, lines] of written) {
		for (const [customId, { isSuccess }] of lines) {
			if (!isSuccess) continue;
			const owner = owners.get(customId);
			if (owner) broken('no request is answered twice', { customId, batches: [owner, batchId] });
			owners.set(customId, batchId);
		}
	}
}
