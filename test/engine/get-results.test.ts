import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { addHistory, answerLine, failureLine, notRunLine, requestLine } from './batches';
import { CREDENTIAL, productForEachTest } from './product';

const product = productForEachTest();

const results = async (batchId: string, options = {}) =>
	await product.json('batch', 'getResults', { batchId, options });

const run = async (batchId: string, options = {}, more = {}) =>
	await product.run('batch', 'getResults', { batchId, options }, [{ row: 1 }], more);

const ids = (items: Array<{ custom_id?: unknown }>) => items.map(({ custom_id }) => custom_id);

/** Ten requests: 0–3 succeeded, 4–6 failed, 7 and 8 expired, 9 in neither file. */
function mixedBatch() {
	const all = Array.from({ length: 10 }, (_, index) => `r${index}`);
	return addHistory(product, {
		status: 'expired',
		input: all.map((id) => requestLine(id)),
		output: all.slice(0, 4).map((id) => answerLine(id)),
		error: [
			...all.slice(4, 7).map((id) => failureLine(id, 400, 'invalid_prompt')),
			...all.slice(7, 9).map((id) => notRunLine(id, 'batch_expired')),
		],
		request_counts: { total: 10, completed: 4, failed: 3 },
	});
}

test('every request has one item with its status, whichever file it is in', async () => {
	const batch = mixedBatch();
	const items = await results(batch.id);
	expect(items).toHaveLength(10);
	expect(items[0]).toEqual({
		custom_id: 'r0',
		batch_id: batch.id,
		status: 'succeeded',
		status_code: 200,
		request_id: 'req_r0',
		model: 'gpt-6-luna-2026',
		content: 'Answer to r0',
		finish_reason: 'stop',
		usage: { prompt_tokens: 20, completion_tokens: 10, total_tokens: 30 },
		error: null,
	});
	expect(items[4]).toEqual({
		custom_id: 'r4',
		batch_id: batch.id,
		status: 'failed',
		status_code: 400,
		request_id: null,
		model: null,
		content: null,
		finish_reason: null,
		usage: null,
		error: {
			message: 'It ended with invalid_prompt.',
			type: 'some_error',
			param: null,
			code: 'invalid_prompt',
		},
	});
	expect(items[7]).toMatchObject({
		custom_id: 'r7',
		status: 'expired',
		status_code: null,
		error: { code: 'batch_expired', message: 'Not run: batch_expired' },
	});
	expect(items[9]).toEqual({
		custom_id: 'r9',
		batch_id: batch.id,
		status: 'missing',
		status_code: null,
		request_id: null,
		model: null,
		content: null,
		finish_reason: null,
		usage: null,
		error: {
			code: 'missing',
			message: 'The request is in the input file, but in neither of the result files.',
			type: null,
			param: null,
		},
	});
});

test('a hint says how many did not succeed, and why', async () => {
	const batch = mixedBatch();
	const { hints } = await run(batch.id);
	expect(hints('Node')).toEqual([
		{
			message: `6 of the 10 requests of batch ${batch.id} did not succeed (3 failed, 2 expired, 1 missing). Most common error (3 requests): It ended with invalid_prompt. Retry Unfinished runs these requests again, except where the same error would only repeat. The batch expired. Requests that ran before have results and were charged.`,
			location: 'outputPane',
		},
	]);
});

test('when all failed there is no output file, and the hint has the most common error', async () => {
	const batch = addHistory(product, {
		input: [requestLine('a'), requestLine('b'), requestLine('c')],
		error: [
			failureLine('a', 500, 'server_error'),
			failureLine('b', 404, 'model_not_found'),
			failureLine('c', 404, 'model_not_found'),
		],
		output_file_id: '',
		request_counts: { total: 3, completed: 0, failed: 3 },
	});
	const { items, hints } = await run(batch.id);
	expect(items('Node').map(({ json }) => json.status)).toEqual(['failed', 'failed', 'failed']);
	expect(hints('Node').map(({ message }) => message)).toEqual([
		`None of the 3 requests of batch ${batch.id} succeeded (3 failed). Most common error (2 requests): It ended with model_not_found. Retry Unfinished runs these requests again, except where the same error would only repeat.`,
	]);
});

