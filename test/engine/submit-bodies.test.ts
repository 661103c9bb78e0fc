import type { IDataObject, NodeParameterValueType } from 'n8n-workflow';
import { startProduct, type Product } from './product';

type Parameters = Record<string, NodeParameterValueType>;

let product: Product;

beforeAll(async () => {
	product = await startProduct();
});

afterAll(async () => await product.stop());

/** Submits, takes the batch to its end, and gives what was uploaded. */
async function uploaded(parameters: Parameters, items: IDataObject[]): Promise<string> {
	const [batch] = await product.json('batch', 'submit', parameters, items);
	await product.finish(String(batch.id));
	expect(product.emulator.batch(String(batch.id))).toMatchObject({
		status: 'completed',
		errors: null,
		request_counts: { total: items.length, completed: items.length, failed: 0 },
	});
	return product.emulator.file(String(batch.input_file_id)).text();
}

const line = (custom_id: string, url: string, body: object) =>
	`${JSON.stringify({ custom_id, method: 'POST', url, body })}\n`;

const SCHEMA = {
	type: 'object',
	properties: { genre: { type: 'string' } },
	required: ['genre'],
	additionalProperties: false,
};
const CAT = 'https://example.com/cat.png';
const DOG = 'data:image/png;base64,iVBORw0KGgo=';

/** For each endpoint: the options of the panel, and the body they have to become. */
const FIELDS: Array<[endpoint: string, model: string, options: Parameters, body: object]> = [
	[
		'/v1/chat/completions',
		'gpt-6-luna',
		{
			systemMessage: 'Be brief.',
			jsonSchema: JSON.stringify(SCHEMA),
			jsonSchemaName: 'film',
			maxTokens: 50,
			reasoningEffort: 'low',
			temperature: 0,
			topP: 0.5,
			imageUrls: `${CAT}, ${DOG}`,
		},
		{
			model: 'gpt-6-luna',
			messages: [
				{ role: 'system', content: 'Be brief.' },
				{
					role: 'user',
					content: [
						{ type: 'text', text: 'Say Ä "1"' },
						{ type: 'image_url', image_url: { url: CAT } },
						{ type: 'image_url', image_url: { url: DOG } },
					],
				},
			],
			response_format: {
				type: 'json_schema',
				json_schema: { name: 'film', schema: SCHEMA, strict: true },
			},
			max_completion_tokens: 50,
			reasoning_effort: 'low',
			temperature: 0,
			top_p: 0.5,
		},
	],
	[
		'/v1/responses',
		'gpt-6-luna',
		{
			systemMessage: 'Be brief.',
			jsonSchema: SCHEMA as never,
			jsonSchemaStrict: false,
			maxTokens: 50,
			reasoningEffort: 'low',
			temperature: 1,
			topP: 1,
			imageUrls: `${CAT}\n${DOG}`,
		},
		{
			model: 'gpt-6-luna',
			instructions: 'Be brief.',
			input: [
				{
					role: 'user',
					content: [
						{ type: 'input_text', text: 'Say Ä "1"' },
						{ type: 'input_image', image_url: CAT },
						{ type: 'input_image', image_url: DOG },
					],
				},
			],
			text: { format: { type: 'json_schema', name: 'answer', schema: SCHEMA, strict: false } },
			max_output_tokens: 50,
			reasoning: { effort: 'low' },
			temperature: 1,
			top_p: 1,
		},
	],
	[
		'/v1/completions',
		'gpt-3.5-turbo-instruct',
		{ maxTokens: 50, temperature: 0.2, topP: 0.9 },
		{
			model: 'gpt-3.5-turbo-instruct',
			prompt: 'Say Ä "1"',
			max_tokens: 50,
			temperature: 0.2,
			top_p: 0.9,
		},
	],
	[
		'/v1/embeddings',
		'text-embedding-3-small',
		{ dimensions: 3 },
		{ model: 'text-embedding-3-small', input: 'Say Ä "1"', dimensions: 3 },
	],
	[
		'/v1/moderations',
		'omni-moderation-latest',
		{ imageUrls: CAT },
		{
			model: 'omni-moderation-latest',
			input: [
				{ type: 'text', text: 'Say Ä "1"' },
				{ type: 'image_url', image_url: { url: CAT } },
			],
		},
	],
	[
		'/v1/images/generations',
		'gpt-image-1.5',
		{ imageCount: 2, imageQuality: 'low', imageSize: '1024x1024' },
		{ model: 'gpt-image-1.5', prompt: 'Say Ä "1"', n: 2, quality: 'low', size: '1024x1024' },
	],
	[
		'/v1/images/edits',
		'gpt-image-1.5',
		{ imageUrls: '={{ ["https://example.com/cat.png"] }}', imageSize: '512x512' },
		{ model: 'gpt-image-1.5', prompt: 'Say Ä "1"', size: '512x512', images: [{ image_url: CAT }] },
	],
];

