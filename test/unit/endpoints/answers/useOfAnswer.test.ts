import { extractContent } from '../../../../nodes/endpoints/answers';
import { askedJson, uselessnessOf } from '../../../../nodes/endpoints/answers/useOfAnswer';
import type { JsonObject } from '../../../../nodes/jsonl/json';

const SCHEMA = { type: 'object', properties: { genre: { type: 'string' } }, required: ['genre'] };
const GOOD = '{"genre":"horror"}';

const choice = (content: string | null, more: JsonObject = {}, message: JsonObject = {}) => ({
	index: 0,
	message: { role: 'assistant', content, ...message },
	finish_reason: 'stop',
	...more,
});

const chat = (...choices: JsonObject[]) => ({ object: 'chat.completion', choices });

const response = (text: string, more: JsonObject = {}) => ({
	object: 'response',
	status: 'completed',
	output: [{ type: 'message', content: [{ type: 'output_text', text }] }],
	...more,
});

const use = (body: JsonObject, asked?: { schema?: JsonObject }) =>
	uselessnessOf(extractContent(undefined, body), asked);

describe('the JSON that a request asks for', () => {
	const named = { type: 'json_schema', json_schema: { name: 'answer', schema: SCHEMA } };
	test.each<[string, unknown, unknown]>([
		['of chat completions', { response_format: named }, { schema: SCHEMA }],
		[
			'of responses',
			{ text: { format: { type: 'json_schema', name: 'answer', schema: SCHEMA } } },
			{ schema: SCHEMA },
		],
		['of any form', { response_format: { type: 'json_object' } }, {}],
		['of any form in responses', { text: { format: { type: 'json_object' } } }, {}],
		[
			'with a schema beside the type',
			{ response_format: { type: 'json_object', schema: SCHEMA } },
			{ schema: SCHEMA },
		],
		['of vLLM', { guided_json: SCHEMA }, { schema: SCHEMA }],
		['of vLLM, as text', { guided_json: JSON.stringify(SCHEMA) }, { schema: SCHEMA }],
		['of newer versions of vLLM', { structured_outputs: { json: SCHEMA } }, { schema: SCHEMA }],
		[
			'of newer versions of vLLM, as text',
			{ structured_outputs: { json: JSON.stringify(SCHEMA) } },
			{ schema: SCHEMA },
		],
		['of vLLM, of any form', { structured_outputs: { json_object: true } }, {}],
		[
			'of vLLM beside a format that says nothing',
			{ structured_outputs: { json: SCHEMA }, response_format: { type: 'text' } },
			{ schema: SCHEMA },
		],
		[
			'of a format beside fields of vLLM that say nothing',
			{ structured_outputs: { json: null, json_object: false }, response_format: named },
			{ schema: SCHEMA },
		],
		['where vLLM is asked for a choice', { structured_outputs: { choice: ['a'] } }, undefined],
		[
			'with a schema that is none',
			{ response_format: { type: 'json_schema', json_schema: 1 } },
			{},
		],
		['where it is text', { response_format: { type: 'text' } }, undefined],
		['where it is null', { response_format: null, text: null, guided_json: null }, undefined],
		['where nothing is said', { text: { verbosity: 'low' } }, undefined],
		['where there is no body', 'text', undefined],
	])('%s', (_, body, asked) => {
		expect(askedJson(body)).toEqual(asked);
	});
});

