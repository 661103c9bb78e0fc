import type { World } from '../world';

const SPENT = ['failed', 'cancelling', 'cancelled'];

/** At most one batch stands for each part, whatever happened; the ids of those that do. */
export function checkCreates({ emulator, broken }: World, when: string): string[] {
	const standing = emulator.ledger.batches.filter(({ status }) => !SPENT.includes(status));
	const byKey = new Map<string, string[]>();
	for (const { id, metadata } of standing) {
		const { submission_key: key = id, submission_part: part = '' } = metadata ?? {};
		byKey.set(`${key} ${part}`, [...(byKey.get(`${key} ${part}`) ?? []), id]);
	}
	for (const [part, ids] of byKey) {
		if (ids.length > 1) broken('a part becomes one batch', { when, part, ids });
	}
	return standing.map(({ id }) => id);
}
