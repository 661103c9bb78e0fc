import type { World } from '../world';

const SPENT = ['failed', 'cancelling', 'cancelled'];

/**
 * At most one batch stands for each part, and for each request among the first batches and among
 * the retries of one, whatever happened and whatever keys they carry. No retry repeats a request
 * that has succeeded, unless its answer was of no use, or it was named.
 *
 * @returns the ids of the batches that stand
 */
export function checkCreates(world: World, when: string): string[] {
	const { emulator, broken } = world;
	const standing = emulator.ledger.batches.filter(({ status }) => !SPENT.includes(status));
	const owners = new Map<string, string>();
	for (const { id, metadata } of standing) {
		const { submission_key: key = id, submission_part: part, retry_of: of = '' } = metadata ?? {};
		const ids = world.requested.get(id) ?? [];
		for (const what of [`part ${key} ${part}`, ...ids.map((one) => `${one} ${of}`)]) {
			const owner = owners.get(what);
			if (owner) broken('a part becomes one batch', { when, what, ids: [owner, id] });
			owners.set(what, id);
		}
		if (of !== '') checkPaidOnce(world, { id, of, ids, when });
	}
	return standing.map(({ id }) => id);
}

/** What has succeeded is paid for, and a line without an id may be any request. */
function checkPaidOnce(
	{ written, mayRepeat, broken }: World,
	{ id, of, ids, when }: { id: string; of: string; ids: Array<string | undefined>; when: string },
): void {
	const isSuccess = (one: string) => written.get(of)?.get(one)?.isSuccess === true;
	const again = ids.filter(
		(one) => one === undefined || (isSuccess(one) && !mayRepeat.get(of)?.has(one)),
	);
	if (again.length > 0) broken('what succeeded is not paid again', { when, id, of, again });
}