describe('an answer is', () => {
	test.each<[string, JsonObject, ReturnType<typeof use>]>([
		['of use', chat(choice('Hello')), undefined],
		['cut off', chat(choice('Hel', { finish_reason: 'length' })), 'cut_off'],
		['cut off before it began', chat(choice(null, { finish_reason: 'max_tokens' })), 'cut_off'],
		[
			'a response that was cut off',
			response('Hel', {
				status: 'incomplete',
				incomplete_details: { reason: 'max_output_tokens' },
			}),
			'cut_off',
		],
		['a response that is incomplete', response('Hel', { status: 'incomplete' }), 'cut_off'],
		['refused', chat(choice(null, {}, { refusal: 'I cannot do that.' })), 'refused'],
		['stopped by a filter', chat(choice('', { finish_reason: 'content_filter' })), 'refused'],
		[
			'a response that was stopped by a filter',
			response('', { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }),
			'refused',
		],
		[
			'a response that was refused',
			{
				object: 'response',
				status: 'completed',
				output: [{ type: 'message', content: [{ type: 'refusal', refusal: 'No.' }] }],
			},
			'refused',
		],
		['of use, since text was asked for', chat(choice('not JSON')), undefined],
		[
			'of use, since one of its choices is',
			chat(choice('A', { finish_reason: 'length' }), choice('B')),
			undefined,
		],
		[
			'of no use, since none of its choices is',
			chat(choice('A', { finish_reason: 'length' }), choice(null, {}, { refusal: 'No.' })),
			'cut_off',
		],
		['a vector', { data: [{ embedding: [0.1] }] }, undefined],
		['a body of an unknown form', { anything: true }, undefined],
	])('%s', (_, body, expected) => {
		expect(use(body)).toBe(expected);
	});
});

describe('with JSON asked for, an answer is', () => {
	test.each<[string, JsonObject, ReturnType<typeof use>]>([
		['of use', chat(choice(GOOD)), undefined],
		['of use, in a code fence', chat(choice(`\`\`\`json\n${GOOD}\n\`\`\``)), undefined],
		['of use, behind thoughts', chat(choice(`<think>A film?</think>${GOOD}`)), undefined],
		['text', chat(choice('It is horror.')), 'invalid_json'],
		['cut without a reason', chat(choice('{"genre":"hor')), 'invalid_json'],
		['cut off', chat(choice('{"genre":"hor', { finish_reason: 'length' })), 'cut_off'],
		['empty', chat(choice('')), 'invalid_json'],
		['a body without choices, which is of an unknown form', chat(), undefined],
		['without what is required', chat(choice('{"film":"Alien"}')), 'invalid_json'],
		['of another type', response('{"genre":["horror"]}'), 'invalid_json'],
		[
			'a call of a tool',
			chat(
				choice(
					null,
					{ finish_reason: 'tool_calls' },
					{ tool_calls: [{ id: 'c', type: 'function', function: {} }] },
				),
			),
			undefined,
		],
		['refused', chat(choice(null, {}, { refusal: 'No.' })), 'refused'],
	])('%s', (_, body, expected) => {
		expect(use(body, { schema: SCHEMA })).toBe(expected);
	});

	const TEXT = { type: 'string' };
	const TEXT_OR_OBJECT = { anyOf: [{ type: 'string', enum: ['{}'] }, { type: 'object' }] };

	test.each<[string, string, JsonObject, ReturnType<typeof use>]>([
		['a text', '"abc"', TEXT, undefined],
		['a text in quotes', JSON.stringify('"abc"'), TEXT, undefined],
		['a text that holds JSON', JSON.stringify(GOOD), TEXT, undefined],
		['a text that holds a list', JSON.stringify('[1]'), TEXT, undefined],
		['such a text behind thoughts', `<think>So?</think>${JSON.stringify(GOOD)}`, TEXT, undefined],
		['such a text in an alternative', JSON.stringify('{}'), TEXT_OR_OBJECT, undefined],
		['an object that was made twice', JSON.stringify(GOOD), SCHEMA, undefined],
		['another object that was made twice', JSON.stringify('{"film":1}'), SCHEMA, 'invalid_json'],
		['an object in place of a text', GOOD, TEXT, 'invalid_json'],
		['prose in place of a text', 'abc', TEXT, 'invalid_json'],
	])('judged as the schema has it: %s', (_, content, schema, expected) => {
		expect(use(chat(choice(content)), { schema })).toBe(expected);
	});

	test('of use with any JSON, where no schema was given', () => {
		expect(use(chat(choice('[1]')), {})).toBeUndefined();
		expect(use(chat(choice('one')), {})).toBe('invalid_json');
	});
});
