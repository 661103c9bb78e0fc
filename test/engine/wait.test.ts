import { addHistory } from './batches';
import type { Product } from './product';
import { NODE, startProduct } from './product';

let product: Product;

beforeEach(async () => {
	product = await startProduct({ clock: 'automatic' });
});

afterEach(async () => await product.stop());

const run = async (batchId: string, options = {}, more = {}) =>
	await product.run('batch', 'wait', { batchId, options }, [{ row: 1 }], more);

const submit = async (prompt = 'Hi') =>
	(await product.json('batch', 'submit', { prompt }))[0] as { id: string };

const looks = (batchId: string) =>
	product.emulator.ledger.calls('GET', `/batches/${batchId}`).length;

test('waits until the batch is finished, and returns it as it is then', async () => {
	const { id } = await submit();
	const { items, error } = await run(id, { pollInterval: 1 });
	expect(error).toBeUndefined();
	expect(items('Node')).toHaveLength(1);
	const [{ json, pairedItem }] = items('Node');
	expect(json).toMatchObject({
		id,
		object: 'batch',
		status: 'completed',
		output_file_id: expect.stringMatching(/^file-/),
		request_counts: { total: 1, completed: 1, failed: 0 },
		progress: 100,
		duration_seconds: expect.any(Number),
	});
	expect(json).not.toHaveProperty('event');
	expect(json).not.toHaveProperty('retryable');
	expect(pairedItem).toEqual({ item: 0 });
	expect(looks(id)).toBeGreaterThan(1);
});

test.each(['completed', 'expired', 'CANCELLED'])(
	'a batch that is %s already is looked at once',
	async (status) => {
		const { id } = addHistory(product, { status });
		const { items } = await run(id);
		expect(items('Node')[0].json).toMatchObject({ id, status: status.toLowerCase() });
		expect(looks(id)).toBe(1);
	},
);

test('a failed batch is an item too, with the reasons and whether a retry can succeed', async () => {
	product.emulator.control.batches({ match: () => true, fate: 'token_limit' });
	const { id } = await submit();
	const { items } = await run(id, { pollInterval: 1 });
	expect(items('Node')[0].json).toMatchObject({
		id,
		status: 'failed',
		retryable: true,
		error_summary: expect.stringMatching(/^Enqueued token limit reached/),
	});
	const data = [{ code: 'invalid_url', line: 3, message: 'The URL is wrong.', param: 'url' }];
	const permanent = addHistory(product, { status: 'failed', errors: { object: 'list', data } });
	expect((await run(permanent.id)).items('Node')[0].json).toMatchObject({
		retryable: false,
		error_summary: 'Line 3: The URL is wrong. (invalid_url, url)',
	});
});

describe('when the time is over', () => {
	const open = () =>
		addHistory(product, {
			status: 'in_progress',
			request_counts: { total: 10, completed: 3, failed: 0 },
		});

	test('an error says how far the batch is', async () => {
		const { id } = open();
		const { error, items } = await run(id, { maxWait: 0.005 });
		expect(error?.message).toBe(
			`Batch ${id} is not finished after 0.005 minutes. It is in progress: 3 of 10 requests are done`,
		);
		expect(items('Node')).toEqual([]);
		// One look at the beginning, one at the end.
		expect(looks(id)).toBe(2);
	});

	test('Continue returns the batch as it is', async () => {
		const { id } = open();
		const { items } = await run(id, { maxWait: 0, onTimeout: 'continue' });
		expect(items('Node')[0].json).toMatchObject({ id, status: 'in_progress', progress: 30 });
		expect(looks(id)).toBe(1);
	});

	test('a batch that never could be read is an error in any case', async () => {
		const { id } = open();
		product.emulator.faults.next({
			path: `/batches/${id}`,
			times: 5,
			fault: { type: 'status', status: 503, headers: { 'retry-after': '100' } },
		});
		const { error } = await run(id, { maxWait: 0.005, onTimeout: 'continue' });
		expect(error?.message).toBe(
			`Batch ${id} could not be read in 0.005 minutes: The server had an error while processing your request. Sorry about that!`,
		);
	});
});

