import OpenAI from 'openai';

import type { Emulator, EmulatorOptions } from '.';
import { requestLine, startWithClient, submit } from './client';

let emulator: Emulator;
let client: OpenAI;

const start = async (options: EmulatorOptions = {}) => {
	({ emulator, client } = await startWithClient(options));
};

afterEach(() => emulator.close());

/** Validates the lines; returns the errors of the failed batch. */
async function errorsOf(lines: string[], endpoint = '/v1/chat/completions') {
	const { id } = await submit(client, lines, {
		endpoint: endpoint as OpenAI.BatchCreateParams['endpoint'],
	});
	await emulator.step(id, 'in_progress').catch(() => {});
	const batch = await client.batches.retrieve(id);
	expect(batch).toMatchObject({
		status: 'failed',
		model: null,
		output_file_id: null,
		error_file_id: null,
		request_counts: { total: 0, completed: 0, failed: 0 },
	});
	expect(batch.failed_at).toEqual(expect.any(Number));
	return batch.errors!.data!;
}

const good = requestLine('good');
const without = (key: string) => {
	const { [key]: _left, ...rest } = JSON.parse(requestLine('x'));
	return JSON.stringify(rest);
};

describe('validation', () => {
	it('reports all bad lines together, counted from 1', async () => {
		await start();
		const errors = await errorsOf([
			good,
			'{"custom_id":',
			requestLine('other', {}, '/v1/embeddings'),
			'',
			good,
		]);
		expect(errors).toEqual([
			{
				code: 'invalid_json_line',
				line: 2,
				param: null,
				message: 'This line is not parseable as valid JSON.',
			},
			{
				code: 'invalid_url',
				line: 3,
				param: 'url',
				message: 'The URL provided for this request does not match the batch endpoint.',
			},
			expect.objectContaining({ code: 'invalid_json_line', line: 4 }),
			{
				code: 'duplicate_custom_id',
				line: 5,
				param: 'custom_id',
				message:
					"The custom_id 'good' for this request is a duplicate of another request. The custom_id parameter must be unique for each request in a batch.",
			},
		]);
	});

	it.each(['custom_id', 'method', 'url', 'body'])('misses %s', async (param) => {
		await start();
		expect(await errorsOf([good, without(param)])).toEqual([
			{
				code: 'missing_required_parameter',
				line: 2,
				param,
				message: `Missing required parameter: '${param}'.`,
			},
		]);
	});

	it.each([
		['/v1/chat/completions', { messages: undefined }, 'messages'],
		['/v1/responses', {}, 'input'],
		['/v1/embeddings', {}, 'input'],
		['/v1/completions', {}, 'prompt'],
		['/v1/moderations', {}, 'input'],
		['/v1/images/generations', {}, 'prompt'],
		['/v1/images/edits', { prompt: 'a' }, 'images'],
	])('misses what %s needs', async (url, body, name) => {
		await start();
		const lines = [good.replaceAll('/v1/chat/completions', url), requestLine('x', body, url)];
		expect((await errorsOf(lines, url)).at(-1)).toEqual({
			code: 'missing_required_parameter',
			line: 2,
			param: `body.${name}`,
			message: `Missing required parameter: '${name}'.`,
		});
	});

	it.each([
		[
			{ stream: true },
			'streaming_unsupported',
			'body.stream',
			/^Chat Completions: Streaming is not/,
		],
		[{ model: undefined }, 'invalid_request', 'body.model', /^Model parameter is required\.$/],
		[
			{ model: 'nonexistent-model-xyz' },
			'model_not_found',
			'body.model',
			/^The provided model 'nonexistent-model-xyz' is not supported by the Batch API\.$/,
		],
		[
			{ model: 'gpt-5-mini' },
			'mismatched_model',
			'body.model',
			/^The model 'gpt-5-mini' for this request does not match the rest of the batch\. Each/,
		],
	])('refuses the body %j', async (body, code, param, message) => {
		await start();
		expect(await errorsOf([good, requestLine('x', body)])).toEqual([
			{ code, line: 2, param, message: expect.stringMatching(message) },
		]);
	});

	it('refuses another method than POST', async () => {
		await start();
		const [error] = await errorsOf([good.replace('POST', 'GET')]);
		expect(error).toMatchObject({ line: 1, param: 'method' });
	});

	it('takes CRLF, a byte order mark and blank lines at the end', async () => {
		await start();
		const { id } = await submit(client, [`\uFEFF${requestLine('a')}\r`, `${good}\r`, '\r', '']);
		await emulator.step(id, 'in_progress');
		expect(emulator.batch(id).request_counts?.total).toBe(2);
	});

	it('has limits of requests, bytes and embedding inputs', async () => {
		await start({ limits: { batchRequests: 2, batchBytes: 1000, embeddingInputs: 3 } });
		const many = ['a', 'b', 'c', 'd'].map((id) => requestLine(id));
		expect((await errorsOf(many)).map(({ message }) => message)).toEqual([
			expect.stringContaining('2 maximum requests'),
		]);
		const large = requestLine('a', { user: 'x'.repeat(1000) });
		expect(await errorsOf([large])).toEqual([
			expect.objectContaining({
				line: null,
				message:
					'The batch input file is larger than the 1000 maximum for the gpt-6-luna model. Please try again with a smaller batch.',
			}),
		]);
		const url = '/v1/embeddings';
		const inputs = requestLine('a', { input: ['1', '2', '3', '4'] }, url);
		expect((await errorsOf([inputs], url))[0].message).toContain('3 maximum embedding inputs');
	});

	it('has a limit of enqueued tokens for all unfinished batches of a model', async () => {
		await start({ limits: { enqueuedTokens: 60 } });
		const first = await submit(client, [good]);
		await emulator.step(first.id, 'in_progress');
		expect(await errorsOf([requestLine('second')])).toEqual([
			{
				code: 'token_limit_exceeded',
				line: null,
				param: null,
				message:
					'Enqueued token limit reached for gpt-6-luna in organization org-emulator. Limit: 60 enqueued tokens. Please try again once some in_progress batches have been completed.',
			},
		]);
		await emulator.step(first.id, 'completed');
		const third = await submit(client, [requestLine('third')]);
		await emulator.step(third.id, 'in_progress');
	});

	it('refuses a file that was uploaded for something else', async () => {
		await start();
		const file = emulator.addFile(good, { purpose: 'user_data' });
		const { id } = await client.batches.create({
			input_file_id: file.id,
			endpoint: '/v1/chat/completions',
			completion_window: '24h',
		});
		await expect(emulator.step(id, 'in_progress')).rejects.toThrow(/user_data/);
	});
});
