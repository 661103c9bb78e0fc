import { readFileSync } from 'fs';
import { setFlagsFromString } from 'node:v8';
import { join } from 'path';

import fc from 'fast-check';

import {
	ClassifiedResult,
	isRetryable,
	KNOWN_OBJECTS,
	parseResultLine,
} from '../../../nodes/jsonl/resultLine';

/** Lines as OpenAI really sent them: a success, an HTTP failure, an expiry. */
const [success, failure, expiry] = readFileSync(
	join(__dirname, 'fixtures', 'result-lines.jsonl'),
	'utf8',
).split('\n');

const read = (line: unknown) =>
	parseResultLine(typeof line === 'string' ? line : JSON.stringify(line));
const judge = (line: unknown) => new ClassifiedResult(read(line));
const answer = (status_code: unknown, body: unknown = {}) => ({
	custom_id: 'r',
	response: { status_code, request_id: 'x', body },
	error: null,
});

describe('parseResultLine', () => {
	it('reads a line of an output file', () => {
		expect(read(success)).toMatchObject({
			id: 'batch_req_6abc0161bfb08190b575e5615b7b273d',
			custom_id: 'cz_15430|indikace|p1',
			response: { status_code: 200, request_id: '5f0fcb70-15df-4036-92bf-e465514e4eef' },
			error: null,
			raw: JSON.parse(success) as unknown,
		});
	});

	it('makes empty and missing fields null', () => {
		const empty = { id: null, custom_id: null, response: null, error: null };
		for (const line of [{}, { id: '', custom_id: '', response: null, error: {} }]) {
			expect(read(line)).toEqual({ ...empty, raw: line });
		}
		expect(read({ response: { request_id: '' } }).response).toEqual({
			status_code: null,
			request_id: null,
			body: null,
		});
	});

	it('reads ids and status codes that a server sends as the other type', () => {
		const line = read({ custom_id: 7, response: { status_code: '200', request_id: 12 } });
		expect(line.custom_id).toBe('7');
		expect(line.response).toMatchObject({ status_code: 200, request_id: '12' });
	});

	it.each(['{"custom_id":"a\\"1","response":{"sta', 'garbage', '', '[1]', '"text"', 'null', '7'])(
		'keeps the unreadable line %j as a failed result',
		(text) => {
			const line = read(text);
			expect(line.error).toMatchObject({ code: 'invalid_json_line' });
			expect(line.error?.message).toMatch(/^This line is not /);
			expect(new ClassifiedResult(line)).toMatchObject({
				status: 'failed',
				statusCode: null,
				body: null,
			});
		},
	);

	it('reads the numbers of Python that are not JSON as null, outside of texts', () => {
		const text =
			'{"custom_id":"a","response":{"status_code":200,"body":{"choices":[{"logprob":-Infinity,"p":NaN,"q":Infinity,"text":"\\": NaN, [-Infinity]"}]}}}';
		const line = read(text);
		expect(line.error).toBeNull();
		expect(line.response?.body).toEqual({
			choices: [{ logprob: null, p: null, q: null, text: '": NaN, [-Infinity]' }],
		});
	});

	it('reads the custom_id of a line that is cut', () => {
		expect(read('{"id":"x","custom_id":"a\\"1","response":{"sta')).toMatchObject({
			custom_id: 'a"1',
			raw: '{"id":"x","custom_id":"a\\"1","response":{"sta',
		});
		expect(read('{"id":"x","custom_id":"a').custom_id).toBeNull();
	});
});

