import { addHistory, answerLine, failureLine, notRunLine, requestLine } from './batches';
import { productForEachTest } from './product';

const product = productForEachTest();

const follow = async (batchId: string, options = {}) =>
	await product.run('batch', 'getResults', {
		batchId,
		options: { followRetries: true, ...options },
	});

/** Before the emulator's clock, in unix seconds. */
const START = 1_700_000_000;

/** `a` succeeded, `b` failed, `c` expired, `d` is in neither file. */
const addOriginal = () =>
	addHistory(product, {
		status: 'expired',
		created_at: START + 1_000,
		input: ['a', 'b', 'c', 'd'].map((id) => requestLine(id)),
		output: [answerLine('a', 'from the original')],
		error: [failureLine('b', 500, 'server_error'), notRunLine('c', 'batch_expired')],
		request_counts: { total: 4 },
	});

const retryOf = (id: string) => ({ metadata: { retry_of: id } });

test('the newest result of each request counts, over chains and several retries', async () => {
	addHistory(product, { created_at: START + 900, ...retryOf('batch_other') });
	const original = addOriginal();
	const first = addHistory(product, {
		created_at: START + 2_000,
		output: [answerLine('d', 'from the first')],
		error: [failureLine('b', 500, 'still_broken'), failureLine('c', 400, 'invalid_prompt')],
		...retryOf(original.id),
	});
	const second = addHistory(product, {
		created_at: START + 3_000,
		output: [answerLine('b', 'from the second')],
		...retryOf(first.id),
	});
	const third = addHistory(product, {
		created_at: START + 4_000,
		error: [failureLine('c', 503, 'overloaded')],
		...retryOf(original.id),
	});
	const { items, hints } = await follow(original.id);
	expect(
		items('Node').map(({ json }) => [json.custom_id, json.batch_id, json.status, json.content]),
	).toEqual([
		['a', original.id, 'succeeded', 'from the original'],
		['b', second.id, 'succeeded', 'from the second'],
		['c', third.id, 'failed', null],
		['d', first.id, 'succeeded', 'from the first'],
	]);
	expect(items('Node')[2].json.error).toMatchObject({ code: 'overloaded' });
	expect(hints('Node').map(({ message }) => message)).toEqual([
		`1 of the 4 requests of batch ${original.id} did not succeed (1 failed). Most common error (1 request): It ended with overloaded. Retry Unfinished runs these requests again, except where the same error would only repeat. The batch expired. Requests that ran before have results and were charged.`,
	]);
});

test('every batch of a chain returns the results of the whole chain', async () => {
	const original = addOriginal();
	const first = addHistory(product, {
		created_at: START + 2_000,
		output: [answerLine('d')],
		...retryOf(original.id),
	});
	const second = addHistory(product, {
		created_at: START + 3_000,
		output: [answerLine('b')],
		...retryOf(first.id),
	});
	const results = async (id: string) =>
		(await follow(id)).items('Node').map(({ json }) => [json.custom_id, json.status]);
	const whole = await results(original.id);
	expect(whole).toHaveLength(4);
	expect(await results(first.id)).toEqual(whole);
	expect(await results(second.id)).toEqual(whole);
});

test('a chain whose first batch cannot be read is an error, not a part of the results', async () => {
	const retry = addHistory(product, { output: [answerLine('b')], ...retryOf('batch_gone') });
	const { error, items } = await follow(retry.id);
	expect(error?.message).toMatch(/batch_gone/);
	expect(items('Node')).toEqual([]);
});

test('a request is missing only when no batch of the chain has a result for it', async () => {
	const original = addOriginal();
	addHistory(product, { output: [answerLine('b')], ...retryOf(original.id) });
	const { items } = await follow(original.id);
	expect(items('Node').map(({ json }) => [json.custom_id, json.status])).toEqual([
		['a', 'succeeded'],
		['b', 'succeeded'],
		['c', 'expired'],
		['d', 'missing'],
	]);
});

test('without the option only the batch itself is read', async () => {
	const original = addOriginal();
	addHistory(product, { output: [answerLine('b')], ...retryOf(original.id) });
	const items = await product.json('batch', 'getResults', { batchId: original.id });
	expect(items.map(({ status }) => status)).toEqual(['succeeded', 'failed', 'expired', 'missing']);
	expect(product.emulator.ledger.calls('GET', '/batches')).toEqual([]);
});

test('Offset, Limit and Include Statuses apply to the final results', async () => {
	const original = addOriginal();
	addHistory(product, { output: [answerLine('b'), answerLine('d')], ...retryOf(original.id) });
	const { items } = await follow(original.id, { include: ['succeeded'], offset: 1, limit: 2 });
	expect(items('Node').map(({ json }) => json.custom_id)).toEqual(['b', 'd']);
	const open = await follow(original.id, { include: ['failed', 'expired'], limit: 1 });
	expect(open.items('Node').map(({ json }) => json.custom_id)).toEqual(['c']);
});

test('requests are added to the results of retries', async () => {
	const original = addOriginal();
	addHistory(product, { output: [answerLine('d')], ...retryOf(original.id) });
	const { items } = await follow(original.id, { includeRequest: true });
	for (const { json } of items('Node')) {
		expect(json.request).toMatchObject({
			messages: [{ role: 'user', content: `Say hello to ${String(json.custom_id)}` }],
		});
	}
});

test('the list of batches is read back to the original and no further', async () => {
	for (let index = 0; index < 150; index++) addHistory(product, { created_at: START + 500 });
	const original = addOriginal();
	for (let index = 0; index < 50; index++) addHistory(product, { created_at: START + 2_000 });
	await follow(original.id);
	expect(product.emulator.ledger.calls('GET', '/batches')).toHaveLength(1);
});

