import type { IDataObject } from 'n8n-workflow';
import { addHistory, answerLine, failureLine, requestLine } from './batches';
import { productForEachTest } from './product';

/** Retry Unfinished with Custom IDs: exactly these, whatever became of them. */
const product = productForEachTest();

const IDS = ['ok', 'busy', 'wrong', 'lost', 'a, b'];

const addBatch = (more = {}) =>
	addHistory(product, {
		input: IDS.map((id) => requestLine(id)),
		output: [answerLine('ok'), answerLine('a, b')],
		error: [failureLine('busy', 503, 'busy'), failureLine('wrong', 400, 'invalid_prompt')],
		request_counts: { total: 5, completed: 2, failed: 2 },
		...more,
	});

const run = async (batchId: string, customIds: unknown, options: IDataObject = {}, input = [{}]) =>
	await product.run(
		'batch',
		'retry',
		{ batchId, options: { customIds, ...options } as never },
		input as IDataObject[],
	);

const uploads = () =>
	product.emulator.ledger.uploads.map(({ id }) => product.emulator.file(id).text());

const linesOf = (ids: string[]) => ids.map((id) => `${requestLine(id)}\n`).join('');

test.each<[string, unknown, string[]]>([
	['text with commas', 'ok, wrong', ['ok', 'wrong']],
	['text with line breaks', 'wrong\r\nok\n', ['ok', 'wrong']],
	['one id', 'lost', ['lost']],
	['one id twice', 'lost,lost', ['lost']],
	['JSON of a list, with an id that has a comma', '["a, b", "busy"]', ['busy', 'a, b']],
	['an expression that returns a list', '={{ $json.ids }}', ['ok', 'a, b']],
	['an expression that returns text', '={{ $json.ids[0] }}', ['ok']],
])('%s', async (_, customIds, ids) => {
	const batch = addBatch();
	const { error, items, hints } = await run(batch.id, customIds, {}, [{ ids: ['ok', 'a, b'] }]);
	expect(error).toBeUndefined();
	expect(uploads()).toEqual([linesOf(ids)]);
	const { json } = items('Node')[0];
	expect(json).toMatchObject({ retry_of: batch.id, requests: ids.length, adopted: false });
	expect(Object.keys(json).filter((key) => /^(not_)?retried/.test(key))).toEqual([]);
	expect(hints('Node')).toEqual([]);
});

test('numbers in a list are ids too', async () => {
	const batch = addHistory(product, { input: ['7', '8'].map((id) => requestLine(id)) });
	await run(batch.id, '={{ [8] }}');
	expect(uploads()).toEqual([linesOf(['8'])]);
});

test('ids that are not in the batch are named: in a hint beside others, else in the error', async () => {
	const batch = addBatch();
	const some = await run(batch.id, 'gone, ok, lots');
	expect(uploads()).toEqual([linesOf(['ok'])]);
	expect(some.hints('Node').map(({ message }) => message)).toEqual([
		`Batch ${batch.id} has no requests with the custom_id gone, lots.`,
	]);
	const none = await run(batch.id, 'gone');
	expect(none.error?.message).toBe(
		`Batch ${batch.id} has none of the requests in Custom IDs: gone`,
	);
	expect(uploads()).toHaveLength(1);
});

test.each<[string, unknown, RegExp]>([
	['an empty text', '', /^Custom IDs is empty$/],
	['an empty list', '={{ [] }}', /^Custom IDs is empty$/],
	['nothing', '={{ $json.nothing }}', /^Custom IDs is empty$/],
	['commas alone', ' , ,', /^Custom IDs is empty$/],
	['a list of objects', '={{ [{ id: 1 }] }}', /^Custom IDs has an object in its list$/],
	['an object', '={{ { id: 1 } }}', /^Custom IDs has an object in its list$/],
])('%s never stands for all requests', async (_, customIds, message) => {
	const { error } = await run(addBatch().id, customIds);
	expect(error?.message).toMatch(message);
	expect(product.emulator.ledger.calls('POST', /./)).toEqual([]);
});

test('Include does not matter, and no result file is needed', async () => {
	const batch = addBatch({ output_file_id: 'file-gone', error_file_id: 'file-gone-too' });
	await run(batch.id, 'ok', { include: ['expired'] });
	expect(uploads()).toEqual([linesOf(['ok'])]);
});

test('they are asked again although an earlier retry answered them, or runs them', async () => {
	const batch = addBatch();
	const first = await run(batch.id, 'ok');
	const second = await run(batch.id, 'ok');
	await product.finish(String(second.items('Node')[0].json.id));
	const third = await run(batch.id, 'ok');
	const ids = [first, second, third].map(({ items }) => items('Node')[0].json.id);
	expect(new Set(ids).size).toBe(3);
	expect(uploads()).toEqual([linesOf(['ok']), linesOf(['ok']), linesOf(['ok'])]);
});

test('the same ids twice in one execution, or under one key, are one retry', async () => {
	const batch = addBatch();
	const twice = await run(batch.id, 'ok, busy', {}, [{}, {}]);
	expect(twice.items('Node').map(({ json }) => [json.adopted, json.requests])).toEqual([
		[false, 2],
		[true, 2],
	]);
	const options = { submissionKey: 'once' };
	const first = await run(batch.id, 'lost', options);
	const [{ json }] = first.items('Node');
	const again = await run(batch.id, '["lost"]', options);
	expect(again.items('Node')[0].json).toMatchObject({ id: json.id, adopted: true });
	const others = await run(batch.id, 'wrong', options);
	expect(others.items('Node')[0].json.adopted).toBe(false);
	expect(product.emulator.ledger.batches).toHaveLength(3);
});

test('a batch that failed as a whole can run without what was wrong', async () => {
	const errors = { object: 'list', data: [{ code: 'invalid_url', line: 3, message: 'Wrong.' }] };
	const batch = addBatch({ status: 'failed', errors, output_file_id: null, error_file_id: null });
	const { error } = await run(batch.id, 'ok, lost');
	expect(error).toBeUndefined();
	expect(uploads()).toEqual([linesOf(['ok', 'lost'])]);
});

test('Get Results gives the newest success of each, and no failure in place of one', async () => {
	const batch = addBatch();
	product.emulator.control.requests({
		match: ({ custom_id: id }) => id === 'ok',
		outcome: { type: 'fail', status: 500, code: 'server_error' } as never,
	});
	const { items } = await run(batch.id, '["ok", "a, b"]');
	const id = String(items('Node')[0].json.id);
	await product.finish(id);
	const results = await product.json('batch', 'getResults', {
		batchId: batch.id,
		options: { followRetries: true, include: ['succeeded'] },
	});
	expect(results.map((json) => [json.custom_id, json.batch_id, json.attempts])).toEqual([
		['ok', batch.id, 2],
		['a, b', id, 2],
	]);
});
