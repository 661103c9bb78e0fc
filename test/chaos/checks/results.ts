import type { IDataObject } from 'n8n-workflow';
import type { WireBatch } from '../../support/emulator/batches/batch';
import type { World, WrittenLine } from '../world';

type Outcomes = Map<string, { status: string; requestId: string | null; batchId: string }>;

/** Whether none of the requests of a batch ran. */
export const hasNeverRun = ({ written }: World, { id, status }: WireBatch) =>
	status === 'failed' && !written.has(id);

const NEVER_RAN: Record<string, string> = {
	batch_expired: 'expired',
	batch_cancelled: 'cancelled',
};

/** What a line says of its request, as far as the server puts it there. */
export function outcomeOf({ isSuccess, wire }: WrittenLine) {
	const { response, error } = wire as IDataObject;
	const { code } = (error ?? {}) as { code?: string };
	const { request_id: requestId } = (response ?? {}) as { request_id?: string | null };
	return {
		status: isSuccess ? 'succeeded' : (NEVER_RAN[code ?? ''] ?? 'failed'),
		requestId: requestId || null,
	};
}

/** What became of each request, from what the server has written: the newest success, else the last. */
function truth(world: World, batchIds: string[]): Outcomes {
	const { requested, server, written } = world;
	const outcomes: Outcomes = new Map();
	for (const id of batchIds) {
		for (const [customId, line] of written.get(id) ?? []) {
			const isAnswered = outcomes.get(customId)?.status === 'succeeded';
			if (line.isSuccess || !isAnswered)
				outcomes.set(customId, { ...outcomeOf(line), batchId: id });
		}
	}
	const [original] = batchIds;
	const knowsAll = server.namesRequests && hasInput(world, original);
	for (const id of (knowsAll && requested.get(original)) || []) {
		if (!outcomes.has(id!)) {
			outcomes.set(id!, { status: 'missing', requestId: null, batchId: original });
		}
	}
	return outcomes;
}

/** Whether the input file, which shows what is missing, is still there. */
function hasInput({ emulator }: World, batchId: string): boolean {
	try {
		return emulator.file(emulator.batch(batchId).input_file_id) !== undefined;
	} catch {
		return false;
	}
}

/** Every request once, with what became of it; nothing more, nothing less. */
export function checkResults(world: World, batchIds: string[], items: IDataObject[]): void {
	const wrong = (why: string, detail: unknown) =>
		world.broken('results are whole and right', { batchIds, why, detail });
	world.count('results', items.length);
	if (!world.server.hasReadableLines) {
		checkUnreadable(world, batchIds, items, wrong);
		return;
	}
	const expected = truth(world, batchIds);
	const seen = new Set<unknown>();
	const knowsAttempts = world.server.namesRequests && batchIds.every((id) => hasInput(world, id));
	const ran = batchIds.filter((one) => !hasNeverRun(world, world.emulator.batch(one)));
	for (const item of items) {
		const { custom_id: id, status, request_id: requestId, error, content, attempts } = item;
		const { batch_id: batchId } = item;
		const all = ran.filter((one) => world.requested.get(one)?.includes(id as string));
		if (knowsAttempts && attempts !== undefined && attempts !== all.length) {
			wrong('it was asked more or less often', { id, attempts, all });
		}
		if (seen.has(id)) wrong('it came twice', id);
		seen.add(id);
		const outcome = expected.get(id as string);
		if (!outcome) wrong('there is no such request', id);
		else if (outcome.status !== status || outcome.requestId !== requestId) {
			wrong('it is something else', { id, status, requestId, outcome });
		} else if (outcome.batchId !== batchId) {
			wrong('it is of another batch', { id, batchId, outcome });
		}
		const isSuccess = status === 'succeeded';
		if (isSuccess ? error !== null : error === null || content !== null) {
			wrong('it both succeeded and failed, or neither', { id, status, error });
		}
	}
	for (const id of expected.keys()) if (!seen.has(id)) wrong('it is missing', id);
}

/**
 * Lines of a form that nobody knows: each request of them is there, by the id that they have all the
 * same, and none is taken for a success.
 */
function checkUnreadable(
	{ written }: World,
	batchIds: string[],
	items: IDataObject[],
	wrong: (why: string, detail: unknown) => void,
): void {
	const lines = new Set(batchIds.flatMap((id) => [...(written.get(id)?.keys() ?? [])])).size;
	const unread = items.filter(({ status }) => status === 'failed');
	if (unread.length !== lines) wrong('a line is not there', { lines, items });
	const taken = items.filter(({ status, error }) => status === 'succeeded' || error === null);
	if (taken.length > 0) wrong('a line is taken for a success', taken);
}
