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
	it('costs nothing when there is room for all parts', async () => {
		await submit(ASK_TEXT, { maxEnqueuedTokens: 1_000_000, ignoreOtherBatches: true });
		expect(requests()).toEqual({ 'GET /batches': 1, 'POST /files': 3, 'POST /batches': 3 });
	});

	it('costs a list of files and the file of what waits when parts have to wait, and Submit Waiting Parts as much', async () => {
		await submit(ASK_TEXT, { maxEnqueuedTokens: 1, ignoreOtherBatches: true, fileName: 'full' });
		expect(requests()).toEqual({ 'GET /batches': 1, 'GET /files': 1, 'POST /files': 4 });
		const waiting = await product.json('batch', 'submitWaiting');
		expect(waiting).toHaveLength(3);
		const look = { 'GET /files': 1, 'GET /files/…/content': 1, 'GET /batches': 1 };
		expect(requests()).toEqual(look);
		const options = { maxEnqueuedTokens: 1_000_000, ignoreOtherBatches: true };
		const created = await product.json('batch', 'submitWaiting', { options });
		expect(created.map(({ status }) => status)).toEqual(Array(3).fill('validating'));
		// As with a key of the user's, each creation is looked at once more.
		expect(requests()).toEqual({ ...look, 'GET /batches': 4, 'POST /batches': 3 });
	});
});