test('a batch of successes has no hint, and its input file is not read', async () => {
	const batch = addHistory(product, {
		output: [answerLine('a')],
		request_counts: { total: 1, completed: 1, failed: 0 },
	});
	const { items, hints } = await run(batch.id);
	expect(ids(items('Node').map(({ json }) => json))).toEqual(['a']);
	expect(hints('Node')).toEqual([]);
	expect(product.emulator.ledger.calls('GET', /file-gone/)).toEqual([]);
});

test('a cancelled batch returns the results it has', async () => {
	const [batch] = await product.json(
		'batch',
		'submit',
		{ prompt: 'Hi', customId: '={{ $json.id }}' },
		[{ id: 'a' }, { id: 'b' }, { id: 'c' }],
	);
	await product.emulator.step(batch.id as string, 'in_progress', { done: 1 });
	await product.emulator.step(batch.id as string, 'cancelled', { done: 1 });
	const items = await results(batch.id as string);
	expect(items.map(({ status }) => status).sort()).toEqual(['cancelled', 'cancelled', 'succeeded']);
});

test('without the input file the results are complete, and a hint says what is not known', async () => {
	const batch = addHistory(product, { output: [answerLine('a')], request_counts: null });
	const { items, hints } = await run(batch.id, { includeRequest: true });
	expect(items('Node').map(({ json }) => json.custom_id)).toEqual(['a']);
	expect(hints('Node').map(({ message }) => message)).toEqual([
		'The input file is no longer there. Requests could not be added to the results, and requests without a result could not be found.',
	]);
});

test('Include Statuses leaves out the other statuses', async () => {
	const batch = mixedBatch();
	expect(ids(await results(batch.id, { include: ['failed', 'missing'] }))).toEqual([
		'r4',
		'r5',
		'r6',
		'r9',
	]);
});

test('Include Request adds each request to its result, also when the result is missing', async () => {
	const batch = mixedBatch();
	const items = await results(batch.id, { includeRequest: true });
	expect(items.map(({ request }) => request)).toEqual(
		Array.from({ length: 10 }, (_, index) => ({
			model: 'gpt-6-luna',
			messages: [{ role: 'user', content: `Say hello to r${index}` }],
		})),
	);
});

test('without Simplify the item has the line as it was sent', async () => {
	const batch = addHistory(product, { output: [answerLine('a')], request_counts: { total: 1 } });
	const [item] = await results(batch.id, { simplify: false });
	expect(item.response).toEqual(JSON.parse(answerLine('a')));
});

test('Parse JSON parses content, and keeps text that it cannot parse with the reason', async () => {
	const outcomes: Record<string, object> = {
		plain: { type: 'answer', content: '{"genre":"drama"}' },
		fenced: { type: 'answer', content: 'Here:\n```json\n["a", 1]\n```' },
		prose: { type: 'answer', content: 'A drama.' },
		refused: { type: 'refuse' },
	};
	product.emulator.control.requests({
		match: ({ custom_id }) => custom_id in outcomes,
		outcome: ({ custom_id }) => outcomes[custom_id] as { type: 'refuse' },
	});
	const [batch] = await product.json(
		'batch',
		'submit',
		{
			prompt: 'Which genre?',
			customId: '={{ $json.id }}',
			requestOptions: { jsonSchema: '{"type":"object","properties":{"a":{"type":"string"}}}' },
		},
		Object.keys(outcomes).map((id) => ({ id })),
	);
	await product.finish(batch.id as string);
	const items = await results(batch.id as string, { parseJson: true });
	const byId = Object.fromEntries(items.map((item) => [item.custom_id, item]));
	expect(byId.plain.content).toEqual({ genre: 'drama' });
	expect(byId.plain).not.toHaveProperty('parse_error');
	expect(byId.fenced.content).toEqual(['a', 1]);
	expect(byId.prose.content).toBe('A drama.');
	expect(byId.prose.parse_error).toMatch(/^The answer is not valid JSON: /);
	expect(byId.refused).toMatchObject({
		status: 'succeeded',
		content: null,
		refusal: "I'm sorry, but I can't assist with that request.",
		parse_error: "The model declined: I'm sorry, but I can't assist with that request.",
	});
});

