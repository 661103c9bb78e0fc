import fc from 'fast-check';
import { ClassifiedResult, parseResultLine } from '../../../nodes/jsonl/resultLine';
import { readBatch } from '../../../nodes/openai/api/readBatch';
import { firstErrors } from '../../../nodes/openai/api/objects';
import { readApiError } from '../../../nodes/openai/apiErrors';
import { statusFault } from '../../../nodes/openai/http/fault';

const message = (value: unknown) => readApiError(value)?.message;

describe("the server's own reason", () => {
	it.each<[unknown, string]>([
		[
			{ error: { message: 'No such File object: x', type: 'invalid_request_error' } },
			'No such File object: x',
		],
		[{ error: 'Missing required parameter' }, 'Missing required parameter'],
		[
			{ error: { error: { message: 'maximum context length is 8192' } } },
			'maximum context length is 8192',
		],
		[{ detail: 'completion_window must be 24h' }, 'completion_window must be 24h'],
		[
			{ detail: [{ type: 'missing', loc: ['body', 'purpose'], msg: 'Field required' }] },
			'purpose: Field required',
		],
		[
			{
				detail: [
					{ loc: ['body', 'a'], msg: 'one' },
					{ loc: ['body', 'b'], msg: 'two' },
				],
			},
			'a: one; b: two',
		],
		[
			{ statusCode: 401, message: 'Access denied due to missing subscription key.' },
			'Access denied due to missing subscription key.',
		],
		[
			{ object: 'error', message: 'The model `x` does not exist.', code: 404 },
			'The model `x` does not exist.',
		],
		[{ message: 'no Route matched with those values' }, 'no Route matched with those values'],
		[{ error: 'too_many_requests', message: 'Slow down.', retry_after_seconds: 30 }, 'Slow down.'],
		[{ code: 20012, message: 'Bad file', data: 'x' }, 'Bad file'],
		[{ code: 403, reason: 'INVALID_API_KEY', message: 'invalid api-key' }, 'invalid api-key'],
		[{ title: 'Bad Request', status: 400 }, 'Bad Request'],
		[{ title: 'Bad Request', detail: 'The window is wrong.' }, 'The window is wrong.'],
		[{ errors: [{ message: 'first' }, { message: 'second' }] }, 'first; second'],
		[{ errors: { object: 'list', data: [{ message: 'line 3 is bad' }] } }, 'line 3 is bad'],
		[{ error_code: 'X', error_message: 'what happened' }, 'what happened'],
		[{ fault: { faultstring: 'Rate limit quota violation' } }, 'Rate limit quota violation'],
		['Authentication required', 'Authentication required'],
		['"Invalid token"', 'Invalid token'],
		['{"detail":"Not Found"}', 'Not Found'],
		['<html><head><title>502 Bad Gateway</title></head></html>', '502 Bad Gateway'],
		['<!DOCTYPE html><body><h1>Log in</h1></body>', 'Log in'],
		[['Linha 3: campo custom_id ausente'], 'Linha 3: campo custom_id ausente'],
	])('of %j', (value, expected) => {
		expect(message(value)).toBe(expected);
	});

	it('comes with code, type and param, wherever they stand', () => {
		const error = { message: 'No.', type: 'BadRequestError', param: 'None', code: 400 };
		const expected = { message: 'No.', type: 'BadRequestError', param: null, code: '400' };
		expect(readApiError({ error })).toEqual(expected);
		expect(readApiError({ error: { error } })).toEqual(expected);
		expect(readApiError({ error: 'too_many_requests', message: 'x' })?.code).toBe(
			'too_many_requests',
		);
		expect(readApiError({ detail: [{ loc: ['body', 'purpose'], msg: 'x' }] })?.param).toBe(
			'purpose',
		);
		expect(readApiError({ error: { code: 'model_not_found' } })).toEqual({
			message: null,
			code: 'model_not_found',
			type: null,
			param: null,
		});
	});

	it.each([
		undefined,
		null,
		'',
		' ',
		{},
		[],
		{ error: null },
		{ error: '' },
		{ error: { message: null, code: '' } },
		{ data: [] },
		'<html></html>',
		7,
		true,
	])('is not in %j', (value) => {
		expect(readApiError(value)).toBeUndefined();
	});

	const inAnyEnvelope = () => {
		const envelope = fc.constantFrom<(inner: unknown) => unknown>(
			(inner) => ({ error: inner }),
			(inner) => ({ errors: [inner] }),
			(inner) => ({ detail: inner }),
			(inner) => JSON.stringify(inner),
			(inner) => [inner],
		);
		const reason = fc.constantFrom('message', 'msg', 'detail', 'error_message');
		const text = fc.stringMatching(/^[A-Z][a-z ]{3,20}[a-z]$/);
		return fc
			.tuple(fc.array(envelope, { maxLength: 3 }), reason, text)
			.map(([around, field, words]) => ({
				words,
				value: around.reduce<unknown>((inner, wrap) => wrap(inner), { [field]: words }),
			}));
	};

	it('is the same in an answer, a result line and a failed batch, in any envelope', () => {
		const inLine = (line: object) =>
			new ClassifiedResult(parseResultLine(JSON.stringify({ custom_id: 'a', ...line }))).error
				?.message;
		fc.assert(
			fc.property(
				inAnyEnvelope(),
				fc.constantFrom(400, 404, 429, 502),
				({ value, words }, status) => {
					expect(statusFault(status, {}, value, 0).message).toBe(words);
					expect(inLine({ response: { status_code: status, body: value } })).toBe(words);
					expect(inLine({ response: null, error: value })).toBe(words);
					const failed = { id: 'batch_1', status: 'failed', errors: value };
					expect(firstErrors(readBatch(failed as never)!, 1)).toEqual([words]);
				},
			),
		);
	});

	it('is found under any of the envelopes, and nothing in any JSON breaks it', () => {
		fc.assert(
			fc.property(inAnyEnvelope(), ({ value, words }) => expect(message(value)).toBe(words)),
		);
		fc.assert(
			fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
				const error = readApiError(value);
				if (error?.message) expect(error.message).not.toMatch(/^\[object/);
			}),
		);
	});
});
