import type { IDataObject, NodeParameterValueType } from 'n8n-workflow';
import { CHAT, RESPONSES } from '../support/endpointUrls';
import { CREDENTIAL, productForTests, startProduct, remarksOf } from './product';
import { uploaded } from './submitted';

type Parameters = Record<string, NodeParameterValueType>;

const product = productForTests();

/** A dry run with the address of OpenAI in the credential; nothing is sent. */
const atOpenAi = async (parameters: Parameters, items: IDataObject[], url?: string) =>
	await product.run('batch', 'submit', { ...parameters, options: { dryRun: true } }, items, {
		credentialData: { [CREDENTIAL]: { apiKey: 'sk-1', url: url ?? 'https://api.openai.com/v1' } },
	});

/** The same at a server of another address. */
const elsewhere = async (parameters: Parameters, items: IDataObject[]) =>
	await atOpenAi(parameters, items, 'https://llm.example.org/v1');

const SCHEMA = {
	type: 'object',
	properties: { genre: { type: 'string' }, note: { type: 'string' } },
	required: ['genre'],
};
const STRICT = {
	...SCHEMA,
	required: ['genre', 'note'],
	additionalProperties: false,
};

describe('at OpenAI', () => {
	it.each<[string, Parameters, RegExp]>([
		[
			'a schema with a property that is not required',
			{ prompt: 'Hi', requestOptions: { jsonSchema: JSON.stringify(SCHEMA) } },
			/'note' is missing.*nullable.*turn strict off \(the option JSON Schema Strict\)\.$/,
		],
		[
			'a schema with a fault inside',
			{
				endpoint: RESPONSES,
				prompt: 'Hi',
				requestOptions: {
					jsonSchema: JSON.stringify({
						type: 'object',
						properties: { a: { oneOf: [{ type: 'string' }] } },
						required: ['a'],
					}),
				},
			},
			/The schema 'answer' .* At properties\.a: 'oneOf' is not allowed\. Use anyOf\./,
		],
		[
			'a temperature for a model that reasons',
			{ prompt: 'Hi', requestOptions: { temperature: 0.2 } },
			/gpt-6-luna refuses 'temperature' while it reasons/,
		],
		[
			'a temperature for an older model that reasons',
			{ prompt: 'Hi', model: 'gpt-5-mini', requestOptions: { temperature: 0.2 } },
			/gpt-5-mini refuses 'temperature' while it reasons\. Leave it out\./,
		],
		[
			'a Top P for a model of the o-series',
			{ prompt: 'Hi', model: 'o4-mini', requestOptions: { topP: 0.5 } },
			/o4-mini refuses 'top_p' while it reasons\. Leave it out\./,
		],
		[
			'an effort that the model does not have',
			{ prompt: 'Hi', model: 'gpt-6.1-sol', requestOptions: { reasoningEffort: 'minimal' } },
			/gpt-6\.1-sol does not have the reasoning effort 'minimal'/,
		],
		[
			'a json_schema without a name',
			{
				requestSource: 'json',
				body: '={{ { model: "m", messages: [{ role: "user", content: "a" }], response_format: { type: "json_schema", json_schema: { schema: {} } } } }}',
			},
			/Missing required parameter: 'response_format\.json_schema\.name'\./,
		],
		[
			'a json_schema without anything',
			{
				requestSource: 'json',
				body: '={{ { model: "m", messages: [{ role: "user", content: "a" }], response_format: { type: "json_schema" } } }}',
			},
			/Missing required parameter: 'response_format\.json_schema'\./,
		],
		[
			'a bad name of a schema',
			{
				endpoint: RESPONSES,
				requestSource: 'json',
				body: '={{ { model: "m", input: "a", text: { format: { type: "json_schema", name: "my film", schema: {} } } } }}',
			},
			/The name of the schema 'my film' can have only letters/,
		],
		[
			'what only the Responses API has, in a chat',
			{
				prompt: 'Hi',
				requestOptions: { additionalFields: '{"reasoning": {"effort": "low"}}' },
			},
			/Chat Completions has no 'reasoning'\. Use 'reasoning_effort' instead\.$/,
		],
		[
			'a response in the background',
			{
				endpoint: RESPONSES,
				prompt: 'Hi',
				requestOptions: { additionalFields: '{"background": true}' },
			},
			/before it exists\. Remove 'background'\.$/,
		],
		[
			'a token limit that the Responses API does not take',
			{ endpoint: RESPONSES, prompt: 'Hi', requestOptions: { maxTokens: 15 } },
			/'max_output_tokens' is 15, and gpt-6-luna refuses fewer than 16 tokens/,
		],
		[
			'too many images',
			{
				endpoint: '/v1/images/generations',
				model: 'gpt-image-1.5',
				prompt: 'Hi',
				requestOptions: { additionalFields: '{"n": 11}' },
			},
			/'n' is 11\. It has to be an integer from 1 to 10\.$/,
		],
		[
			'a model with a space behind its name',
			{
				requestSource: 'json',
				body: '={{ { model: "m ", messages: [{ role: "user", content: "a" }] } }}',
			},
			/The model 'm ' has white space around its name\. Remove it\.$/,
		],
		[
			'a message that is none',
			{
				requestSource: 'json',
				body: '={{ { model: "m", messages: [{ role: "bot", content: "a" }] } }}',
			},
			/'bot' is not the role of a message\. It is one of: assistant, /,
		],
		[
			'a stream',
			{ prompt: 'Hi', requestOptions: { additionalFields: '{"stream": true}' } },
			/Streaming is not supported/,
		],
	])('%s is refused before anything is sent', async (_what, parameters, message) => {
		const { error } = await atOpenAi(parameters, [{}]);
		expect(error?.message).toMatch(message);
		expect(error?.message).toMatch(/^Item 0 cannot be submitted: /);
		expect(product.emulator.ledger.requests).toEqual([]);
	});

	it('the hosts of its regions have the same rules', async () => {
		const parameters = { prompt: 'Hi', requestOptions: { temperature: 0.2 } };
		for (const url of ['', 'https://eu.api.openai.com/v1']) {
			expect((await atOpenAi(parameters, [{}], url)).error?.message).toMatch(/refuses 'temp/);
		}
	});

	it('strict that is turned off leaves the schema alone', async () => {
		const requestOptions = { jsonSchema: JSON.stringify(SCHEMA), jsonSchemaStrict: false };
		expect((await atOpenAi({ prompt: 'Hi', requestOptions }, [{}])).error).toBeUndefined();
	});

	it('what is only likely is a hint, with the first item', async () => {
		const items = [{ model: 'gpt-4.1' }, { model: 'gpt-5.6-sol' }, { model: 'gpt-5.6-sol' }];
		const parameters = {
			prompt: 'Hi',
			model: '={{ $json.model }}',
			requestOptions: { temperature: 0.2 },
		};
		const result = await atOpenAi(parameters, items);
		expect(result.error).toBeUndefined();
		expect(remarksOf(result)).toMatchObject([
			{
				message:
					"OpenAI may refuse 2 of 3 requests, the first in item 1: gpt-5.6-sol probably refuses 'temperature' while it reasons. Leave it out, or set the reasoning effort to 'none'.",
			},
		]);
	});

	it('right requests get no hint', async () => {
		const requestOptions = { jsonSchema: JSON.stringify(STRICT), reasoningEffort: 'low' };
		const result = await atOpenAi({ prompt: 'Hi', requestOptions }, [{}]);
		expect(result.error).toBeUndefined();
		expect(remarksOf(result)).toEqual([]);
	});
});

describe('at another server', () => {
	const message = { role: 'user', content: [{ type: 'video_url', video_url: { url: 'a' } }] };

	it.each<[string, IDataObject]>([
		['unknown roles', { messages: [{ role: 'ipython', content: 'a' }] }],
		['unknown parts', { messages: [message] }],
		['its own fields', { messages: [{ role: 'user', content: 'a' }], guided_json: {} }],
	])('%s pass without a word', async (_what, fields) => {
		const parameters = { requestSource: 'json', body: '={{ $json.body }}' };
		const result = await elsewhere(parameters, [{ body: { model: 'm', ...fields } }]);
		expect(result.error).toBeUndefined();
		expect(remarksOf(result)).toEqual([]);
	});

	it('what another API has passes with a hint', async () => {
		const requestOptions = { additionalFields: '{"reasoning": {"effort": "low"}}' };
		const result = await elsewhere({ prompt: 'Hi', requestOptions }, [{}, {}]);
		expect(result.error).toBeUndefined();
		expect(remarksOf(result).map(({ message: hint }) => hint)).toEqual([
			"OpenAI would refuse 2 of 2 requests, the first in item 0: Chat Completions has no 'reasoning'. Use 'reasoning_effort' instead. Another server may accept them.",
		]);
	});

	it('a stream, a schema and parameters pass with hints', async () => {
		const body = {
			model: 'gpt-6-luna',
			stream: true,
			temperature: 0.2,
			messages: [{ role: 'user', content: 'a' }],
			response_format: {
				type: 'json_schema',
				json_schema: { name: 'a', strict: true, schema: SCHEMA },
			},
		};
		const items = [{ body: { ...body, stream: false } }, { body }];
		const result = await elsewhere({ requestSource: 'json', body: '={{ $json.body }}' }, items);
		expect(result.error).toBeUndefined();
		const hints = remarksOf(result).map((hint) => hint.message);
		expect(hints).toHaveLength(3);
		expect(hints[2]).toBe(
			"OpenAI would refuse 1 of 2 requests, the first in item 1: Streaming is not supported in the Batch API. Remove 'stream' from the body. Another server may accept them.",
		);
		for (const hint of hints) expect(hint).toMatch(/\.$/);
	});

	it('a stream is sent as it is', async () => {
		// SiliconFlow's own example of a line has it.
		const siliconFlow = await startProduct({ dialect: 'siliconflow' });
		try {
			const body = { model: 'm', stream: true, messages: [{ role: 'user', content: 'a' }] };
			const line = { custom_id: 'a', method: 'POST', url: CHAT, body };
			const [{ input_file_id }] = await siliconFlow.json(
				'batch',
				'submit',
				{ requestSource: 'lines' },
				[line],
			);
			expect(siliconFlow.emulator.file(String(input_file_id)).text()).toBe(
				`${JSON.stringify(line)}\n`,
			);
		} finally {
			await siliconFlow.stop();
		}
	});
});

describe('the option JSON Schema', () => {
	const bodyOf = async (requestOptions: Parameters) => {
		const text = await uploaded(product, { prompt: 'Hi', requestOptions }, [{}]);
		const { body } = JSON.parse(text) as { body: { response_format: { json_schema: object } } };
		return body.response_format.json_schema;
	};

	it.each<[string, object]>([
		['the schema', STRICT],
		['json_schema', { name: 'film', schema: STRICT }],
		[
			'a response_format',
			{ type: 'json_schema', json_schema: { name: 'film', schema: STRICT, strict: true } },
		],
		[
			'a text of the Responses API',
			{ format: { type: 'json_schema', name: 'film', schema: STRICT } },
		],
	])('takes %s', async (_what, value) => {
		const name = value === STRICT ? 'answer' : 'film';
		expect(await bodyOf({ jsonSchema: JSON.stringify(value) })).toEqual({
			name,
			schema: STRICT,
			strict: true,
		});
	});

	it('takes name and strict from the schema only where the panel has none', async () => {
		const wrapped = { name: 'film', strict: false, schema: SCHEMA };
		const jsonSchema = JSON.stringify(wrapped);
		expect(await bodyOf({ jsonSchema })).toEqual(wrapped);
		expect(await bodyOf({ jsonSchema, jsonSchemaName: 'mine', jsonSchemaStrict: false })).toEqual({
			...wrapped,
			name: 'mine',
		});
		const strict = JSON.stringify({ name: 'film', strict: false, schema: STRICT });
		expect(await bodyOf({ jsonSchema: strict, jsonSchemaStrict: true })).toMatchObject({
			strict: true,
		});
	});

	it('closes objects that do not say whether they are open', async () => {
		const { additionalProperties: _, ...open } = STRICT;
		expect(await bodyOf({ jsonSchema: open as never })).toMatchObject({ schema: STRICT });
	});

	it('may differ from item to item', async () => {
		const items = ['a', 'b'].map((name) => ({
			schema: { name, schema: { type: 'object', properties: {}, required: [] } },
		}));
		const requestOptions = { jsonSchema: '={{ $json.schema }}' };
		const text = await uploaded(product, { prompt: 'Hi', requestOptions }, items);
		const names = text
			.trimEnd()
			.split('\n')
			.map((line) => /"json_schema":\{"name":"(\w+)"/.exec(line)?.[1]);
		expect(names).toEqual(['a', 'b']);
	});
});