test('faults that pass do not end the wait', async () => {
	const { id } = addHistory(product, { status: 'completed' });
	// More than a single request is repeated.
	product.emulator.faults.next({
		path: `/batches/${id}`,
		times: 6,
		fault: { type: 'reset', when: 'before' },
	});
	const { items, error } = await run(id, { pollInterval: 1 });
	expect(error).toBeUndefined();
	expect(items('Node')[0].json).toMatchObject({ id, status: 'completed' });
	expect(looks(id)).toBe(7);
}, 30_000);

test('a batch that is gone ends the wait', async () => {
	const { error } = await run('batch_none');
	expect(error?.message).toMatch(/No batch found/);
	expect(looks('batch_none')).toBe(1);
});

test('a wait of less than no time is refused', async () => {
	const { error } = await run('batch_1', { maxWait: -1 });
	expect(error?.message).toBe(
		'Max Wait has to be 0 minutes or more, and Poll Interval 1 second or more',
	);
});

test('several batches are waited for together, and come in the order of the input', async () => {
	const slow = await startProduct({ clock: 'manual' });
	try {
		const prompts = [{ p: 'A' }, { p: 'B' }, { p: 'C' }];
		const ids: string[] = [];
		for (const prompt of prompts) {
			const [batch] = await slow.json('batch', 'submit', { prompt: '={{ $json.p }}' }, [prompt]);
			ids.push(batch.id as string);
		}
		const seen: string[] = [];
		// The last one finishes first, and each one only after all have been looked at.
		slow.emulator.onBatch(({ id, status }) => {
			if (status === 'completed') seen.push(id);
		});
		const running = slow.run(
			'batch',
			'wait',
			{ batchId: '={{ $json.id }}', options: { pollInterval: 1 } },
			ids.map((id) => ({ id })),
		);
		const lookedAt = async (id: string, times: number) => {
			while (slow.emulator.ledger.calls('GET', `/batches/${id}`).length < times) {
				await new Promise((resolve) => setImmediate(resolve));
			}
		};
		for (const id of ids) await lookedAt(id, 1);
		await slow.finish(ids[2]);
		await slow.finish(ids[1]);
		await lookedAt(ids[0], 3);
		await slow.finish(ids[0]);
		const { items } = await running;
		expect(items('Node').map(({ json, pairedItem }) => [json.id, json.status, pairedItem])).toEqual(
			ids.map((id, item) => [id, 'completed', { item }]),
		);
		expect(seen).toEqual([ids[2], ids[1], ids[0]]);
		expect(slow.emulator.ledger.calls('GET', `/batches/${ids[2]}`)).toHaveLength(2);
	} finally {
		await slow.stop();
	}
});

test('one batch that is gone does not stop the others, when the user continues', async () => {
	const { id } = await submit();
	const { items } = await product.run(
		'batch',
		'wait',
		{ batchId: '={{ $json.id }}', options: { pollInterval: 1 } },
		[{ id: 'batch_none' }, { id }, { id: 'no id' }],
		{ onError: 'continueErrorOutput' },
	);
	expect(items('Node', 0).map(({ json }) => json.id)).toEqual([id]);
	expect(items('Node', 1).map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 2 }]);
});

test('cancelling the execution ends the wait at once, and the looks with it', async () => {
	const { id } = addHistory(product, { status: 'in_progress' });
	const parameters = { resource: 'batch', operation: 'wait', batchId: id };
	const options = { pollInterval: 1 };
	const execution = product.engine.startNode(NODE, { ...parameters, options });
	while (looks(id) === 0) await new Promise((resolve) => setImmediate(resolve));
	execution.cancel();
	const { status } = await execution.finished;
	expect(status).toBe('canceled');
	// n8n does not wait for a cancelled node, so that its end shows in what it no longer does.
	const before = looks(id);
	await new Promise((resolve) => setTimeout(resolve, 1_500));
	expect(looks(id)).toBe(before);
});
