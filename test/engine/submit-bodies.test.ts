import type { NodeParameterValueType } from 'n8n-workflow';
import { productForTests } from './product';
import { line, uploaded } from './submitted';
import { FILM_SCHEMA } from './support/submitParameters';

type Parameters = Record<string, NodeParameterValueType>;

const product = productForTests();

const CAT = 'https://example.com/cat.png';
const DOG = 'data:image/png;base64,iVBORw0KGgo=';

const images = (url: string) => ({ values: [{ source: 'url', url }] });

/** For each endpoint: the options of the panel, and the body they have to become. */
const FIELDS: Array<[endpoint: string, model: string, options: Parameters, body: object]> = [
	[
		'/v1/chat/completions',
		'gpt-6-luna',
		{
			systemMessage: 'Be brief.',
			jsonSchema: JSON.stringify(FILM_SCHEMA),
			jsonSchemaName: 'film',
			maxTokens: 50,
			reasoningEffort: 'none',
			verbosity: 'low',
			promptCacheKey: 'films',
			temperature: 0,
			topP: 0.5,
			attachments: images(`${CAT}, ${DOG}`),
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
				json_schema: { name: 'film', schema: FILM_SCHEMA, strict: true },
			},
			max_completion_tokens: 50,
			reasoning_effort: 'none',
			verbosity: 'low',
			prompt_cache_key: 'films',
			temperature: 0,
			top_p: 0.5,
		},
	],
	[
		'/v1/responses',
		'gpt-6-luna',
		{
			systemMessage: 'Be brief.',
			jsonSchema: FILM_SCHEMA as never,
			jsonSchemaStrict: false,
			maxTokens: 50,
			reasoningEffort: '={{ "max" }}',
			reasoningSummary: 'detailed',
			verbosity: 'high',
			promptCacheKey: '=films-{{ $json.n }}',
			temperature: 1,
			topP: 1,
			attachments: images(`${CAT}\n${DOG}`),
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
			text: {
				format: { type: 'json_schema', name: 'answer', schema: FILM_SCHEMA, strict: false },
				verbosity: 'high',
			},
			max_output_tokens: 50,
			reasoning: { effort: 'max', summary: 'detailed' },
			prompt_cache_key: 'films-1',
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
		{ attachments: images(CAT) },
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
		{ attachments: images('={{ ["https://example.com/cat.png"] }}'), imageSize: '512x512' },
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
		expect(await uploaded(product, parameters, [item])).toBe(line('a-1', endpoint, body));
	});

	it('gets bodies as they are from JSON', async () => {
		const parameters = {
			endpoint,
			requestSource: 'json',
			body: '={{ $json.body }}',
			customId: '={{ $json.id }}',
		};
		expect(await uploaded(product, parameters, [item])).toBe(line('a-1', endpoint, body));
	});

	it('gets ready-made lines as they are', async () => {
		const lines = [
			{ custom_id: 'b', method: 'POST', url: endpoint, body },
			{ body, url: endpoint, method: 'POST', custom_id: 'c', note: 'not sent' },
		];
		expect(await uploaded(product, { endpoint, requestSource: 'lines' }, lines)).toBe(
			line('b', endpoint, body) + line('c', endpoint, body),
		);
	});
});
