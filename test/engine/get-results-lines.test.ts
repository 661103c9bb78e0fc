import { addHistory, answerLine, failureLine, requestLine } from './batches';
import { productForTests } from './product';

const product = productForTests();

/** The results of a batch whose files have these contents. */
async function resultsOf(files: { output?: string; error?: string; input?: string[] }) {
	const batch = addHistory(product, { ...files, request_counts: null });
	return await product.json('batch', 'getResults', { batchId: batch.id });
}

const line = (fields: object) => `${JSON.stringify(fields)}\n`;

test('a byte order mark, CRLF, blank lines and no final line feed lose nothing', async () => {
	const output = `\uFEFF${answerLine('a')}\r\n\r\n\n${answerLine('b')}\r\n  \n${answerLine('c')}`;
	const items = await resultsOf({ output });
	expect(items.map(({ custom_id, content }) => [custom_id, content])).toEqual([
		['a', 'Answer to a'],
		['b', 'Answer to b'],
		['c', 'Answer to c'],
	]);
});

test('line separators of Unicode stay inside their line', async () => {
	const content = 'one\u2028two\u2029three\u0085four';
	const items = await resultsOf({ output: answerLine('a', content) });
	expect(items.map((item) => item.content)).toEqual([content]);
});

test('a character that is divided over two chunks of the transfer is put together', async () => {
	// Chunks are 64 KB, so these lines have characters of four bytes at every offset.
	const long = '😀'.repeat(30_000);
	const output = ['a', 'bb', 'ccc', 'dddd'].map((id) => answerLine(id, long)).join('\n');
	const items = await resultsOf({ output });
	expect(items.map((item) => item.content)).toEqual([long, long, long, long]);
});

test('fields that are null or absent are returned as null', async () => {
	const items = await resultsOf({
		error:
			line({ custom_id: 'a', response: null, error: null }) +
			line({
				custom_id: 'b',
				response: { status_code: 0, request_id: '', body: null },
				error: {},
			}) +
			line({ custom_id: 'c' }),
	});
	expect(
		items.map(({ custom_id, status, status_code, request_id, error }) => [
			custom_id,
			status,
			status_code,
			request_id,
			(error as { code: string | null }).code,
		]),
	).toEqual([
		['a', 'failed', null, null, 'missing_response'],
		['b', 'failed', 0, null, null],
		['c', 'failed', null, null, 'missing_response'],
	]);
});

test('an empty id of the error file means that the file does not exist', async () => {
	const batch = addHistory(product, {
		output: [answerLine('a')],
		error_file_id: '',
		request_counts: { total: 1, completed: 1, failed: 0 },
	});
	const items = await product.json('batch', 'getResults', { batchId: batch.id });
	expect(items).toHaveLength(1);
});

test('an error file of zero bytes has no results', async () => {
	const items = await resultsOf({ output: answerLine('a'), error: '' });
	expect(items.map(({ custom_id }) => custom_id)).toEqual(['a']);
});

test('a line without a custom_id and a line that is not JSON are results of their own', async () => {
	const broken = '{"id":"batch_req_9","custom_id":"c","response":{"status_co';
	const nameless = answerLine('x').replace('"custom_id":"x"', '"custom_id":""');
	const output = [answerLine('a'), nameless, 'not JSON', broken].join('\n');
	const items = await resultsOf({ output });
	expect(items.map(({ custom_id, status, content }) => [custom_id, status, content])).toEqual([
		['a', 'succeeded', 'Answer to a'],
		[null, 'succeeded', 'Answer to x'],
		[null, 'failed', null],
		['c', 'failed', null],
	]);
	expect(items[2].error).toMatchObject({ code: 'invalid_json_line' });
});

test('of several lines with one id each is a result, and a hint names the id', async () => {
	const batch = addHistory(product, {
		output: [answerLine('a', 'first'), answerLine('b', 'only')],
		error: [
			failureLine('c', 500, 'server_error'),
			failureLine('a', 500, 'server_error'),
			failureLine('c', 400, 'invalid_prompt'),
		],
		request_counts: null,
	});
	const { hints, items } = await product.run('batch', 'getResults', { batchId: batch.id });
	expect(
		items('Node').map(({ json: { custom_id, status, content, error } }) => [
			custom_id,
			status,
			content,
			(error as { code: string } | null)?.code,
		]),
	).toEqual([
		['a', 'succeeded', 'first', undefined],
		['b', 'succeeded', 'only', undefined],
		['c', 'failed', null, 'server_error'],
		['a', 'failed', null, 'server_error'],
		['c', 'failed', null, 'invalid_prompt'],
	]);
	expect(hints('Node')[0].message).toContain('more than one request');
	expect(hints('Node')[0].message).toContain(': a, c.');
	expect(hints('Node')[0].message).toContain('3 of the 5 requests');
});

test('an id that a server turned into a number is still found among the requests', async () => {
	const items = await resultsOf({
		input: [requestLine('17')],
		output: line({ custom_id: 17, response: { status_code: 200, body: { ok: 1 } }, error: null }),
	});
	expect(items.map(({ custom_id, status }) => [custom_id, status])).toEqual([['17', 'succeeded']]);
});

test('an id that is a number in the input file names its request', async () => {
	const items = await resultsOf({
		input: [requestLine('17'), requestLine('18')].map((text) => text.replace(/"(1\d)"/, '$1')),
		output: answerLine('17'),
	});
	expect(items.map(({ custom_id, status }) => [custom_id, status])).toEqual([
		['17', 'succeeded'],
		['18', 'missing'],
	]);
});

test('ids such as __proto__ are ids like any other', async () => {
	const items = await resultsOf({
		input: ['__proto__', 'constructor', ' '].map((id) => requestLine(id)),
		output: `${answerLine('__proto__')}\n${answerLine(' ')}`,
	});
	expect(items.map(({ custom_id, status }) => [custom_id, status])).toEqual([
		['__proto__', 'succeeded'],
		[' ', 'succeeded'],
		['constructor', 'missing'],
	]);
});
