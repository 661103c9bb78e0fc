import type { WireBatch } from '../../support/emulator/batches/batch';
import { FINISHED, type World } from '../world';

const isRetry = ({ metadata }: WireBatch) => metadata?.retry_of !== undefined;
const isSpent = ({ status }: WireBatch) => status === 'failed' || status === 'cancelled';
const numberOf = ({ metadata }: WireBatch) => Number(metadata?.submission_part?.split('/')[0]);

/** The ids of the batches of a submission that has ended; undefined while a part or an end is missing. */
function finishedIds(batches: readonly WireBatch[]): string[] | undefined {
	if (!batches.every(({ status }) => FINISHED.includes(status))) return undefined;
	const ids = batches.filter(isRetry).map(({ id }) => id);
	const parts = Number(batches[0].metadata?.submission_part?.split('/')[1]);
	for (let number = 1; number <= parts; number++) {
		const attempts = batches
			.filter((batch) => !isRetry(batch) && numberOf(batch) === number)
			.sort((a, b) => a.created_at - b.created_at);
		const stands = attempts.find((batch) => !isSpent(batch)) ?? attempts.at(-1);
		if (!stands) return undefined;
		ids.push(stands.id);
	}
	return ids.sort();
}

/**
 * Checks that the end of each submission was reported by a trigger.
 *
 * @param items the JSON of all items that it returned
 */
export function checkSubmissions(
	world: World,
	items: ReadonlyArray<Record<string, unknown>>,
): void {
	if (!world.server.keepsMetadata) return;
	const batches = world.emulator.ledger.batches.filter(
		({ metadata }) => metadata?.submission_part !== undefined,
	);
	const idOf = ({ metadata }: WireBatch) => String(metadata?.submission_key).slice(0, 16);
	const submissions = new Map<string, WireBatch[]>();
	for (const batch of batches) {
		submissions.set(idOf(batch), [...(submissions.get(idOf(batch)) ?? []), batch]);
	}
	const events = items.filter(({ event }) => event === 'submission.finished');
	const reported = new Set(events.map(({ batch_ids: ids }) => (ids as string[]).toSorted().join()));
	for (const [submission, ofOne] of submissions) {
		// Of attempts in the same second, the trigger cannot know which is the newer one.
		const times = ofOne.filter(isSpent).map(({ created_at: at }) => at);
		const ids = new Set(times).size < times.length ? undefined : finishedIds(ofOne);
		if (!ids) continue;
		world.count('submissions that ended');
		if (!reported.has(ids.join())) {
			world.broken('the end of a submission is reported', { submission, ids, events });
		}
	}
}