describe.each(FIELDS)('%s', (endpoint, model, requestOptions, body) => {
	const item = { id: 'a-1', n: 1, body, url: endpoint };

	it('gets bodies from fields, with every option in its own words', async () => {
		const parameters = {
			endpoint,
			model,
			prompt: '=Say Ä "{{ $json.n }}"',
			customId: '={{ $json.id }}',
			requestOptions,
		};
		expect(await uploaded(parameters, [item])).toBe(line('a-1', endpoint, body));
	});

	it('gets bodies as they are from JSON', async () => {
		const parameters = {
			endpoint,
			requestSource: 'json',
			body: '={{ $json.body }}',
			customId: '={{ $json.id }}',
		};
		expect(await uploaded(parameters, [item])).toBe(line('a-1', endpoint, body));
	});

	it('gets ready-made lines as they are', async () => {
		const lines = [
			{ custom_id: 'b', method: 'POST', url: endpoint, body },
			{ body, url: endpoint, method: 'POST', custom_id: 'c', note: 'not sent' },
		];
		expect(await uploaded({ endpoint, requestSource: 'lines' }, lines)).toBe(
			line('b', endpoint, body) + line('c', endpoint, body),
		);
	});
});

describe('fields', () => {
	const CHAT = '/v1/chat/completions';
	const chat = async (parameters: Parameters, items: IDataObject[]) =>
		await uploaded({ endpoint: CHAT, prompt: '={{ $json.text }}', ...parameters }, items);
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
			imageUrls: '',
			jsonSchema: '',
			additionalFields: '',
			reasoningEffort: '',
		};
		expect(await chat({ requestOptions }, [{ text: 'a' }])).toBe(
			line('item-0', CHAT, message('a')),
		);
	});

	it('lets additional fields win and takes them as they are', async () => {
		const additionalFields =
			'{"temperature": 0.5, "seed": 7, "__proto__": {"a": 1}, "messages": [{"role": "user", "content": "x"}]}';
		const requestOptions = { temperature: 1, additionalFields };
		expect(await chat({ requestOptions }, [{ text: 'a' }])).toBe(
			'{"custom_id":"item-0","method":"POST","url":"/v1/chat/completions","body":' +
				'{"model":"gpt-6-luna","messages":[{"role":"user","content":"x"}],"temperature":0.5,"seed":7,"__proto__":{"a":1}}}\n',
		);
	});

	it('reads options for each item', async () => {
		const requestOptions = {
			systemMessage: '={{ $json.system }}',
			maxTokens: '={{ $json.max }}',
			jsonSchema: '={{ $json.schema }}',
		};
		const items = [
			{ text: 'a', system: 'S', max: 5, schema: null },
			{ text: 'b', system: null, max: '6', schema: SCHEMA },
		];
		const format = {
			response_format: {
				type: 'json_schema',
				json_schema: { name: 'answer', schema: SCHEMA, strict: true },
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
		expect(await uploaded(parameters, [{ texts: ['a', 'b'] }])).toBe(
			line('item-0', endpoint, { model: 'text-embedding-3-small', input: ['a', 'b'] }),
		);
	});

	it('leaves the model of moderations to the service when its expression gives none', async () => {
		const endpoint = '/v1/moderations';
		expect(await uploaded({ endpoint, model: '={{ $json.model }}', prompt: 'a' }, [{}])).toBe(
			line('item-0', endpoint, { input: 'a' }),
		);
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
		expect(result.hints('Node')).toEqual([]);
		const [batch] = result.items('Node');
		const text = product.emulator.file(String(batch.json.input_file_id)).text();
		expect(text.match(/"model":"gpt-5-mini"/g)).toHaveLength(2_000);
	});

	it('tells how to make it fast when n8n had to evaluate thousands of expressions', async () => {
		const items = Array.from({ length: 2_000 }, (_, index) => ({ text: `t${index}` }));
		const parameters = { prompt: '={{ $json.text.toUpperCase() }}' };
		const result = await product.run('batch', 'submit', parameters, items);
		expect(result.hints('Node')).toMatchObject([
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
	expect(await uploaded({ endpoint, requestSource: 'lines' }, lines)).toBe(
		line('1', endpoint, body) + line('2', endpoint, body),
	);
});
