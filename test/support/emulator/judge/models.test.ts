import type { Endpoint } from '../batches/requestLine';
import { judge } from '.';

const CHAT = '/v1/chat/completions';
const RESPONSES = '/v1/responses';

const chat = (model: string, more: object) =>
	judge(CHAT, { model, messages: [{ role: 'user', content: 'x' }], ...more });
const respond = (model: string, more: object) => judge(RESPONSES, { model, input: 'x', ...more });

describe('what reasoning models refuse', () => {
	it.each(['o1', 'o3', 'o4-mini', 'gpt-5', 'gpt-5-mini', 'gpt-5.1', 'gpt-5.6-terra', 'gpt-6-luna'])(
		'%s: max_tokens in chat',
		(model) => {
			expect(chat(model, { max_tokens: 5 })).toEqual({
				message:
					"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
				type: 'invalid_request_error',
				param: 'max_tokens',
				code: 'unsupported_parameter',
			});
			expect(chat(model, { max_completion_tokens: 5 })).toBeUndefined();
		},
	);

	it.each(['gpt-4.1', 'gpt-4o-mini', 'gpt-3.5-turbo', 'gpt-5-chat-latest', 'ft:gpt-4o:a', 'llama'])(
		'%s takes it, and temperature too',
		(model) => {
			expect(chat(model, { max_tokens: 5, temperature: 0.3, logprobs: true })).toBeUndefined();
			expect(respond(model, { temperature: 0.3, top_p: 0.9 })).toBeUndefined();
		},
	);

	it.each(['gpt-4o', 'gpt-4.1', 'chatgpt-4o-latest'])('%s: an effort, and a verbosity', (model) => {
		expect(chat(model, { verbosity: 'low' })).toEqual({
			message:
				"Unsupported value: 'verbosity' does not support 'low' with this model. Supported values are: 'medium'.",
			type: 'invalid_request_error',
			param: 'verbosity',
			code: 'unsupported_value',
		});
		expect(respond(model, { text: { verbosity: 'low' } })?.param).toBe('text.verbosity');
		expect(respond(model, { reasoning: { effort: 'low' } })).toEqual({
			message: "Unsupported parameter: 'reasoning.effort' is not supported with this model.",
			type: 'invalid_request_error',
			param: 'reasoning.effort',
			code: 'unsupported_parameter',
		});
		expect(chat(model, { reasoning_effort: 'low' })?.param).toBe('reasoning_effort');
		expect(chat(model, { verbosity: 'medium', reasoning_effort: null })).toBeUndefined();
		expect(respond(model, { text: { verbosity: 'medium' }, reasoning: {} })).toBeUndefined();
	});

	it.each<[string, object, boolean]>([
		['o3', {}, false],
		['gpt-5-mini', {}, false],
		['gpt-5-mini', { reasoning_effort: 'minimal' }, false],
		['gpt-5.1', {}, true],
		['gpt-5.1', { reasoning_effort: 'none' }, true],
		['gpt-5.1', { reasoning_effort: 'low' }, false],
		['gpt-5.4', {}, true],
		['gpt-5.6-terra', {}, false],
		['gpt-6-luna', {}, false],
		['gpt-6-luna', { reasoning_effort: 'none' }, true],
		['gpt-6-luna', { reasoning_effort: 'low' }, false],
		['gpt-6.1-sol', { reasoning_effort: 'low' }, false],
		['gpt-7-next', {}, false],
	])('%s with %j: temperature, %s', (model, more, isTaken) => {
		const answer = chat(model, { temperature: 0.5, ...more });
		expect(answer?.message).toBe(
			isTaken
				? undefined
				: "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is supported.",
		);
		expect(chat(model, { temperature: 1, top_p: 1, logprobs: false, ...more })).toBeUndefined();
		const reasoning = { effort: (more as { reasoning_effort?: string }).reasoning_effort };
		const other = respond(model, { temperature: 0.5, reasoning });
		expect(other?.code).toBe(isTaken ? undefined : 'unsupported_parameter');
	});

	it.each(['top_p', 'presence_penalty', 'frequency_penalty'])('%s while it reasons', (name) => {
		expect(chat('gpt-6-luna', { [name]: 0.5 })).toMatchObject({
			param: name,
			code: 'unsupported_parameter',
			message: `Unsupported parameter: '${name}' is not supported with this model.`,
		});
		expect(chat('gpt-6-luna', { [name]: 0.5, reasoning_effort: 'none' })).toBeUndefined();
	});

	it('stop, at o3 and o4-mini', () => {
		expect(chat('o4-mini', { stop: ['x'] })).toMatchObject({ param: 'stop' });
		expect(chat('gpt-6-luna', { stop: ['x'] })).toBeUndefined();
	});

	it.each<[string, string, boolean]>([
		['gpt-6-luna', 'none', true],
		['gpt-6-luna', 'max', true],
		['gpt-6-luna', 'minimal', false],
		['gpt-6.1-sol', 'none', false],
		['gpt-5.1', 'high', true],
		['gpt-5.1', 'max', false],
		['gpt-5-pro', 'high', true],
		['gpt-5-pro', 'low', false],
		['gpt-5.4', 'xhigh', true],
	])('%s: the effort %s, %s', (model, effort, isTaken) => {
		const [one, other] = [
			chat(model, { reasoning_effort: effort }),
			respond(model, { reasoning: { effort } }),
		];
		expect([one?.param, other?.param]).toEqual(
			isTaken ? [undefined, undefined] : ['reasoning_effort', 'reasoning.effort'],
		);
		if (!isTaken) expect(one).toMatchObject({ code: 'unsupported_value' });
	});

	it('names the efforts that it knows', () => {
		expect(chat('gpt-5.1', { reasoning_effort: 'max' })?.message).toBe(
			"Unsupported value: 'reasoning_effort' does not support 'max' with this model. Supported values are: 'none', 'low', 'medium', and 'high'.",
		);
	});
});

