import type { IDataObject } from 'n8n-workflow';
import { productForTests } from './product';
import { ASK_TEXT, EMBED_TEXT } from './support/submitParameters';

/** Real time, since an execution with a key of the user's looks again after two seconds. */
const product = productForTests({ clock: 'automatic', timing: { validating: 3_600_000 } });

/** How many requests were sent since the last time, by kind. */
function requests(): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const { method, path } of product.emulator.ledger.requests) {
		const kind = `${method} ${path.replace(/^\/v1/, '').replace(/file-\w+/, '…')}`;
		counts[kind] = (counts[kind] ?? 0) + 1;
	}
	product.emulator.ledger.clear();
	return counts;
}

const ROWS = ['a', 'b', 'c'].map((id) => ({ id, text: id }));

async function submit(parameters: IDataObject, options: IDataObject): Promise<IDataObject[]> {
	const given = { ...parameters, options: { maxRequestsPerBatch: 1, ...options } } as never;
	const run = await product.run('batch', 'submit', given, ROWS, {
		executionId: `requests ${JSON.stringify(options)}`,
	});
	expect(run.error).toBeUndefined();
	expect(run.items('Node')).toHaveLength(3);
	return run.items('Node').map(({ json }) => json);
}

it('a submission costs one list, and an upload and a creation for each part', async () => {
	await submit(EMBED_TEXT, {});
	expect(requests()).toEqual({ 'GET /batches': 1, 'POST /files': 3, 'POST /batches': 3 });
});

it('a key of the user costs another list after each creation', async () => {
	await submit(EMBED_TEXT, { submissionKey: 'mine' });
	expect(requests()).toEqual({ 'GET /batches': 4, 'POST /files': 3, 'POST /batches': 3 });
});

describe('a limit of the queue', () => {
	it('costs a list of files, the file of what waits, and another list after each creation', async () => {
		await submit(ASK_TEXT, { maxEnqueuedTokens: 1_000_000, ignoreOtherBatches: true });
		const looks = { 'GET /batches': 4, 'GET /files': 1 };
		expect(requests()).toEqual({ ...looks, 'POST /files': 4, 'POST /batches': 3 });
	});

	it('makes Submit Waiting Parts look with three requests, and create as Submit does', async () => {
		const limit = { maxEnqueuedTokens: 1, ignoreOtherBatches: true };
		// A model of its own, since the queue of another one may hold the batches of other tests.
		const [first] = await submit({ ...ASK_TEXT, model: 'gpt-6-sol' }, limit);
		const { submission_id: submissionId } = first;
		requests();
		const waiting = await product.json('batch', 'submitWaiting', { submissionId } as never);
		expect(waiting.map(({ status }) => status)).toEqual(['waiting', 'waiting']);
		const look = { 'GET /files': 1, 'GET /files/…/content': 1, 'GET /batches': 1 };
		expect(requests()).toEqual(look);
		const options = { ...limit, maxEnqueuedTokens: 1_000_000 };
		const parameters = { submissionId, options } as never;
		const created = await product.json('batch', 'submitWaiting', parameters);
		expect(created.map(({ status }) => status)).toEqual(['validating', 'validating']);
		expect(requests()).toEqual({ ...look, 'GET /batches': 3, 'POST /batches': 2 });
	});
});