test('Parse JSON keeps the text of an answer that was cut off', async () => {
	const cut = JSON.parse(answerLine('a', '{"genre":"dra'));
	cut.response.body.choices[0].finish_reason = 'length';
	const batch = addHistory(product, {
		output: [JSON.stringify(cut)],
		request_counts: { total: 1 },
	});
	const [item] = await results(batch.id, { parseJson: true });
	expect(item).toMatchObject({
		content: '{"genre":"dra',
		finish_reason: 'length',
		parse_error: 'The JSON is cut off. Raise the maximum number of output tokens.',
	});
});

test('with prices each result has its cost, at the batch price', async () => {
	const batch = addHistory(product, {
		output: [answerLine('a')],
		error: [failureLine('b', 400, 'invalid_prompt')],
		request_counts: { total: 2 },
	});
	const prices = { inputPricePerMillion: 4, outputPricePerMillion: 12 };
	const items = await results(batch.id, prices);
	// (20 × 4 + 10 × 12) / 1,000,000, half of it.
	expect(items.map(({ cost }) => cost)).toEqual([0.0001, null]);
	expect((await results(batch.id))[0]).not.toHaveProperty('cost');
});

test('Get returns the cost of the whole batch', async () => {
	const usage = { input_tokens: 2_000_000, output_tokens: 500_000, total_tokens: 2_500_000 };
	const batch = addHistory(product, { usage });
	const options = { inputPricePerMillion: 0.1, outputPricePerMillion: 0.4 };
	const [priced] = await product.json('batch', 'get', { batchId: batch.id, options });
	expect(priced).toMatchObject({ id: batch.id, status: 'completed', cost: 0.2 });
	const [unpriced] = await product.json('batch', 'get', { batchId: batch.id });
	expect(unpriced).not.toHaveProperty('cost');
});

describe('Limit and Offset', () => {
	test('return pages that together are all results', async () => {
		const batch = mixedBatch();
		const pages = [];
		for (const offset of [0, 3, 6, 9]) {
			pages.push(ids(await results(batch.id, { offset, limit: 3, includeRequest: true })));
		}
		expect(pages).toEqual([['r0', 'r1', 'r2'], ['r3', 'r4', 'r5'], ['r6', 'r7', 'r8'], ['r9']]);
	});

	test('count only results with the included statuses', async () => {
		const batch = mixedBatch();
		const options = { include: ['failed', 'expired', 'missing'], offset: 2, limit: 3 };
		expect(ids(await results(batch.id, options))).toEqual(['r6', 'r7', 'r8']);
	});

	test('a limit ends the reading, and requests are still added', async () => {
		const batch = mixedBatch();
		const { items, hints } = await run(batch.id, { limit: 2, includeRequest: true });
		expect(items('Node').map(({ json }) => json.request)).toEqual([
			expect.objectContaining({ messages: [{ role: 'user', content: 'Say hello to r0' }] }),
			expect.objectContaining({ messages: [{ role: 'user', content: 'Say hello to r1' }] }),
		]);
		expect(hints('Node')).toEqual([]);
		const read = product.emulator.ledger.calls('GET', /content$/).map(({ path }) => path);
		expect(read).toEqual([
			`/v1/files/${batch.output_file_id}/content`,
			`/v1/files/${batch.input_file_id}/content`,
		]);
	});

	test('a limit does not wait for the rest of a file', async () => {
		const rest = Array.from({ length: 2_000 }, (_, index) => answerLine(`rest-${index}`));
		const batch = addHistory(product, { output: [answerLine('first'), ...rest] });
		product.emulator.faults.next({
			path: `/files/${batch.output_file_id}/content`,
			fault: { type: 'slow', bytesPerSecond: 10_000 },
		});
		expect(ids(await results(batch.id, { limit: 1 }))).toEqual(['first']);
	});

	test('a limit ends the transfer', async () => {
		const answers: Record<string, object> = {
			'/batches/b': { id: 'b', status: 'completed', output_file_id: 'f', endpoint: '/v1/x' },
			'/files/f': { id: 'f' },
		};
		let transferEnds: (() => void) | undefined;
		const ended = new Promise<void>((resolve) => (transferEnds = resolve));
		// A file without an end.
		const server = createServer((request, response) => {
			const answer = answers[request.url!];
			if (answer) return response.end(JSON.stringify(answer));
			response.on('close', () => transferEnds!());
			return response.write(`${answerLine('first')}\n`);
		});
		await once(server.listen(0, '127.0.0.1'), 'listening');
		const { port } = server.address() as AddressInfo;
		const credential = { apiKey: 'sk-test', url: `http://127.0.0.1:${port}` };
		const credentialData = { [CREDENTIAL]: credential };
		const { items } = await run('b', { limit: 1 }, { credentialData });
		expect(items('Node').map(({ json }) => json.custom_id)).toEqual(['first']);
		await ended;
		server.close();
	});

	test('a hint after an early end is about the results that were read', async () => {
		const batch = mixedBatch();
		const { hints } = await run(batch.id, { include: ['failed'], limit: 1 });
		expect(hints('Node')[0].message).toMatch(
			`1 of the first 5 requests of batch ${batch.id} did not succeed (1 failed).`,
		);
	});

	test('are refused together with Delete Files', async () => {
		const batch = mixedBatch();
		const { error } = await run(batch.id, { limit: 2, deleteFiles: true });
		expect(error?.message).toBe('Delete Files cannot be used together with Limit or Offset');
		expect(product.emulator.ledger.requests).toEqual([]);
	});
});

