import type { IDataObject, NodeParameterValueType } from 'n8n-workflow';
import { DIALECTS } from '../support/emulator';
import { CHAT } from '../support/endpointUrls';
import { productForTests, remarksOf } from './product';
import { line, uploaded } from './submitted';
import { FILM_SCHEMA } from './support/submitParameters';

type Parameters = Record<string, NodeParameterValueType>;

const product = productForTests();

describe('fields', () => {
	const chat = async (parameters: Parameters, items: IDataObject[]) =>
		await uploaded(product, { endpoint: CHAT, prompt: '={{ $json.text }}', ...parameters }, items);
	const message = (content: unknown) => ({
		model: 'gpt-6-luna',
		messages: [{ role: 'user', content }],
	});

	it('needs nothing but a prompt', async () => {
		expect(await chat({}, [{ text: 'a' }, { text: 'b' }])).toBe(
			line('item-0', CHAT, message('a')) + line('item-1', CHAT, message('b')),
		);
	});

	it('sends no option that was added and left empty', async () => {
		const requestOptions = {
			systemMessage: '',
			attachments: {},
			jsonSchema: '',
			additionalFields: '',
			reasoningEffort: '',
			answerColumns: {},
			promptCacheKey: '',
			verbosity: '',
		};
		expect(await chat({ requestOptions }, [{ text: 'a' }])).toBe(
			line('item-0', CHAT, message('a')),
		);
	});

	it('lets additional fields override the others, and takes them as they are', async () => {
		// A server with parameters of its own: OpenAI refuses some of these.
		const { rules } = DIALECTS.openai;
		const dialect = { ...DIALECTS.openai, rules: { ...rules, judgesBodies: false } };
		product.emulator.speak(dialect);
		const additionalFields =
			'{"temperature": 0.5, "seed": 7, "__proto__": {"a": 1}, "messages": [{"role": "user", "content": "x"}]}';
		const requestOptions = { temperature: 1, additionalFields };
		expect(await chat({ requestOptions }, [{ text: 'a' }])).toBe(
			'{"custom_id":"item-0","method":"POST","url":"/v1/chat/completions","body":' +
				'{"model":"gpt-6-luna","messages":[{"role":"user","content":"x"}],"temperature":0.5,"seed":7,"__proto__":{"a":1}}}\n',
		);
		product.emulator.speak('openai');
	});

	it('reads options for each item', async () => {
		const requestOptions = {
			systemMessage: '={{ $json.system }}',
			maxTokens: '={{ $json.max }}',
			jsonSchema: '={{ $json.schema }}',
		};
		const items = [
			{ text: 'a', system: 'S', max: 5, schema: null },
			{ text: 'b', system: null, max: '6', schema: FILM_SCHEMA },
		];
		const format = {
			response_format: {
				type: 'json_schema',
				json_schema: { name: 'answer', schema: FILM_SCHEMA, strict: true },
			},
		};
		const withSystem = {
			model: 'gpt-6-luna',
			messages: [
				{ role: 'system', content: 'S' },
				{ role: 'user', content: 'a' },
			],
		};
		expect(await chat({ requestOptions }, items)).toBe(
			line('item-0', CHAT, { ...withSystem, max_completion_tokens: 5 }) +
				line('item-1', CHAT, { ...message('b'), ...format, max_completion_tokens: 6 }),
		);
	});

	it('writes out numbers and booleans, as prompts and as ids', async () => {
		const items = [
			{ id: 7, text: 12.5 },
			{ id: 'x', text: false },
		];
		expect(await chat({ customId: '={{ $json.id }}' }, items)).toBe(
			line('7', CHAT, message('12.5')) + line('x', CHAT, message('false')),
		);
	});

	it('takes a list as the messages themselves', async () => {
		const turns = [
			{ role: 'user', content: 'a' },
			{ role: 'assistant', content: 'b' },
		];
		const requestOptions = { systemMessage: 'S' };
		expect(await chat({ requestOptions }, [{ text: turns }])).toBe(
			line('item-0', CHAT, {
				model: 'gpt-6-luna',
				messages: [{ role: 'system', content: 'S' }, ...turns],
			}),
		);
	});

	it('takes a list as several inputs of one embedding', async () => {
		const endpoint = '/v1/embeddings';
		const parameters = { endpoint, model: 'text-embedding-3-small', prompt: '={{ $json.texts }}' };
		expect(await uploaded(product, parameters, [{ texts: ['a', 'b'] }])).toBe(
			line('item-0', endpoint, { model: 'text-embedding-3-small', input: ['a', 'b'] }),
		);
	});

	it('leaves the model of moderations to the service when its expression gives none', async () => {
		const endpoint = '/v1/moderations';
		expect(
			await uploaded(product, { endpoint, model: '={{ $json.model }}', prompt: 'a' }, [{}]),
		).toBe(line('item-0', endpoint, { input: 'a' }));
	});

	it.each([
		['plain text', '={{ $json.model }}'],
		['a locator', { __rl: true, mode: 'id', value: '={{ $json.model }}' }],
		['a model of the list', { __rl: true, mode: 'list', value: 'gpt-5-mini' }],
	])('takes the model from %s, without a slow evaluation', async (_what, model) => {
		const items = Array.from({ length: 2_000 }, () => ({ text: 'a', model: 'gpt-5-mini' }));
		const parameters = { model: model as never, prompt: '={{ $json.text }}' };
		const result = await product.run('batch', 'submit', parameters, items);
		expect(result.error).toBeUndefined();
		expect(remarksOf(result)).toEqual([]);
		const [batch] = result.items('Node');
		const text = product.emulator.file(String(batch.json.input_file_id)).text();
		expect(text.match(/"model":"gpt-5-mini"/g)).toHaveLength(2_000);
	});

	it('leaves out white space around the name of the model, so that all requests share a batch', async () => {
		const items = ['gpt-6-luna', 'gpt-6-luna ', ' gpt-6-luna', 'gpt-6-luna\n'].map((model) => ({
			text: 'a',
			model,
		}));
		for (const model of ['={{ $json.model }}', '={{ `${$json.model}` }}']) {
			const text = await uploaded(product, { model, prompt: 'a' }, items);
			expect(text.match(/"model":"gpt-6-luna"/g)).toHaveLength(4);
		}
	});

	it('takes white space in an option as nothing', async () => {
		const requestOptions = {
			temperature: '={{ $json.blank }}',
			topP: '={{ $json.blank }}',
			maxTokens: '={{ $json.blank }}',
			jsonSchema: '={{ $json.blank }}',
			additionalFields: '={{ $json.blank }}',
		};
		for (const blank of [' ', '\n', '\t ']) {
			expect(await chat({ requestOptions }, [{ text: 'a', blank }])).toBe(
				line('item-0', CHAT, message('a')),
			);
		}
	});

	it('explains how to make it fast when n8n had to evaluate thousands of expressions', async () => {
		const items = Array.from({ length: 2_000 }, (_, index) => ({ text: `t${index}` }));
		const parameters = { prompt: '={{ $json.text.toUpperCase() }}' };
		const result = await product.run('batch', 'submit', parameters, items);
		expect(remarksOf(result)).toMatchObject([
			{ message: expect.stringContaining('2000 expressions were evaluated one by one') },
		]);
		const [batch] = result.items('Node');
		const text = product.emulator.file(String(batch.json.input_file_id)).text();
		expect(text.split('\n')[1_999]).toContain('"content":"T1999"');
	});
});

test('lines get the spelling of the batch, with or without a version', async () => {
	const body = { model: 'gpt-6-luna', messages: [{ role: 'user', content: 'a' }] };
	const lines = [
		{ custom_id: 1, method: 'POST', url: '/chat/completions', body },
		{ custom_id: 2, method: 'POST', url: '/v1/chat/completions', body },
	];
	const endpoint = '/v1/chat/completions';
	expect(await uploaded(product, { endpoint, requestSource: 'lines' }, lines)).toBe(
		line('1', endpoint, body) + line('2', endpoint, body),
	);
});
