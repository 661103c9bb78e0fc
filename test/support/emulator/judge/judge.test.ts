import type { Endpoint } from '../batches/requestLine';
import { download, requestLine, startWithClient, submit } from '../client';
import { judge } from '.';
import { VALID_BODIES } from './validBodies';

type Body = Record<string, unknown>;

const valid = Object.entries(VALID_BODIES).flatMap(([endpoint, bodies]) =>
	bodies.map((body, index) => [endpoint as Endpoint, index, body] as const),
);

const copy = (body: Body): Body => JSON.parse(JSON.stringify(body));

describe('bodies that the real API accepts', () => {
	it.each(valid)('%s, number %d', (endpoint, _index, body) => {
		expect(judge(endpoint, body)).toBeUndefined();
	});

	it.each(valid)('%s, number %d, with null for what may be left out', (endpoint, _index, body) => {
		const required = ['model', 'messages', 'input', 'prompt', 'images', 'conversation'];
		const kept = Object.entries(body).filter(([key]) => required.includes(key));
		const others = Object.keys(body).filter((key) => !required.includes(key));
		const nulls = Object.fromEntries(others.map((key) => [key, null]));
		expect(judge(endpoint, { ...Object.fromEntries(kept), ...nulls })).toBeUndefined();
	});
});

/** Where bodies hold what is the caller's own: schemas, and values by any name. */
const FREE = /\.(schema|parameters|variables|cache_control|extra)\b|^metadata\.|^logit_bias\./;

/** Members of chat messages and of their parts: what is unknown there is passed over. */
const OPEN = /^messages\[\d+\](\.content\[\d+\])?$/;

/** Every place in a body, as errors name it, with a function that puts another value there. */
function places(
	body: Body,
): Array<{ param: string; value: unknown; put: (value: unknown) => Body }> {
	const found: ReturnType<typeof places> = [];
	const visit = (value: unknown, param: string, keys: Array<string | number>): void => {
		const put = (other: unknown) => {
			const changed = copy(body);
			const parent = keys
				.slice(0, -1)
				.reduce<unknown>((at, key) => (at as Body)[key as string], changed) as Body;
			parent[keys.at(-1)! as string] = other;
			return changed;
		};
		if (keys.length > 0) found.push({ param, value, put });
		if (Array.isArray(value)) {
			value.forEach((entry, index) => visit(entry, `${param}[${index}]`, [...keys, index]));
		} else if (typeof value === 'object' && value !== null) {
			for (const [key, entry] of Object.entries(value)) {
				visit(entry, param === '' ? key : `${param}.${key}`, [...keys, key]);
			}
		}
	};
	visit(body, '', []);
	return found;
}

/** A value of a type that stands nowhere beside the given one. */
function otherType(value: unknown, param: string): unknown {
	if (/(^|\.)(content|input|output|prompt|tool_choice|stop|conversation)(\[\d+\])*$/.test(param))
		return true;
	if (value === null) return { a: 1 };
	if (typeof value === 'object') return 7;
	return typeof value === 'boolean' ? 'yes' : typeof value === 'string' ? { a: 1 } : 'seven';
}