test.each([
	[{ limit: 0 }, 'Limit has to be a whole number of at least 1'],
	[{ limit: '={{ "many" }}' }, 'Limit has to be a whole number of at least 1'],
	[{ offset: -1 }, 'Offset has to be a whole number of at least 0'],
	[
		{ inputPricePerMillion: '={{ "cheap" }}' },
		'Input Price per Million Tokens has to be a number of at least 0',
	],
])('impossible options are refused before any request: %j', async (options, message) => {
	const { error } = await run('batch_1', options);
	expect(error?.message).toBe(message);
	expect(product.emulator.ledger.requests).toEqual([]);
});

describe('Delete Files', () => {
	test('deletes all three files after reading them', async () => {
		const batch = mixedBatch();
		expect(await results(batch.id, { deleteFiles: true })).toHaveLength(10);
		for (const id of [batch.input_file_id, batch.output_file_id, batch.error_file_id]) {
			expect(() => product.emulator.file(id!)).toThrow();
		}
	});

	test('deletes nothing before all items are there, since an error takes the results of all', async () => {
		const [done, open] = [mixedBatch(), addHistory(product, { status: 'in_progress' })];
		const getResults = async (more = {}) =>
			await product.run(
				'batch',
				'getResults',
				{ batchId: '={{ $json.id }}', options: { deleteFiles: true } } as never,
				[{ id: done.id }, { id: open.id }],
				more,
			);
		expect((await getResults()).error).toBeDefined();
		expect(() => product.emulator.file(done.output_file_id!)).not.toThrow();
		const { items } = await getResults({ onError: 'continueRegularOutput' });
		expect(items('Node')).toHaveLength(11);
		expect(() => product.emulator.file(done.output_file_id!)).toThrow();
	});

	test('does not lose the results when a file cannot be deleted', async () => {
		const batch = addHistory(product, { output: [answerLine('a')], request_counts: { total: 1 } });
		product.emulator.faults.next({
			method: 'DELETE',
			path: `/files/${batch.output_file_id}`,
			fault: { type: 'status', status: 403, body: { error: { message: 'Not allowed' } } },
		});
		const { items, hints } = await run(batch.id, { deleteFiles: true });
		expect(items('Node')).toHaveLength(1);
		expect(hints('Node').map(({ message }) => message)).toEqual([
			`File ${batch.output_file_id} could not be deleted: Not allowed`,
		]);
	});
});