const object = (properties: Record<string, object>, more: object = {}) => ({
	type: 'object',
	properties,
	required: Object.keys(properties),
	additionalProperties: false,
	...more,
});

/** An object in an object, so many levels deep. */
const nested = (levels: number): object =>
	levels === 1 ? object({}) : object({ a: nested(levels - 1) });

const strict = (endpoint: Endpoint, schema: unknown, name = 'film') =>
	endpoint === CHAT
		? chat('gpt-6-luna', {
				response_format: { type: 'json_schema', json_schema: { name, strict: true, schema } },
			})
		: respond('gpt-6-luna', {
				text: { format: { type: 'json_schema', name, strict: true, schema } },
			});

describe('strict schemas', () => {
	it.each<[string, object, string]>([
		[
			'no additionalProperties',
			{ type: 'object', properties: {}, required: [] },
			"In context=(), 'additionalProperties' is required to be supplied and to be false.",
		],
		[
			'an object without it inside',
			object({ a: { type: 'object', properties: {} } }),
			"In context=('properties', 'a'), 'additionalProperties' is required to be supplied and to be false.",
		],
		[
			'one without it in a list',
			object({ a: { type: 'array', items: { type: 'object', properties: {} } } }),
			"In context=('properties', 'a', 'items'), 'additionalProperties' is required to be supplied and to be false.",
		],
		[
			'a key that is not required',
			object({ x: { type: 'string' }, y: { type: 'string' } }, { required: ['x'] }),
			"In context=(), 'required' is required to be supplied and to be an array including every key in properties. Missing 'y'.",
		],
		[
			'oneOf',
			object({ a: { oneOf: [{ type: 'string' }] } }),
			"In context=('properties', 'a'), 'oneOf' is not permitted.",
		],
		[
			'allOf in a definition',
			object({}, { $defs: { b: { allOf: [] } } }),
			"In context=('$defs', 'b'), 'allOf' is not permitted.",
		],
		['fourteen levels', nested(11), '11 levels of nesting exceeds limit of 10.'],
		[
			'too many properties',
			object(
				Object.fromEntries(Array.from({ length: 6000 }, (_, at) => [`p${at}`, { type: 'string' }])),
			),
			'6000 parameters exceeds limit of 5000.',
		],
		[
			'a list at the root',
			{ type: 'array', items: { type: 'string' } },
			`schema must be a JSON Schema of 'type: "object"', got 'type: "array"'.`,
		],
		[
			'anyOf at the root',
			{ anyOf: [object({})] },
			`schema must be a JSON Schema of 'type: "object"', got 'type: "None"'.`,
		],
	])('%s', (_what, schema, message) => {
		expect(strict(CHAT, schema)).toEqual({
			message: `Invalid schema for response_format 'film': ${message}`,
			type: 'invalid_request_error',
			param: 'response_format',
			code: null,
		});
		expect(strict(RESPONSES, schema)).toMatchObject({
			message: `Invalid schema for response_format 'film': ${message}`,
			param: 'text.format.schema',
			code: 'invalid_json_schema',
		});
	});

	it.each<[string, object]>([
		[
			'unions with null, enums and formats',
			object({ a: { type: ['string', 'null'] }, b: { enum: ['x'] } }),
		],
		['definitions and recursion', object({ a: { $ref: '#' } }, { $defs: { b: object({}) } })],
		['anyOf inside', object({ a: { anyOf: [{ type: 'string' }, object({})] } })],
		['ten levels', nested(10)],
	])('takes %s', (_what, schema) => {
		expect(strict(CHAT, schema)).toBeUndefined();
		expect(strict(RESPONSES, schema)).toBeUndefined();
	});

	it('is not asked of schemas that are not strict', () => {
		const json_schema = { name: 'film', schema: { type: 'object' } };
		expect(
			chat('gpt-6-luna', { response_format: { type: 'json_schema', json_schema } }),
		).toBeUndefined();
	});

	it('wants a name of letters, digits, _ and -', () => {
		expect(strict(CHAT, object({}), 'my film')).toMatchObject({
			param: 'response_format.json_schema.name',
			code: 'invalid_value',
		});
	});

	it('holds for functions', () => {
		const called = { name: 'f', strict: true, parameters: { type: 'object', properties: {} } };
		expect(chat('gpt-6-luna', { tools: [{ type: 'function', function: called }] })).toMatchObject({
			param: 'tools[0].function.parameters',
			code: 'invalid_function_parameters',
			message: expect.stringMatching(/^Invalid schema for function 'f': In context=\(\), /),
		});
		expect(respond('gpt-6-luna', { tools: [{ type: 'function', ...called }] })).toMatchObject({
			param: 'tools[0].parameters',
		});
	});
});