describe('bodies with one fault', () => {
	it.each(valid)('%s, number %d: a value of another type', (endpoint, _index, body) => {
		for (const { param, value, put } of places(body)) {
			if (FREE.test(`${param}.`) || FREE.test(param) || param === 'model') continue;
			const refusal = judge(endpoint, put(otherType(value, param)));
			expect([param, refusal]).toEqual([
				param,
				expect.objectContaining({
					type: 'invalid_request_error',
					code: expect.stringMatching(/^(invalid_type|invalid_value)$/),
					param,
				}),
			]);
		}
	});

	it.each(valid)('%s, number %d: an unknown member', (endpoint, _index, body) => {
		expect(judge(endpoint, { ...body, rolez: 1 })).toMatchObject({
			message: "Unknown parameter: 'rolez'.",
			code: 'unknown_parameter',
			param: 'rolez',
		});
		for (const { param, value, put } of places(body)) {
			const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
			const isFree = FREE.test(`${param}.x`) || param === 'metadata' || param === 'logit_bias';
			const isOpen = OPEN.test(param) && (value as Body).role !== 'developer';
			if (!isObject || isFree || isOpen) continue;
			expect([param, judge(endpoint, put({ ...value, rolez: 1 }))]).toEqual([
				param,
				expect.objectContaining({
					param: `${param}.rolez`,
					message: `Unknown parameter: '${param}.rolez'.`,
					code: 'unknown_parameter',
				}),
			]);
		}
	});

	it.each<[Endpoint, Body, string, string, string | null]>([
		[
			'/v1/chat/completions',
			{ messages: [{ rolez: 'user', content: 'x' }] },
			'messages[0].role',
			"Missing required parameter: 'messages[0].role'.",
			'missing_required_parameter',
		],
		[
			'/v1/chat/completions',
			{ messages: [{ role: 'robot', content: 'x' }] },
			'messages[0].role',
			"Invalid value: 'robot'. Supported values are: 'developer', 'system', 'user', 'assistant', 'tool', and 'function'.",
			'invalid_value',
		],
		[
			'/v1/chat/completions',
			{ messages: [{ role: 'user', content: 7 }] },
			'messages[0].content',
			"Invalid type for 'messages[0].content': expected one of a string or array of objects, but got an integer instead.",
			'invalid_type',
		],
		[
			'/v1/chat/completions',
			{ messages: [{ role: 'user' }] },
			'messages.[0].content',
			"Invalid value for 'content': expected a string, got null.",
			null,
		],
		[
			'/v1/chat/completions',
			{ messages: [] },
			'messages',
			"Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
			'empty_array',
		],
		[
			'/v1/chat/completions',
			{ messages: [{ role: 'user', content: 'x' }], n: 0 },
			'n',
			"Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.",
			'integer_below_min_value',
		],
		[
			'/v1/chat/completions',
			{ messages: [{ role: 'user', content: 'x' }], model: 'gpt-4o', temperature: 3 },
			'temperature',
			"Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.",
			'decimal_above_max_value',
		],
		[
			'/v1/responses',
			{ input: 'x', text: { format: { type: 'json_schema', schema: {} } } },
			'text.format.name',
			"Missing required parameter: 'text.format.name'.",
			'missing_required_parameter',
		],
		[
			'/v1/responses',
			{ input: 'x', response_format: { type: 'json_object' } },
			'response_format',
			"Unknown parameter: 'response_format'.",
			'unknown_parameter',
		],
		[
			'/v1/embeddings',
			{ input: [] },
			'input',
			"Invalid 'input': empty array. Expected an array with minimum length 1, but got an empty array instead.",
			'empty_array',
		],
		[
			'/v1/images/generations',
			{ prompt: 'x', n: 11 },
			'n',
			"Invalid 'n': integer above maximum value. Expected a value <= 10, but got 11 instead.",
			'integer_above_max_value',
		],
	])('%s: %j', (endpoint, body, param, message, code) => {
		expect(judge(endpoint, { model: 'gpt-6-luna', ...body })).toEqual({
			type: 'invalid_request_error',
			param,
			message,
			code,
		});
	});
});

it('is quick: fifty thousand requests in seconds', () => {
	const body = VALID_BODIES['/v1/chat/completions'][1];
	judge('/v1/chat/completions', body);
	const start = performance.now();
	for (let count = 0; count < 50_000; count++) judge('/v1/chat/completions', body);
	expect(performance.now() - start).toBeLessThan(15_000);
});

describe('over a socket', () => {
	let close: () => Promise<void>;

	afterEach(async () => await close());

	it('a bad body is a 400 of its own, and the others are answered', async () => {
		const { emulator, client } = await startWithClient();
		({ close } = emulator);
		const bad = { messages: [{ rolez: 'user', content: 'Hello' }] };
		const { id } = await submit(client, [
			requestLine('good'),
			requestLine('bad', bad),
			requestLine('marked [[emulator:refuse]]', bad),
		]);
		await emulator.step(id, 'completed');
		const batch = await client.batches.retrieve(id);
		expect(batch.request_counts).toEqual({ total: 3, completed: 2, failed: 1 });
		expect(await download(client, batch.error_file_id)).toEqual([
			{
				id: expect.stringMatching(/^batch_req_/),
				custom_id: 'bad',
				response: {
					status_code: 400,
					request_id: expect.any(String),
					body: {
						error: {
							message: "Missing required parameter: 'messages[0].role'.",
							type: 'invalid_request_error',
							param: 'messages[0].role',
							code: 'missing_required_parameter',
						},
					},
				},
				error: null,
			},
		]);
	});

	it('a compatible server takes parameters of its own', async () => {
		const { emulator, client } = await startWithClient({ dialect: 'groq' });
		({ close } = emulator);
		const { id } = await submit(client, [requestLine('a', { top_k: 5, max_tokens: 5 })]);
		await emulator.step(id, 'completed');
		expect(emulator.batch(id).request_counts).toMatchObject({ completed: 1 });
	});
});