test('Delete Files is refused together with Retry On Fail, since n8n runs the node again for an item with an error', async () => {
	const batch = mixedBatch();
	const { error } = await run(batch.id, { deleteFiles: true }, { retryOnFail: true, maxTries: 2 });
	expect(error?.message).toBe('Delete Files cannot be used together with Retry On Fail');
	expect(product.emulator.ledger.requests).toEqual([]);
});

describe('Delete Files together with Include Statuses', () => {
	test('is refused before any request when answers would be lost', async () => {
		const batch = mixedBatch();
		const { error } = await run(batch.id, { include: ['failed', 'expired'], deleteFiles: true });
		expect(error?.message).toBe('Delete Files needs Succeeded among the Include Statuses');
		expect(error?.description).toBe(
			'The answers that are left out are paid for, and would be lost. Add Succeeded to Include Statuses, or turn off Delete Files.',
		);
		expect(product.emulator.ledger.requests).toEqual([]);
	});

	test.each(['items', 'jsonl'])(
		'as %s, says how many requests without an answer are lost',
		async (returnAs) => {
			const batch = mixedBatch();
			const parameters = {
				batchId: batch.id,
				returnAs,
				options: { include: ['succeeded', 'failed'], deleteFiles: true },
			};
			const { hints, error } = await product.run('batch', 'getResults', parameters as never);
			expect(error).toBeUndefined();
			const messages = hints('Node').map(({ message }) => message);
			// What has no input file any more cannot be run again.
			expect(messages.join()).not.toContain('Retry Unfinished');
			expect(messages).toContainEqual(
				'Include Statuses left out 3 requests that did not succeed (2 expired, 1 missing). Because of Delete Files, they can no longer be retried.',
			);
			expect(() => product.emulator.file(batch.output_file_id!)).toThrow();
		},
	);

	test('says nothing where nothing is left out', async () => {
		const batch = addHistory(product, { output: [answerLine('a')], request_counts: { total: 1 } });
		const { hints } = await run(batch.id, { include: ['succeeded'], deleteFiles: true });
		expect(hints('Node')).toEqual([]);
	});
});

describe('On Error', () => {
	test('the error output receives requests that did not succeed, with all their fields', async () => {
		const batch = mixedBatch();
		const { items } = await run(batch.id, {}, { onError: 'continueErrorOutput' });
		expect(items('Node', 0).map(({ json }) => json.custom_id)).toEqual(['r0', 'r1', 'r2', 'r3']);
		const failed = items('Node', 1);
		expect(failed.map(({ json }) => json.custom_id)).toEqual(['r4', 'r5', 'r6', 'r7', 'r8', 'r9']);
		expect(failed[0].json).toMatchObject({
			batch_id: batch.id,
			status: 'failed',
			status_code: 400,
			error: { code: 'invalid_prompt', message: 'It ended with invalid_prompt.' },
		});
		expect(failed[0].pairedItem).toEqual({ item: 0 });
	});

	test('without the error output all results go to the regular output', async () => {
		const batch = mixedBatch();
		const { items } = await run(batch.id, {}, { onError: 'continueRegularOutput' });
		expect(items('Node')).toHaveLength(10);
	});

	test('when set to continue, a batch that cannot be read becomes one item among the others', async () => {
		const good = addHistory(product, { output: [answerLine('a')], request_counts: { total: 1 } });
		const { items, error } = await product.run(
			'batch',
			'getResults',
			{ batchId: '={{ $json.id }}' },
			[{ id: 'batch_none' }, { id: good.id }],
			{ onError: 'continueRegularOutput' },
		);
		expect(error).toBeUndefined();
		expect(items('Node').map(({ json, pairedItem }) => [json, pairedItem])).toEqual([
			[expect.objectContaining({ http_status: 404 }), { item: 0 }],
			[expect.objectContaining({ custom_id: 'a' }), { item: 1 }],
		]);
	});
});
