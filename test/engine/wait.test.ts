import { addHistory } from './batches';
import { NODE, productForEachTest, startProduct } from './product';

const product = productForEachTest({ clock: 'automatic' });

const run = async (batchId: string, options = {}, more = {}) =>
	await product.run('batch', 'wait', { batchId, options }, [{ row: 1 }], more);

const submit = async (prompt = 'Hi') =>
	(await product.json('batch', 'submit', { prompt }))[0] as { id: string };

const polls = (batchId: string) =>
	product.emulator.ledger.calls('GET', `/batches/${batchId}`).length;

test('waits until the batch is finished, and returns it', async () => {
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
	expect(polls(id)).toBeGreaterThan(1);
});

test.each(['completed', 'expired', 'CANCELLED'])(
	'a batch that is already %s is polled once',
	async (status) => {
		const { id } = addHistory(product, { status });
		const { items } = await run(id);
		expect(items('Node')[0].json).toMatchObject({ id, status: status.toLowerCase() });
		expect(polls(id)).toBe(1);
	},
);

test('a failed batch is returned too, with the reasons and whether a retry can succeed', async () => {
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

describe('when the longest time is over', () => {
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
		// One poll at the beginning, one at the end.
		expect(polls(id)).toBe(2);
	});

	test('Continue returns the batch, although it is not finished', async () => {
		const { id } = open();
		const { items } = await run(id, { maxWait: 0, onTimeout: 'continue' });
		expect(items('Node')[0].json).toMatchObject({ id, status: 'in_progress', progress: 30 });
		expect(polls(id)).toBe(1);
	});

	test('a batch that could never be read is an error, also with Continue', async () => {
		const { id } = open();
		product.emulator.faults.next({
			path: `/batches/${id}`,
			times: 5,
			fault: { type: 'status', status: 503, headers: { 'retry-after': '100' } },
		});
		const { error } = await run(id, { maxWait: 0.005, onTimeout: 'continue' });
		expect(error?.message).toBe(
			`After 0.005 minutes, batch ${id} could not be read: The server had an error while processing your request. Sorry about that!`,
		);
	});
});

test('transient faults do not end the wait', async () => {
	const { id } = addHistory(product, { status: 'completed' });
	// More faults than the client repeats a single request for.
	product.emulator.faults.next({
		path: `/batches/${id}`,
		times: 6,
		fault: { type: 'reset', when: 'before' },
	});
	const { items, error } = await run(id, { pollInterval: 1 });
	expect(error).toBeUndefined();
	expect(items('Node')[0].json).toMatchObject({ id, status: 'completed' });
	expect(polls(id)).toBe(7);
});

test('a batch that does not exist ends the wait', async () => {
	const { error } = await run('batch_none');
	expect(error?.message).toMatch(/No batch found/);
	expect(polls('batch_none')).toBe(1);
});

test('a batch that Submit has just created may be unknown to the server at first', async () => {
	const batch = await submit();
	product.emulator.faults.next({
		path: `/batches/${batch.id}`,
		times: 2,
		fault: { type: 'status', status: 404 },
	});
	const { items, error } = await product.run(
		'batch',
		'wait',
		{ batchId: '={{ $json.id }}', options: { pollInterval: 1 } },
		[batch],
	);
	expect(error).toBeUndefined();
	expect(items('Node')[0].json).toMatchObject({ id: batch.id, status: 'completed' });
});

test('a negative time to wait is refused', async () => {
	const { error } = await run('batch_1', { maxWait: -1 });
	expect(error?.message).toBe(
		'Max Wait has to be from 0 to 527,040 minutes, and Poll Interval at least 1 second',
	);
});

test('several batches are waited for at the same time, and returned in the order of the input', async () => {
	const slow = await startProduct({ clock: 'manual' });
	try {
		const prompts = [{ p: 'A' }, { p: 'B' }, { p: 'C' }];
		const ids: string[] = [];
		for (const prompt of prompts) {
			const [batch] = await slow.json('batch', 'submit', { prompt: '={{ $json.p }}' }, [prompt]);
			ids.push(batch.id as string);
		}
		const seen: string[] = [];
		// The last batch finishes first, and each batch only after all have been polled.
		slow.emulator.onBatch(({ id, status }) => {
			if (status === 'completed') seen.push(id);
		});
		const running = slow.run(
			'batch',
			'wait',
			{ batchId: '={{ $json.id }}', options: { pollInterval: 1 } },
			ids.map((id) => ({ id })),
		);
		const polled = async (id: string, times: number) => {
			while (slow.emulator.ledger.calls('GET', `/batches/${id}`).length < times) {
				await new Promise((resolve) => setImmediate(resolve));
			}
		};
		for (const id of ids) await polled(id, 1);
		await slow.finish(ids[2]);
		await slow.finish(ids[1]);
		await polled(ids[0], 3);
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

test('one batch that does not exist does not stop the others when On Error is set to continue', async () => {
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

test('cancelling the execution ends the wait at once, and no more requests are sent', async () => {
	const { id } = addHistory(product, { status: 'in_progress' });
	const parameters = { resource: 'batch', operation: 'wait', batchId: id };
	const options = { pollInterval: 1 };
	const execution = product.engine.startNode(NODE, { ...parameters, options });
	while (polls(id) === 0) await new Promise((resolve) => setImmediate(resolve));
	execution.cancel();
	const { status } = await execution.finished;
	expect(status).toBe('canceled');
	// n8n does not wait for a cancelled node. That it has ended shows in the requests it no longer sends.
	const before = polls(id);
	await new Promise((resolve) => setTimeout(resolve, 1_500));
	expect(polls(id)).toBe(before);
});
