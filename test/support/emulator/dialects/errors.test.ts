import type { DialectName } from '..';
import { ERROR_FORMS } from '../faults/errorForms';
import { lineFor, speaking, type Talk } from './speaking';

let talk: Talk;

afterEach(() => talk.emulator.close());

const WRONG_KEY = { authorization: 'Bearer wrong' };
const NO_KEY = { authorization: '' };

/** Errors as the servers were seen to send them: a key, and a path or an object that is none. */
describe('errors', () => {
	it.each<[DialectName, string, [string, string, object?], number, unknown]>([
		[
			'azure',
			'a wrong key',
			['GET', '/batches', WRONG_KEY],
			401,
			{
				error: {
					code: '401',
					message: 'Access denied due to invalid subscription key or wrong API endpoint.',
				},
			},
		],
		[
			'azure',
			'an unknown route',
			['GET', '/nowhere'],
			404,
			{ error: { code: '404', message: 'Resource not found' } },
		],
		[
			'groq',
			'a wrong key',
			['GET', '/batches', WRONG_KEY],
			401,
			{
				error: {
					message: 'Invalid API Key',
					type: 'invalid_request_error',
					code: 'invalid_api_key',
				},
			},
		],
		[
			'groq',
			'an unknown route',
			['POST', '/nowhere'],
			404,
			{
				error: {
					message:
						'Unknown request URL: POST /openai/v1/nowhere. Please check the URL for typos...',
				},
			},
		],
		[
			'litellm',
			'no key',
			['GET', '/batches', NO_KEY],
			401,
			{
				error: {
					message: 'Authentication Error, No api key passed in.',
					type: 'auth_error',
					param: 'None',
					code: '401',
				},
			},
		],
		[
			'litellm',
			"the provider's error",
			['GET', '/files/none'],
			404,
			{
				error: {
					message:
						"Error code: 404 - {'error': {'message': 'No such File object: none', 'type': 'invalid_request_error', 'param': 'id', 'code': None}}",
					type: 'invalid_request_error',
					param: 'id',
					code: '404',
				},
			},
		],
		[
			'novita',
			'a wrong key',
			['GET', '/batches', WRONG_KEY],
			403,
			{ code: 403, reason: 'INVALID_API_KEY', message: 'invalid api-key' },
		],
		['siliconflow', 'a wrong key', ['GET', '/batches', WRONG_KEY], 401, 'Invalid token'],
		['siliconflow', 'an unknown route', ['GET', '/nowhere'], 404, '404 page not found'],
		[
			'zhipu',
			'a wrong key',
			['GET', '/batches', WRONG_KEY],
			401,
			{ error: { code: '1000', message: 'Authentication Failed' } },
		],
		['vllm', 'an unknown file', ['GET', '/files/file-1'], 404, { error: 'File file-1 not found' }],
		['vllm', 'a list of files', ['GET', '/files'], 405, { detail: 'Method Not Allowed' }],
		['vllm', 'an unknown route', ['GET', '/nowhere'], 404, { detail: 'Not Found' }],
		[
			'maritaca',
			'an unknown batch',
			['GET', '/batches/b'],
			404,
			{ detail: "No batch found with id 'b'." },
		],
		[
			'gemini',
			'a wrong key',
			['POST', '/batches', WRONG_KEY],
			400,
			[
				{
					error: {
						code: 400,
						message: 'API key not valid. Please pass a valid API key.',
						status: 'INVALID_ARGUMENT',
					},
				},
			],
		],
	])('of %s for %s', async (name, _what, [method, path, headers], status, json) => {
		talk = await speaking(name);
		expect(await talk.call(method, path, undefined, headers)).toMatchObject({ status, json });
	});

	it.each<[DialectName, string, [string, string, object?], number, string]>([
		['doubleword', 'a wrong key', ['GET', '/batches', WRONG_KEY], 401, 'Authentication required'],
		['doubleword', 'an unknown batch', ['GET', '/batches/u'], 404, 'Batch with ID u not found'],
		['vllm', 'an unknown batch', ['GET', '/batches/u'], 500, 'Internal Server Error'],
		['bella', 'an unknown batch', ['GET', '/batches/u'], 200, ''],
	])('of %s for %s are plain text', async (name, _what, [method, path, headers], status, text) => {
		talk = await speaking(name);
		const answer = await talk.call(method, path, undefined, headers);
		expect(answer).toMatchObject({ status, text, type: expect.stringContaining('text/plain') });
	});

	it('of Doubleword for a window, and of vLLM for what is missing', async () => {
		talk = await speaking('doubleword');
		const refused = await talk.create([lineFor('doubleword', 'a')], { completion_window: '48h' });
		expect(refused.text).toMatch(/^Unsupported completion_window\. Allowed values: /);
		talk.emulator.speak('vllm');
		expect((await talk.call('POST', '/batches', { input_file_id: 'f' })).json).toEqual({
			error: "Missing required parameter 'endpoint'",
		});
	});
});

it.each(Object.entries(ERROR_FORMS))(
	'a fault of the form "%s" arrives as it is',
	async (_name, form) => {
		talk = await speaking('openai');
		talk.emulator.faults.next({ path: '/batches', fault: { type: 'status', ...form } });
		const answer = await talk.call('GET', '/batches');
		expect(answer.status).toBe(form.status);
		expect(answer.text).toBe(typeof form.body === 'string' ? form.body : JSON.stringify(form.body));
		if ('words' in form) expect(answer.text.replaceAll('\\', '')).toContain(form.words);
	},
);
