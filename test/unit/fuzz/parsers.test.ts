import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { extractContent } from '../../../nodes/endpoints/answers';
import type { Line } from '../../../nodes/jsonl/lines';
import { parseJsonContent } from '../../../nodes/jsonl/parseJson';
import { ClassifiedResult, isRetryable, parseResultLine } from '../../../nodes/jsonl/resultLine';
import { validateRequests } from '../../../nodes/OpenAiBatch/requestFile/validate/validateFile';
import { readLines } from '../jsonl/bytes';

const FOLDER = join(__dirname, 'corpus');

/** Files that went wrong somewhere, or might. */
const corpus = readdirSync(FOLDER).map((name): [string, Buffer] => [
	name,
	readFileSync(join(FOLDER, name)),
]);

const ENDPOINTS = [
	'',
	'/v1/chat/completions',
	'/v1/responses',
	'/v1/completions',
	'/v1/embeddings',
	'/v1/moderations',
	'/v1/images/generations',
	'/elsewhere',
];

const linesOf = async (chunks: Uint8Array[]): Promise<Line[]> => {
	const lines: Line[] = [];
	for await (const line of readLines(chunks)) lines.push(line);
	return lines;
};

/** A file in two pieces and in single bytes reads as it does in one. */
async function readsAlike(bytes: Buffer, cut: number): Promise<Line[]> {
	const whole = await linesOf([bytes]);
	expect(await linesOf([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(whole);
	return whole;
}

const STATUSES = ['succeeded', 'failed', 'expired', 'cancelled'];

/** What holds of every line, whatever stands in it. */
function checkLine(text: string): void {
	const line = parseResultLine(text);
	const result = new ClassifiedResult(line);
	expect(STATUSES).toContain(result.status);
	expect(result.error === null).toBe(result.status === 'succeeded');
	expect(typeof isRetryable(result)).toBe('boolean');
	expect(line.custom_id === null || line.custom_id !== '').toBe(true);
	for (const endpoint of ENDPOINTS) {
		const { content, finish_reason, refusal } = extractContent(endpoint, result.body);
		expect(content).not.toBeUndefined();
		const answer = typeof content === 'string' ? content : null;
		expect(typeof parseJsonContent(answer, { finish_reason, refusal }).ok).toBe('boolean');
	}
}

describe.each(corpus)('%s', (_name, bytes) => {
	it('reads alike wherever it is cut, and every line has a result', async () => {
		for (const cut of [0, 1, 2, 3, bytes.length >> 1, bytes.length]) await readsAlike(bytes, cut);
		for (const { text } of await linesOf([bytes])) checkLine(text);
	});

	it('gets a report that adds up', async () => {
		const report = await validateRequests([bytes]);
		expect(report.bytes).toBe(bytes.length);
		expect(report.valid).toBe(report.error_count === 0);
		expect(report.errors.length).toBe(Math.min(100, report.error_count));
	});
});

describe('any bytes', () => {
	const bytes = fc
		.oneof(
			fc.uint8Array({ maxLength: 300 }),
			fc
				.array(fc.oneof(fc.json(), fc.string({ unit: 'binary' })), { maxLength: 8 })
				.map((lines) => Buffer.from(lines.join('\n'))),
		)
		.map((value) => Buffer.from(value));

	it('read alike wherever they are cut, and lose nothing', async () => {
		await fc.assert(
			fc.asyncProperty(bytes, fc.nat({ max: 300 }), async (content, cut) => {
				const lines = await readsAlike(content, cut);
				for (const { text } of lines) expect(text).not.toContain('\n');
			}),
		);
	});

	it('get a report that adds up', async () => {
		await fc.assert(
			fc.asyncProperty(bytes, async (content) => {
				const report = await validateRequests([content]);
				expect(report.valid).toBe(report.error_count === 0);
			}),
		);
	});
});

describe('any line', () => {
	/** The words of the format with anything in their places. */
	const anything = fc.jsonValue({ maxDepth: 4 });
	const maybe = (value: fc.Arbitrary<unknown>) => fc.oneof(value, anything);
	const body = fc.record(
		{
			object: maybe(fc.constantFrom('response', 'list', 'chat.completion')),
			status: anything,
			error: anything,
			choices: maybe(fc.array(fc.record({ message: anything, text: anything, index: anything }))),
			output: maybe(
				fc.array(maybe(fc.record({ type: fc.constant('message'), content: anything }))),
			),
			data: maybe(fc.array(maybe(fc.record({ embedding: anything, b64_json: anything })))),
			results: maybe(fc.array(anything)),
			model: anything,
			usage: anything,
		},
		{ requiredKeys: [] },
	);
	const line = fc.record(
		{
			id: anything,
			custom_id: anything,
			response: maybe(fc.record({ status_code: anything, request_id: anything, body })),
			error: maybe(fc.record({ code: anything, message: anything })),
		},
		{ requiredKeys: [] },
	);

	it('becomes a result', () => {
		fc.assert(
			fc.property(fc.oneof(line, anything), (value) => checkLine(JSON.stringify(value))),
			{ numRuns: 500 },
		);
	});

	it('becomes a result when it is cut anywhere', () => {
		fc.assert(
			fc.property(line, fc.nat({ max: 500 }), (value, end) =>
				checkLine(JSON.stringify(value).slice(0, end)),
			),
		);
	});

	it("that is a model's text is parsed or not, and never throws", () => {
		fc.assert(
			fc.property(fc.string({ unit: 'binary' }), anything, (text, json) => {
				const fenced = `${text}\n\`\`\`json\n${JSON.stringify(json)}\n\`\`\``;
				for (const answer of [text, fenced, fenced.slice(0, -5)]) {
					expect(typeof parseJsonContent(answer).ok).toBe('boolean');
				}
			}),
		);
	});
});

describe('what is too much for most parsers', () => {
	const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
	const result = (body: string) =>
		`{"custom_id":"a","response":{"status_code":200,"request_id":"r","body":${body}}}`;

	it.each([
		['a line of 10 MB', result(JSON.stringify({ text: 'x'.repeat(10_000_000) }))],
		['nesting of 100,000', result(deep(100_000))],
		['nesting of 100,000 without an end', result('['.repeat(100_000))],
		[
			'numbers beyond the range of JavaScript',
			result('{"n":1e999,"m":-1e999,"i":123456789012345678901234567890}'),
		],
		['keys that come twice', '{"custom_id":"a","custom_id":"b","response":null}'],
		['keys of prototypes', result('{"__proto__":{"x":1},"constructor":{"prototype":1}}')],
		[
			'half of a surrogate pair',
			'{"custom_id":"\\ud800","response":{"status_code":200,"body":{"t":"\\udc00"}}}',
		],
		['zero bytes', '{"custom_id":"\\u0000","response":{"status_code":200,"body":"\\u0000"}}'],
	])('is a result: %s', (_name, text) => {
		checkLine(text);
		expect(({} as { x?: number }).x).toBeUndefined();
	});

	it('is counted: 100,000 errors in one file', async () => {
		const report = await validateRequests([Buffer.from('{"custom_id":1}\n'.repeat(100_000))]);
		expect(report.requests).toBe(100_000);
		expect(report.error_count).toBeGreaterThanOrEqual(100_000);
		expect(report.errors).toHaveLength(100);
	});

	it('is reported: a file that is one nested line', async () => {
		const text = `{"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{"model":"m","input":${deep(100_000)}}}`;
		const report = await validateRequests([Buffer.from(text)]);
		expect(report.requests).toBe(1);
	});
});
