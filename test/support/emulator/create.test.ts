import OpenAI from 'openai';

import type { Emulator } from '.';
import { requestLine, startWithClient, submit } from './client';

let emulator: Emulator;
let client: OpenAI;

beforeEach(async () => {
	({ emulator, client } = await startWithClient());
});

afterEach(() => emulator.close());

const VALID = {
	input_file_id: 'file-1234567890123456789012',
	endpoint: '/v1/chat/completions',
	completion_window: '24h',
};

const pairs = (count: number) =>
	Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, 'value']));

describe('creating a batch', () => {
	it.each([
		[
			{ endpoint: '/v1/invalid/endpoint' },
			'endpoint',
			'invalid_value',
			"Invalid value: '/v1/invalid/endpoint'. Supported values are: '/v1/responses', ",
		],
		[{ completion_window: '48h' }, 'completion_window', 'invalid_value', "Invalid value: '48h'."],
		[
			{ input_file_id: undefined },
			'input_file_id',
			'missing_required_parameter',
			"Missing required parameter: 'input_file_id'.",
		],
		[
			{ metadata: { tags: ['a'] } },
			'metadata.tags',
			'invalid_type',
			"Invalid type for 'metadata.tags': expected a string, but got an array instead.",
		],
		[
			{ metadata: { count: 3 } },
			'metadata.count',
			'invalid_type',
			"Invalid type for 'metadata.count': expected a string, but got an integer instead.",
		],
		[
			{ metadata: pairs(17) },
			'metadata',
			'object_above_max_properties',
			"Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object with 17 properties instead.",
		],
		[
			{ metadata: { ['k'.repeat(65)]: 'v' } },
			'metadata',
			'string_above_max_length',
			'maximum length 64',
		],
		[
			{ metadata: { note: 'v'.repeat(513) } },
			'metadata.note',
			'string_above_max_length',
			'maximum length 512, but got a string with length 513',
		],
		[
			{ output_expires_after: { anchor: 'created_at', seconds: 60 } },
			'output_expires_after.seconds',
			'integer_below_min_value',
			'>= 3600',
		],
		[
			{ output_expires_after: { anchor: 'created_at', seconds: 2_592_001 } },
			'output_expires_after.seconds',
			'integer_above_max_value',
			'<= 2592000',
		],
		[{ output_expire_after: {} }, 'output_expire_after', 'unknown_parameter', 'Unknown parameter'],
	])('refuses %j', async (change, param, code, message) => {
		const body = { ...VALID, ...change } as unknown as OpenAI.BatchCreateParams;
		const error = await client.batches.create(body).catch((thrown) => thrown);
		expect(error).toBeInstanceOf(OpenAI.BadRequestError);
		expect(error.error).toEqual({
			message: expect.stringContaining(message),
			type: 'invalid_request_error',
			param,
			code,
		});
		expect(emulator.ledger.batches).toEqual([]);
	});

	it('takes 16 pairs of the greatest lengths', async () => {
		const metadata = { ...pairs(15), ['k'.repeat(64)]: 'v'.repeat(512) };
		expect((await submit(client, [requestLine('a')], { metadata })).metadata).toEqual(metadata);
	});

	it('refuses a body that is not JSON', async () => {
		const answer = await fetch(`${emulator.url}/batches`, {
			method: 'POST',
			body: '{"input_file_id":',
			headers: { authorization: 'Bearer sk-emulator', 'content-type': 'application/json' },
		});
		expect(answer.status).toBe(400);
		expect((await answer.json()).error.message).toMatch(/could not parse the JSON body/);
	});

	it('does not look for the input file before the batch exists', async () => {
		const { id, status } = await client.batches.create(VALID as OpenAI.BatchCreateParams);
		expect(status).toBe('validating');
		await emulator.step(id, 'in_progress').catch(() => {});
		expect(await client.batches.retrieve(id)).toMatchObject({
			status: 'failed',
			request_counts: { total: 0, completed: 0, failed: 0 },
			errors: {
				object: 'list',
				data: [
					{
						code: 'invalid_request',
						line: null,
						param: 'file_id',
						message: `Cannot find file ${VALID.input_file_id}, or organization org-emulator does not have access to it.`,
					},
				],
			},
		});
	});

	it('lets the result files expire as asked', async () => {
		const batch = await submit(client, [requestLine('a')], {
			output_expires_after: { anchor: 'created_at', seconds: 3600 },
		});
		await emulator.step(batch.id, 'completed');
		const { object } = emulator.file(emulator.batch(batch.id).output_file_id!);
		expect(object.expires_at).toBe(object.created_at! + 3600);
		expect(object).toMatchObject({
			purpose: 'batch_output',
			filename: `${batch.id}_output.jsonl`,
		});
	});
});

describe('the key', () => {
	it('is needed, and shown masked when it is wrong', async () => {
		const wrong = new OpenAI({ baseURL: emulator.url, apiKey: 'sk-proj-0123456789abcdef' });
		const error = await wrong.batches.list().catch((thrown) => thrown);
		expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
		expect(error).toMatchObject({ code: 'invalid_api_key', requestID: expect.any(String) });
		expect(error.message).toMatch(/Incorrect API key provided: sk-proj-\*+cdef\. You can find/);
		expect((await fetch(`${emulator.url}/batches`)).status).toBe(401);
	});

	it('is also taken from the header that Azure uses', async () => {
		const headers = { 'api-key': emulator.apiKey };
		const answer = await fetch(`${emulator.url}/models`, { headers });
		expect(answer.status).toBe(200);
		expect(answer.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{32}$/);
		expect(answer.headers.get('openai-processing-ms')).toMatch(/^\d+$/);
	});
});
