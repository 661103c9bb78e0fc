import type { IDataObject } from 'n8n-workflow';
import type { World } from '../world';

type Outcomes = Map<string, { status: string; requestId: string | null }>;

const linesOf = (world: World, fileId: string | null | undefined): IDataObject[] =>
	fileId
		? world.emulator
				.file(fileId)
				.text()
				.split('\n')
				.filter(Boolean)
				.map((line) => JSON.parse(line) as IDataObject)
		: [];

const NEVER_RAN: Record<string, string> = {
	batch_expired: 'expired',
	batch_cancelled: 'cancelled',
};

/** What became of each request, read from the server's own files: success stays, else the last. */
function truth(world: World, batchIds: string[]): Outcomes {
	const outcomes: Outcomes = new Map();
	for (const id of batchIds) {
		const batch = world.emulator.batch(id);
		for (const line of linesOf(world, batch.output_file_id)) {
			if (outcomes.get(line.custom_id as string)?.status === 'succeeded') continue;
			const response = line.response as IDataObject;
			outcomes.set(line.custom_id as string, {
				status: 'succeeded',
				requestId: response.request_id as string,
			});
		}
		for (const line of linesOf(world, batch.error_file_id)) {
			if (outcomes.get(line.custom_id as string)?.status === 'succeeded') continue;
			const { code } = (line.error ?? {}) as { code?: string };
			const response = line.response as IDataObject | null;
			outcomes.set(line.custom_id as string, {
				status: NEVER_RAN[code ?? ''] ?? 'failed',
				requestId: (response?.request_id as string) || null,
			});
		}
	}
	const [original] = batchIds;
	for (const line of linesOf(world, world.emulator.batch(original).input_file_id)) {
		const id = line.custom_id as string;
		if (!outcomes.has(id)) outcomes.set(id, { status: 'missing', requestId: null });
	}
	return outcomes;
}

/** Every request once, with what became of it; nothing more, nothing less. */
export function checkResults(world: World, batchIds: string[], items: IDataObject[]): void {
	const expected = truth(world, batchIds);
	const wrong = (why: string, detail: unknown) =>
		world.broken('results are whole and right', { batchIds, why, detail });
	const seen = new Set<unknown>();
	for (const { custom_id: id, status, request_id: requestId, error, content } of items) {
		if (seen.has(id)) wrong('it came twice', id);
		seen.add(id);
		const outcome = expected.get(id as string);
		if (!outcome) wrong('there is no such request', id);
		else if (outcome.status !== status || outcome.requestId !== requestId) {
			wrong('it is something else', { id, status, requestId, outcome });
		}
		const isSuccess = status === 'succeeded';
		if (isSuccess ? error !== null : error === null || content !== null) {
			wrong('it both succeeded and failed, or neither', { id, status, error });
		}
	}
	for (const id of expected.keys()) if (!seen.has(id)) wrong('it is missing', id);
	world.count('results', items.length);
}