test('a retry that is not finished is an error that names it', async () => {
	const original = addOriginal();
	const retry = addHistory(product, {
		status: 'in_progress',
		request_counts: { total: 3, completed: 1, failed: 0 },
		...retryOf(original.id),
	});
	const { error, items } = await follow(original.id);
	expect(error?.message).toBe(
		`Batch ${retry.id}, a retry of ${original.id}, is in progress: 1 of 3 requests are done`,
	);
	expect(items('Node')).toEqual([]);
});

test('a retry that failed validation is left out, and a hint names it', async () => {
	const original = addOriginal();
	const retry = addHistory(product, { status: 'failed', ...retryOf(original.id) });
	const { items, hints } = await follow(original.id);
	expect(items('Node')).toHaveLength(4);
	expect(hints('Node')[0].message).toContain(
		`These retries failed before any request ran, so they have no results: ${retry.id}.`,
	);
});

test('a batch that failed validation returns the results of its retries', async () => {
	const original = addHistory(product, {
		status: 'failed',
		created_at: START + 1_000,
		input: ['a', 'b'].map((id) => requestLine(id)),
		request_counts: { total: 0, completed: 0, failed: 0 },
	});
	const alone = await follow(original.id);
	expect(alone.error?.message).toMatch(`Batch ${original.id} failed`);
	addHistory(product, { status: 'failed', ...retryOf(original.id) });
	expect((await follow(original.id)).error?.message).toMatch(`Batch ${original.id} failed`);
	addHistory(product, { output: [answerLine('a')], ...retryOf(original.id) });
	const { items } = await follow(original.id);
	expect(items('Node').map(({ json }) => [json.custom_id, json.status])).toEqual([
		['a', 'succeeded'],
		['b', 'missing'],
	]);
});

test('Delete Files deletes the files of the retries too', async () => {
	const original = addOriginal();
	const retry = addHistory(product, {
		input: [requestLine('b')],
		output: [answerLine('b')],
		...retryOf(original.id),
	});
	await follow(original.id, { deleteFiles: true });
	const ids = [original.output_file_id, retry.output_file_id, retry.input_file_id];
	for (const id of ids) expect(() => product.emulator.file(id!)).toThrow();
});

test('the newest success of a request counts, in the place of the first result', async () => {
	const original = addOriginal();
	const first = addHistory(product, {
		created_at: START + 2_000,
		output: [answerLine('a', 'better'), answerLine('b', 'b')],
		...retryOf(original.id),
	});
	addHistory(product, {
		created_at: START + 3_000,
		error: [failureLine('a', 500, 'server_error')],
		...retryOf(original.id),
	});
	const { items } = await follow(original.id, { include: ['succeeded'] });
	expect(items('Node').map(({ json }) => [json.custom_id, json.batch_id, json.content])).toEqual([
		['a', first.id, 'better'],
		['b', first.id, 'b'],
	]);
});

describe('attempts', () => {
	const attempts = async (id: string, options = {}) => {
		const { items } = await follow(id, options);
		return Object.fromEntries(items('Node').map(({ json }) => [json.custom_id, json.attempts]));
	};

	test('count the batches in which a request ran, with and without a result', async () => {
		const original = addOriginal();
		addHistory(product, {
			created_at: START + 2_000,
			input: ['b', 'c', 'd'].map((id) => requestLine(id)),
			output: [answerLine('b')],
			error: [failureLine('c', 500, 'server_error')],
			request_counts: { total: 3, completed: 1, failed: 1 },
			...retryOf(original.id),
		});
		addHistory(product, {
			created_at: START + 3_000,
			error: [failureLine('c', 500, 'server_error')],
			request_counts: { total: 1, completed: 0, failed: 1 },
			...retryOf(original.id),
		});
		// It failed before any request ran.
		addHistory(product, {
			status: 'failed',
			input: [requestLine('c')],
			created_at: START + 4_000,
			...retryOf(original.id),
		});
		const expected = { a: 1, b: 2, c: 3, d: 2 };
		expect(await attempts(original.id)).toEqual(expected);
		expect(await attempts(original.id, { includeRequest: true })).toEqual(expected);
		expect(await attempts(original.id, { include: ['missing'] })).toEqual({ d: 2 });
	});

	test('read the input file of a retry only where it has fewer results than requests', async () => {
		const original = addOriginal();
		const retry = addHistory(product, {
			created_at: START + 2_000,
			input: [requestLine('b')],
			output: [answerLine('b')],
			request_counts: { total: 1, completed: 1, failed: 0 },
			...retryOf(original.id),
		});
		expect(await attempts(original.id)).toMatchObject({ b: 2 });
		const calls = product.emulator.ledger.calls('GET', `/files/${retry.input_file_id}/content`);
		expect(calls).toEqual([]);
	});

	test('do not count an original that failed as a whole', async () => {
		const original = addHistory(product, {
			status: 'failed',
			created_at: START + 1_000,
			input: ['a', 'b'].map((id) => requestLine(id)),
		});
		addHistory(product, {
			created_at: START + 2_000,
			input: [requestLine('a')],
			output: [answerLine('a')],
			...retryOf(original.id),
		});
		expect(await attempts(original.id)).toEqual({ a: 1, b: 0 });
	});

	test('are there only where retries are followed', async () => {
		const original = addOriginal();
		const items = await product.json('batch', 'getResults', { batchId: original.id });
		for (const item of items) expect(item).not.toHaveProperty('attempts');
	});
});
