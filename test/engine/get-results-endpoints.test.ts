import type { IDataObject } from 'n8n-workflow';
import { addHistory } from './batches';
import { productForTests } from './product';

const product = productForTests();

/** Submits one body for an endpoint, and runs Get Results when the batch is done. */
async function runBody(endpoint: string, body: object, options = {}) {
	const [batch] = await product.json(
		'batch',
		'submit',
		{ endpoint, requestSource: 'json', body: '={{ $json.body }}', customId: 'one' },
		[{ body } as IDataObject],
	);
	await product.finish(batch.id as string);
	const result = await product.run('batch', 'getResults', { batchId: batch.id as string, options });
	if (result.error) throw result.error;
	return result;
}

async function resultOf(endpoint: string, body: object, options = {}) {
	const { items } = await runBody(endpoint, body, options);
	expect(items('Node')).toHaveLength(1);
	return items('Node')[0].json;
}

const messages = [{ role: 'user', content: 'Say A' }];

test('chat completions: the text of the answer', async () => {
	expect(await resultOf('/v1/chat/completions', { model: 'gpt-6-luna', messages })).toMatchObject({
		status: 'succeeded',
		content: expect.stringMatching(/^Emulated answer \w+ to: Say A$/),
		finish_reason: 'stop',
		model: 'gpt-6-luna',
		usage: { prompt_tokens: expect.any(Number), completion_tokens: expect.any(Number) },
	});
});

test('chat completions with several choices: all texts', async () => {
	const { content } = await resultOf('/v1/chat/completions', {
		model: 'gpt-6-luna',
		messages,
		n: 2,
	});
	expect(content).toEqual([
		expect.stringMatching(/to: Say A$/),
		expect.stringMatching(/to: Say A$/),
	]);
});

test('responses: the text of the output', async () => {
	expect(await resultOf('/v1/responses', { model: 'gpt-6-luna', input: 'Say B' })).toMatchObject({
		status: 'succeeded',
		content: expect.stringMatching(/^Emulated answer \w+ to: Say B$/),
		finish_reason: 'completed',
		error: null,
	});
});

test('responses that were cut off: the text so far, and the reason', async () => {
	const input = 'Say B, and say it in many words, as long as there are any. '.repeat(3);
	const body = { model: 'gpt-6-luna', input, max_output_tokens: 16 };
	const result = await resultOf('/v1/responses', body);
	expect(result.content).toHaveLength(4 * 16);
	expect(result).toMatchObject({
		status: 'succeeded',
		content: expect.stringMatching(/^Emulated answer \w+ to: Say B/),
		finish_reason: 'max_output_tokens',
	});
});

test('completions: the text', async () => {
	expect(
		await resultOf('/v1/completions', { model: 'gpt-3.5-turbo-instruct', prompt: 'Say C' }),
	).toMatchObject({
		content: expect.stringMatching(/to: Say C$/),
		finish_reason: 'stop',
	});
});

test('embeddings: the vector of one input, and a list of vectors for several inputs', async () => {
	const model = 'text-embedding-3-small';
	const one = await resultOf('/v1/embeddings', { model, input: 'A', dimensions: 3 });
	expect(one.content).toEqual([expect.any(Number), expect.any(Number), expect.any(Number)]);
	const two = await resultOf('/v1/embeddings', { model, input: ['A', 'B'], dimensions: 3 });
	expect(two.content).toEqual([one.content, expect.any(Array)]);
	expect(two.usage).toMatchObject({ prompt_tokens: expect.any(Number) });
});

test('embeddings in base64: the vector as numbers', async () => {
	const body = { model: 'text-embedding-3-small', input: 'A', dimensions: 2 };
	const plain = await resultOf('/v1/embeddings', body);
	const encoded = await resultOf('/v1/embeddings', { ...body, encoding_format: 'base64' });
	const rounded = (plain.content as number[]).map(Math.fround);
	expect(encoded.content).toEqual(rounded);
});

test('moderations: the result', async () => {
	expect(await resultOf('/v1/moderations', { input: 'A' })).toMatchObject({
		status: 'succeeded',
		content: { flagged: expect.any(Boolean), categories: expect.any(Object) },
	});
});

describe('images', () => {
	const endpoint = '/v1/images/generations';
	const body = { model: 'gpt-image-1', prompt: 'A cat', n: 2 };
	const PNG_BYTES = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

	test('are returned as base64 in content', async () => {
		const { content } = await resultOf(endpoint, body);
		expect(content).toEqual([{ b64_json: expect.any(String) }, { b64_json: expect.any(String) }]);
	});

	test('are returned as files with Media as Binary, and not in content', async () => {
		const { items, binary } = await runBody(endpoint, body, {
			mediaAsBinary: true,
			simplify: false,
		});
		const [item] = items('Node');
		expect(item.json.content).toEqual([{}, {}]);
		expect(JSON.stringify(item.json)).not.toContain('b64_json');
		expect(item.json.usage).toMatchObject({ output_tokens: 2112 });
		expect(Object.keys(item.binary!)).toEqual(['image', 'image_2']);
		expect(item.binary!.image).toMatchObject({ mimeType: 'image/png', fileName: 'one.png' });
		expect(item.binary!.image_2).toMatchObject({ fileName: 'one_2.png', fileExtension: 'png' });
		expect((await binary(item, 'image')).subarray(0, 4)).toEqual(PNG_BYTES);
		expect((await binary(item, 'image_2')).subarray(0, 4)).toEqual(PNG_BYTES);
	});

	test('get their type from their bytes, and a safe file name from any id', async () => {
		const b64_json = Buffer.from('RIFF....WEBPVP8 ').toString('base64');
		const line = (custom_id: string, data: object[]) =>
			JSON.stringify({ custom_id, response: { status_code: 200, body: { data } }, error: null });
		const batch = addHistory(product, {
			endpoint,
			output: [line('../cat 1', [{ b64_json }]), line('b', [{ url: 'https://example.com/c' }])],
			request_counts: { total: 2 },
		});
		const { items } = await product.run('batch', 'getResults', {
			batchId: batch.id,
			options: { mediaAsBinary: true },
		});
		const [webp, byUrl] = items('Node');
		expect(webp.binary!.image).toMatchObject({
			fileName: '.._cat_1.webp',
			mimeType: 'image/webp',
		});
		expect(byUrl.binary).toBeUndefined();
		expect(byUrl.json.content).toEqual({ url: 'https://example.com/c' });
	});
});

test('image edits are read as images', async () => {
	const images = [{ image_url: 'https://example.com/cat.png' }];
	const body = { model: 'gpt-image-1', prompt: 'Add a hat', images };
	expect((await resultOf('/v1/images/edits', body)).content).toEqual({
		b64_json: expect.any(String),
	});
});

test('an endpoint without /v1 is read in the same way', async () => {
	const body = { choices: [{ index: 0, message: { content: 'Hi' }, finish_reason: 'stop' }] };
	const batch = addHistory(product, {
		endpoint: '/chat/completions',
		status: 'COMPLETED',
		output: [JSON.stringify({ custom_id: 'a', response: { status_code: 200, body } })],
		request_counts: null,
	});
	const [item] = await product.json('batch', 'getResults', { batchId: batch.id });
	expect(item).toMatchObject({ status: 'succeeded', content: 'Hi' });
});