describe('classify', () => {
	it('calls 2xx without an error succeeded', () => {
		const body = (JSON.parse(success) as { response: { body: unknown } }).response.body;
		expect(judge(success)).toEqual({
			status: 'succeeded',
			statusCode: 200,
			requestId: '5f0fcb70-15df-4036-92bf-e465514e4eef',
			model: 'gpt-6-luna',
			error: null,
			body,
		});
	});

	it('takes the error of an HTTP failure from the body', () => {
		expect(judge(failure)).toMatchObject({
			status: 'failed',
			statusCode: 400,
			requestId: '0538a1cc8f8f8500bbe07250e6aa2b26',
			error: {
				code: 'context_length_exceeded',
				type: 'invalid_request_error',
				param: 'messages',
				message: expect.stringContaining('maximum context length') as string,
			},
		});
	});

	it('distinguishes requests that never ran from failed ones', () => {
		expect(judge(expiry)).toMatchObject({
			status: 'expired',
			statusCode: null,
			requestId: null,
			error: { code: 'batch_expired', type: null, param: null },
			body: null,
		});
		const never = (code: string) => judge({ custom_id: 'r', response: null, error: { code } });
		expect(never('batch_cancelled').status).toBe('cancelled');
		expect(never('request_timeout').status).toBe('failed');
	});

	it.each([
		[
			'a Responses body with "error": null',
			{ object: 'response', status: 'completed', error: null },
		],
		['an incomplete response', { object: 'response', status: 'incomplete', error: null }],
		['an empty error object', { error: {} }],
		['an error object of empty fields', { error: { code: '', message: null } }],
		['no body', null],
	])('calls 200 with %s succeeded', (_, body) => {
		expect(judge(answer(200, body))).toMatchObject({ status: 'succeeded', error: null });
	});

	it.each([
		[
			'an error object in the body',
			{ error: { message: 'no', code: 429 } },
			{ message: 'no', code: '429' },
		],
		[
			'a failed response',
			{ object: 'response', status: 'failed', error: { code: 'server_error', message: 'm' } },
			{ code: 'server_error', message: 'm' },
		],
		[
			'a cancelled response',
			{ object: 'response', status: 'cancelled', error: null },
			{ code: 'response_cancelled' },
		],
	])('calls 200 with %s failed', (_, body, error) => {
		expect(judge(answer(200, body))).toMatchObject({ status: 'failed', statusCode: 200, error });
	});

	it('calls an answer without a status code but with a body succeeded', () => {
		expect(judge(answer(undefined, { choices: [] })).status).toBe('succeeded');
		expect(judge(answer(undefined, null)).error?.code).toBe('missing_response');
	});

	it('explains a failure without an error object', () => {
		expect(judge(answer(502, '<html>Bad Gateway</html>')).error?.message).toBe('Bad Gateway');
		expect(judge(answer(502)).error?.message).toBe('The request ended with the HTTP status 502.');
		expect(judge(answer(0)).error?.message).toBe(
			'The server reported no HTTP status and no reason.',
		);
		expect(judge(answer(302)).status).toBe('failed');
		expect(judge({ custom_id: 'r' }).error).toMatchObject({ code: 'missing_response' });
	});

	it('takes an error that is only a text', () => {
		expect(judge({ error: 'boom' }).error).toMatchObject({ message: 'boom', code: null });
	});

	it('has an answer for any JSON value, and an error exactly when not succeeded', () => {
		const part = fc.oneof(fc.jsonValue(), fc.constantFrom(200, 0, '', 'failed', 'response'));
		const like = fc.record(
			{
				custom_id: part,
				error: fc.oneof(part, fc.record({ code: part, message: part })),
				response: fc.oneof(
					part,
					fc.record({
						status_code: part,
						request_id: part,
						body: fc.oneof(part, fc.record({ object: part, status: part, error: part })),
					}),
				),
			},
			{ requiredKeys: [] },
		);
		fc.assert(
			fc.property(fc.oneof(fc.jsonValue(), like), (value) => {
				const result = judge(JSON.stringify(value));
				expect(result.error === null).toBe(result.status === 'succeeded');
				expect(typeof isRetryable(result)).toBe('boolean');
			}),
		);
		fc.assert(fc.property(fc.string(), (text) => expect(() => judge(text)).not.toThrow()));
	});
});

describe('isRetryable', () => {
	const retryable = (line: unknown) => isRetryable(judge(line));
	const failed = (status: number, error: object = {}) =>
		retryable(answer(status, { error: { message: 'm', ...error } }));

	it('is false for a success', () => {
		expect(retryable(success)).toBe(false);
	});

	it.each([0, 408, 409, 425, 429, 500, 502, 503, 504])('is true for the status %d', (status) => {
		expect(failed(status)).toBe(true);
	});

	it.each([400, 401, 403, 404, 413, 422])('is false for the status %d', (status) => {
		expect(failed(status)).toBe(false);
	});

	it('is true for what never ran', () => {
		for (const code of ['batch_expired', 'batch_cancelled', 'request_timeout', 'new_code']) {
			expect(retryable({ response: null, error: { code } })).toBe(true);
		}
		expect(retryable({ custom_id: 'r' })).toBe(true);
		expect(retryable({ error: { code: 'x', type: 'invalid_request_error' } })).toBe(false);
	});

	it('is false for a used-up quota, although it comes as 429', () => {
		expect(failed(429, { type: 'insufficient_quota', code: 'credit_balance_exhausted' })).toBe(
			false,
		);
		expect(failed(429, { type: 'requests', code: 'insufficient_quota' })).toBe(false);
		expect(failed(429, { code: 'rate_limit_exceeded' })).toBe(true);
	});

	it('is false for a request that is too long, whatever the status', () => {
		expect(retryable(failure)).toBe(false);
		expect(failed(500, { code: 'context_length_exceeded' })).toBe(false);
	});

	it('judges errors that come with 200 by their code', () => {
		expect(failed(200, { code: 'server_error' })).toBe(true);
		expect(failed(200, { code: 503 })).toBe(true);
		expect(failed(200, { code: 'invalid_prompt' })).toBe(false);
	});

	it.each([
		'{"custom_id":"a","resp',
		'not JSON',
		'[]',
		{ recordId: 'a', modelInput: {}, modelOutput: { content: [] } },
		{ custom_id: 'a', result: { type: 'succeeded', message: {} } },
		{ custom_id: 'a', response: { candidates: [] } },
	])('is false for what may be an answer and cannot be read: %j', (line) => {
		expect(retryable(line)).toBe(false);
	});
});

describe('objects with four keys', () => {
	setFlagsFromString('--allow-natives-syntax');
	const isSameShape = new Function('a', 'b', 'return %HaveSameMap(a, b)') as (
		a: unknown,
		b: unknown,
	) => boolean;
	setFlagsFromString('--no-allow-natives-syntax');

	/** As a workflow does that makes an object of each row, with an id as its first key. */
	const useUpShapes = () =>
		Array.from({ length: 3_000 }, (_, index) => Object.fromEntries([[`id ${index}`, 1]]));

	const isShared = (text: string) => isSameShape(JSON.parse(text), JSON.parse(text));

	it('are described once where answers have them, when all shapes are used up', () => {
		const held = useUpShapes();
		expect(isShared('{"some":1,"keys":2,"nobody":3,"knows":4}')).toBe(false);
		expect(KNOWN_OBJECTS.map((one) => isShared(JSON.stringify(one)))).toEqual(
			KNOWN_OBJECTS.map(() => true),
		);
		expect(held).toHaveLength(3_000);
	});
});
