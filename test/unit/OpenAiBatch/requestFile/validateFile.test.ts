import { gzipSync } from 'zlib';

import fc from 'fast-check';

import { RequestChecker } from '../../../../nodes/OpenAiBatch/requests/requestChecker';
import { validateRequests } from '../../../../nodes/OpenAiBatch/requestFile/validate/validateFile';
import { chunksOf } from '../../jsonl/bytes';
import { CHAT } from '../../../support/endpointUrls';
import { BODIES, request } from '../../endpoints/requests';

const file = (...requests: object[]) => requests.map((one) => `${JSON.stringify(one)}\n`).join('');
const validate = (
	content: string | Uint8Array,
	options?: Parameters<typeof validateRequests>[1],
	sizes?: number[],
) => validateRequests(chunksOf(content, sizes), options);

describe('validateRequests', () => {
	it('reports a valid file', async () => {
		const content = file(request('a'), request('b'));
		expect(await validate(content)).toEqual({
			valid: true,
			requests: 2,
			bytes: content.length,
			models: ['gpt-6-luna'],
			endpoints: [CHAT],
			error_count: 0,
			errors: [],
			hints: [],
		});
	});

	it('names line, id, code and message of each error', async () => {
		const content = `${file(request('a'))}\n${file(request('a'), request('c', { body: {} }))}{"x`;
		expect((await validate(content)).errors).toEqual([
			{
				line: 3,
				custom_id: 'a',
				code: 'duplicate_custom_id',
				message: expect.stringContaining('line 1') as string,
			},
			{
				line: 4,
				custom_id: 'c',
				code: 'missing_required_parameter',
				message: expect.stringContaining("'model'") as string,
			},
			{
				line: 4,
				custom_id: 'c',
				code: 'missing_required_parameter',
				message: expect.stringContaining("'messages'") as string,
			},
			{
				line: 5,
				custom_id: null,
				code: 'invalid_json_line',
				message: expect.stringContaining('not parseable as valid JSON') as string,
			},
		]);
	});

	it('counts all errors and lists the first', async () => {
		const report = await validate('x\n'.repeat(250), { maxErrors: 3 });
		expect(report).toMatchObject({ valid: false, requests: 250, error_count: 250 });
		expect(report.errors.map((error) => error.line)).toEqual([1, 2, 3]);
		expect((await validate('x\n'.repeat(250))).errors).toHaveLength(100);
	});

	it('checks against the endpoint that is asked for', async () => {
		const report = await validate(file(request('a')), { endpoint: '/v1/responses' });
		expect(report.errors.map((error) => error.code)).toContain('invalid_url');
		const mixed = file(request('a'), request('b', { url: '/v1/own' }));
		expect((await validate(mixed, { endpoint: CHAT })).errors).toMatchObject([
			{ line: 2, code: 'invalid_url' },
		]);
	});

	const whole = async (content: string | Uint8Array, sizes?: number[]) =>
		(await validate(content, {}, sizes)).errors.map(({ line, code }) => ({ line, code }));

	it.each(['', '\n\n', '\ufeff', '  '])('finds no requests in %j', async (content) => {
		expect(await whole(content)).toEqual([{ line: null, code: 'empty_file' }]);
	});

	it('wants one model for each file', async () => {
		const body = { ...BODIES[CHAT], model: 'other' };
		const report = await validate(file(request('a'), request('b', { body })));
		expect(report.models).toEqual(['gpt-6-luna', 'other']);
		expect(report.errors).toMatchObject([{ line: null, code: 'mismatched_model' }]);
		expect(report.errors[0].message).toContain('2 models (gpt-6-luna, other)');
	});

	it('wants one endpoint for each file, but accepts it with and without /v1', async () => {
		const url = '/v1/responses';
		const other = request('b', { url, body: BODIES[url] });
		expect(await whole(file(request('a'), other))).toEqual([{ line: null, code: 'invalid_url' }]);
		expect(await whole(file(request('a'), request('b', { url: '/chat/completions' })))).toEqual([]);
	});

	it('names errors of the whole file first', async () => {
		const body = { ...BODIES[CHAT], model: 'other' };
		const content = `x\n${file(request('a'), request('b', { body }))}`;
		const report = await validate(content, { maxErrors: 1 });
		expect(report).toMatchObject({ error_count: 2, errors: [{ code: 'mismatched_model' }] });
	});

	it('limits a file to 50,000 requests', async () => {
		const lines = Array.from({ length: 50_000 }, (_, index) => request(`r-${index}`));
		expect(await validate(file(...lines))).toMatchObject({ valid: true, requests: 50_000 });
		expect(await whole(file(...lines, request('one more')))).toEqual([
			{ line: null, code: 'too_many_requests' },
		]);
	});

	it('limits a file to 209,715,200 bytes', async () => {
		const start = Buffer.from(file(request('a')));
		function* padded(bytes: number) {
			yield start;
			const blank = Buffer.alloc(1_000_000, ' ').fill('\n', 999_999);
			for (let left = bytes - start.length; left > 0; left -= blank.length) {
				yield blank.subarray(0, left);
			}
		}
		expect(await validateRequests(padded(209_715_200))).toMatchObject({ valid: true });
		expect(await validateRequests(padded(209_715_201))).toMatchObject({
			bytes: 209_715_201,
			errors: [{ line: null, code: 'file_too_large' }],
		});
	});

	it('limits a file to 50,000 embedding inputs', async () => {
		const url = '/v1/embeddings';
		const input = Array.from({ length: 2_000 }, () => 'x');
		const lines = Array.from({ length: 25 }, (_, index) =>
			request(`r-${index}`, { url, body: { model: 'm', input } }),
		);
		expect(await whole(file(...lines))).toEqual([]);
		const more = request('more', { url, body: { model: 'm', input: 'x' } });
		expect(await whole(file(...lines, more))).toEqual([
			{ line: null, code: 'too_many_embedding_inputs' },
		]);
	});

	const content = file(request('a'));
	it.each([
		['gzip', gzipSync(content), /gzip/],
		['UTF-16 with a BOM', Buffer.from(`\ufeff${content}`, 'utf16le'), /UTF-16/],
		['UTF-16 without a BOM', Buffer.from(content, 'utf16le'), /UTF-16/],
		['big-endian UTF-16', Buffer.from(`\ufeff${content}`, 'utf16le').swap16(), /UTF-16/],
		['a ZIP archive', Buffer.from('PK\x03\x04....'), /ZIP/],
	])('recognises %s, in chunks of any size', async (_, bytes, message) => {
		for (const size of [1, 3, 65_536]) {
			const report = await validate(bytes, {}, [size]);
			expect(report).toMatchObject({ requests: 0, bytes: bytes.length, error_count: 1 });
			expect(report.errors[0]).toMatchObject({ line: null, code: 'invalid_file_format' });
			expect(report.errors[0].message).toMatch(message);
		}
	});

	it('reads a file that is shorter than the bytes that show a format', async () => {
		expect(await whole('{}', [1])).toHaveLength(4);
		expect(await whole(Buffer.from([0x1f, 0x8b]))).toEqual([
			{ line: null, code: 'invalid_file_format' },
		]);
	});

	it('finds bytes that are not UTF-8', async () => {
		const bytes = Buffer.from(file(request('a\u00e9')), 'latin1');
		expect(await whole(bytes)).toEqual([{ line: 1, code: 'invalid_json_line' }]);
	});

	it.each([
		['a document over several lines', JSON.stringify([request('a')], null, 2), /one JSON document/],
		['commas between lines', `${JSON.stringify(request('a'))},\n`, /Remove the commas/],
		['two requests on a line', '{"a":1} {"b":2}\n', /line break between/],
	])('explains %s', async (_, text, message) => {
		expect((await validate(text)).errors[0].message).toMatch(message);
	});

	it('reports a line that never ends instead of holding it', async () => {
		function* endless() {
			for (;;) yield Buffer.alloc(10_000_000, 'x');
		}
		const report = await validateRequests(endless());
		expect(report.errors).toMatchObject([
			{ line: null, code: 'file_too_large' },
			{ line: 1, code: 'invalid_json_line' },
		]);
	});

	it('throws an error of the source on', async () => {
		async function* broken() {
			yield Buffer.from(content);
			throw new Error('connection lost');
		}
		await expect(validateRequests(broken())).rejects.toThrow('connection lost');
	});

	it('finds what the checker finds, however the bytes are cut', async () => {
		const line = fc.record(
			{
				custom_id: fc.constantFrom('a', 'b', 'c', '', 1),
				method: fc.constantFrom('POST', 'GET'),
				url: fc.constantFrom(CHAT, '/chat/completions', '/v1/responses'),
				body: fc.oneof(
					fc.constantFrom(...Object.values(BODIES)),
					fc.constant({ stream: true }),
					fc.jsonValue(),
				),
			},
			{ requiredKeys: [] },
		);
		const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 });
		await fc.assert(
			fc.asyncProperty(fc.array(line), sizes, async (requests, chunkSizes) => {
				const checker = new RequestChecker({ endpoint: CHAT });
				const expected = requests.flatMap((one, index) =>
					checker
						.check(JSON.parse(JSON.stringify(one)), index + 1)
						.map(({ code, message }) => ({ line: index + 1, code, message })),
				);
				const report = await validate(
					file(...requests),
					{ endpoint: CHAT, maxErrors: 1_000 },
					chunkSizes,
				);
				const ofLines = report.errors.filter((error) => error.line !== null);
				expect(ofLines.map(({ line: at, code, message }) => ({ line: at, code, message }))).toEqual(
					expected,
				);
			}),
		);
	});
});
