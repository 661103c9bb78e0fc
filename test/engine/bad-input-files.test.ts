import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import { addHistory, answerLine, requestLine } from './batches';
import { productForTests } from './product';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const FOLDER = join(__dirname, '../unit/fuzz/corpus');
const corpus = readdirSync(FOLDER);
const contentOf = (name: string) => readFileSync(join(FOLDER, name));

/** Words of a program, not of a person. */
const GARBLED = /is not a function|cannot read prop|undefined|\[object |call stack|NaN/i;

const product = productForTests();

function fileItem(content: Buffer | string): INodeExecutionData {
	const data = Buffer.from(content).toString('base64');
	const file = { data, mimeType: 'application/jsonl', fileName: 'requests.jsonl' };
	return { json: {}, binary: { data: file } };
}

const validate = async (content: Buffer | string) =>
	(await product.json('requestFile', 'validate', {}, [fileItem(content)]))[0] as IDataObject & {
		errors: Array<{ code: string; message: string }>;
	};

const results = async (output: string) => {
	const batch = addHistory(product, { output });
	return await product.run('batch', 'getResults', { batchId: batch.id });
};

const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

/** A line of an output file with this body. */
const lineWith = (body: string) =>
	`{"custom_id":"a","response":{"status_code":200,"request_id":"r","body":${body}},"error":null}\n`;

describe('a file of requests', () => {
	it.each([
		['gzip.jsonl', /compressed with gzip/],
		['zip.jsonl', /ZIP archive or an Excel workbook/],
		['utf16le.jsonl', /encoded in UTF-16/],
		['utf16be.jsonl', /encoded in UTF-16/],
		['utf16-no-bom.jsonl', /encoded in UTF-16/],
	])('%s is refused with what it is', async (name, message) => {
		const report = await validate(contentOf(name));
		expect(report.valid).toBe(false);
		expect(report.errors[0].message).toMatch(message);
		const cost = await product.run('requestFile', 'estimateCost', {}, [fileItem(contentOf(name))]);
		expect(cost.error?.name).toBe('NodeOperationError');
		expect(cost.error?.message).not.toMatch(GARBLED);
	});

	it.each(['empty.jsonl', 'white-space.jsonl'])('%s has no requests', async (name) => {
		const report = await validate(contentOf(name));
		expect(report).toMatchObject({ valid: false, requests: 0 });
		expect(report.errors[0].message).toMatch(/no requests/);
		const [cost] = await product.json('requestFile', 'estimateCost', {}, [
			fileItem(contentOf(name)),
		]);
		expect(cost).toMatchObject({ requests: 0, estimated_tokens: 0 });
	});

	it.each([
		['gzip.jsonl', /gzip/],
		['zip.jsonl', /ZIP/],
		['utf16le.jsonl', /UTF-16/],
		['html.jsonl', /HTML/],
		['array.jsonl', /list/],
	])('%s that is uploaded unchecked is refused before it is sent', async (name, what) => {
		const { error } = await product.run('file', 'upload', {}, [fileItem(contentOf(name))]);
		expect(error?.message).toBe('The file is not a request file');
		expect(error?.description).toMatch(what);
		expect(product.emulator.ledger.requests).toEqual([]);
	});

	it.each(['white-space.jsonl', 'empty.jsonl'])(
		'%s that is uploaded unchecked is refused in the words of the API',
		async (name) => {
			const { error } = await product.run('file', 'upload', {}, [fileItem(contentOf(name))]);
			expect(error?.name).toBe('NodeApiError');
			expect(error?.message).toBe('Invalid file format for Batch API. Must be .jsonl');
			expect(product.emulator.ledger.uploads).toEqual([]);
		},
	);

	it('with 100,000 errors gets a report with their number and the first hundred', async () => {
		const report = await validate('{"custom_id":1}\n'.repeat(100_000));
		expect(report.requests).toBe(100_000);
		expect(report.error_count).toBeGreaterThanOrEqual(100_000);
		expect(report.errors).toHaveLength(100);
	});

	it('may have lines of 10 MB', async () => {
		const report = await validate(`${requestLine('a', { input: 'x'.repeat(10_000_000) })}\n`);
		expect(report).toMatchObject({ requests: 1, models: ['gpt-6-luna'] });
		expect(report.bytes).toBeGreaterThan(10_000_000);
	});

	it('may be nested 100,000 deep', async () => {
		const body = `{"model":"m","input":${deep(100_000)}}`;
		const line = `{"custom_id":"a","method":"POST","url":"/v1/embeddings","body":${body}}\n`;
		expect(await validate(line)).toMatchObject({ requests: 1, models: ['m'] });
	});
});

describe('an output file', () => {
	it.each(corpus)('%s becomes a result for each line', async (name) => {
		const output = contentOf(name);
		const fileId = product.emulator.addFile(output).id;
		const { id } = product.emulator.addBatch({ output_file_id: fileId, input_file_id: 'file-x' });
		const { error, items } = await product.run('batch', 'getResults', { batchId: id });
		expect(error).toBeUndefined();
		for (const { json } of items('Node')) {
			expect(json).toMatchObject({ batch_id: id, status: expect.any(String) });
			expect(json.error === null).toBe(json.status === 'succeeded');
		}
		expect(({} as { polluted?: number }).polluted).toBeUndefined();
	});

	it.each([
		['the last of two keys of a name', '{"custom_id":"a","custom_id":"b"}', 'b'],
		['an id of digits', '{"custom_id":7}', '7'],
		['a zero byte in the id', '{"custom_id":"a\\u0000b"}', 'a\u0000b'],
		['half a character in the id', '{"custom_id":"\\ud800"}', '\ud800'],
		['an id that names a prototype', '{"custom_id":"__proto__"}', '__proto__'],
		['bytes that are no UTF-8', Buffer.from('{"custom_id":"a\xff"}', 'latin1'), 'a\ufffd'],
	])('is read with %s', async (_what, output, id) => {
		const fileId = product.emulator.addFile(output).id;
		const batch = product.emulator.addBatch({ output_file_id: fileId, input_file_id: 'file-x' });
		const { items } = await product.run('batch', 'getResults', { batchId: batch.id });
		expect(items('Node').map(({ json }) => json)).toEqual([
			expect.objectContaining({ custom_id: id, status: 'failed' }),
		]);
	});

	it('may have numbers that JavaScript rounds', async () => {
		const output = answerLine('a', '{"n":1e999,"i":123456789012345678901}');
		const [{ content }] = await product.json('batch', 'getResults', {
			batchId: addHistory(product, { output }).id,
			options: { parseJson: true },
		});
		expect(content).toEqual({ n: Infinity, i: 123456789012345680000 });
	});

	it('may have lines of 10 MB', async () => {
		const { items } = await results(`${answerLine('a', 'é'.repeat(5_000_000))}\n`);
		expect(items('Node')).toHaveLength(1);
		expect(items('Node')[0].json.content).toBe('é'.repeat(5_000_000));
	});

	it('may be nested deep', async () => {
		const { error, items } = await results(lineWith(deep(100_000)));
		expect(error).toBeUndefined();
		expect(items('Node')).toHaveLength(1);
	});
});

describe('a batch with 100,000 validation errors', () => {
	const data = Array.from({ length: 100_000 }, (_, index) => ({
		code: 'invalid_url',
		line: index + 1,
		message: `The URL of line ${index + 1} is wrong.`,
		param: 'url',
	}));

	it.each(['getResults', 'retry'])('is reported in short by %s', async (operation) => {
		const { id } = addHistory(product, { status: 'failed', errors: { object: 'list', data } });
		const { error } = await product.run('batch', operation, { batchId: id });
		const { message, description } = error as Error & { description: string };
		expect(message).toContain(`Batch ${id} failed: Line 1: The URL of line 1 is wrong.`);
		expect(description).toContain('… and 99980 more');
		expect(description.length).toBeLessThan(3_000);
	});
});

describe('Submit', () => {
	const submit = async (body: unknown) =>
		await product.run('batch', 'submit', { requestSource: 'json', body: '={{ $json.body }}' }, [
			{ body } as IDataObject,
		]);

	it('takes a prompt of 10 MB as it is', async () => {
		const input = 'é'.repeat(5_000_000);
		const messages = [{ role: 'user', content: input }];
		const { error, items } = await submit({ model: 'm', input, messages });
		expect(error).toBeUndefined();
		const file = product.emulator.file(items('Node')[0].json.input_file_id as string);
		expect((JSON.parse(file.text()) as { body: { input: string } }).body.input).toBe(input);
	});

	it('takes half of a surrogate pair, zero bytes and line separators as they are', async () => {
		const prompt = 'a \ud800 b \u0000 c \u2028 d';
		const { items } = await product.run('batch', 'submit', { prompt: '={{ $json.prompt }}' }, [
			{ prompt },
		]);
		const file = product.emulator.file(items('Node')[0].json.input_file_id as string);
		const lines = file.text().split('\n');
		expect(lines).toHaveLength(2);
		const { body } = JSON.parse(lines[0]) as { body: { messages: Array<{ content: string }> } };
		expect(body.messages[0].content).toBe(prompt);
	});

	it.each(['json', 'lines'])('names the item that is nested too deep, as %s', async (source) => {
		const body = { model: 'm', messages: JSON.parse(deep(100_000)) as unknown };
		const line = { custom_id: 'a', method: 'POST', url: '/v1/chat/completions', body };
		const parameters = { requestSource: source, body: '={{ $json.body }}' };
		const { error } = await product.run('batch', 'submit', parameters, [line as never]);
		expect(error?.name).toBe('NodeOperationError');
		expect(error?.message).toMatch(/^Item 0 cannot be submitted: /);
		expect(product.emulator.ledger.requests).toEqual([]);
	});
});
