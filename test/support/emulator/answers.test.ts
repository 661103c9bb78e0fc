import OpenAI from 'openai';

import type { Emulator } from '.';
import { answerTo, startWithClient } from './client';

let emulator: Emulator;
let client: OpenAI;

beforeAll(async () => {
	({ emulator, client } = await startWithClient({ now: 1_790_000_000_000 }));
});

afterAll(() => emulator.close());

const ask = (url: string, body: Record<string, unknown>) => answerTo(emulator, client, url, body);

describe('/v1/chat/completions', () => {
	const messages = [
		{ role: 'system', content: 'Be brief' },
		{ role: 'user', content: [{ type: 'text', text: 'Hello there' }] },
	];

	it('has the shape of the real answer', async () => {
		const body = await ask('/v1/chat/completions', { messages });
		expect(body).toEqual({
			id: expect.stringMatching(/^chatcmpl-\w{29}$/),
			object: 'chat.completion',
			created: 1_790_000_000,
			model: 'gpt-6-luna',
			choices: [
				{
					index: 0,
					message: {
						role: 'assistant',
						content: expect.stringMatching(/to: Be brief Hello there$/),
						refusal: null,
						annotations: [],
					},
					logprobs: null,
					finish_reason: 'stop',
				},
			],
			usage: {
				prompt_tokens: 5,
				completion_tokens: expect.any(Number),
				total_tokens: 5 + body.usage.completion_tokens,
				prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
				completion_tokens_details: {
					reasoning_tokens: 0,
					audio_tokens: 0,
					accepted_prediction_tokens: 0,
					rejected_prediction_tokens: 0,
				},
			},
			service_tier: 'default',
			system_fingerprint: null,
		});
	});

	it('depends on the request body only', async () => {
		const [one, two, other] = [
			await ask('/v1/chat/completions', { messages }),
			await ask('/v1/chat/completions', { messages }),
			await ask('/v1/chat/completions', { messages, temperature: 0, reasoning_effort: 'none' }),
		].map(({ choices }) => choices[0].message.content);
		expect(one).toBe(two);
		expect(one).not.toBe(other);
	});

	it('stops at the token limit, and gives as many choices as asked for', async () => {
		const { choices } = await ask('/v1/chat/completions', {
			messages,
			max_completion_tokens: 3,
			n: 2,
		});
		expect(choices).toHaveLength(2);
		expect(choices[1]).toMatchObject({ index: 1, finish_reason: 'length' });
		expect(choices[1].message.content).toHaveLength(12);
	});

	it('satisfies a JSON schema', async () => {
		const schema = { type: 'object', properties: { label: { enum: ['spam', 'ham'] } } };
		const { choices } = await ask('/v1/chat/completions', {
			messages,
			response_format: { type: 'json_schema', json_schema: { name: 'label', schema } },
		});
		expect(['spam', 'ham']).toContain(JSON.parse(choices[0].message.content).label);
	});

	it('gives some JSON object in JSON mode', async () => {
		const { choices } = await ask('/v1/chat/completions', {
			messages,
			response_format: { type: 'json_object' },
		});
		expect(JSON.parse(choices[0].message.content)).toEqual({ answer: 'Be brief Hello there' });
	});
});

describe('/v1/responses', () => {
	it('has the shape of the real answer', async () => {
		const body = await ask('/v1/responses', { input: 'Hello', instructions: 'Be brief' });
		expect(body).toEqual({
			id: expect.stringMatching(/^resp_[0-9a-f]{48}$/),
			object: 'response',
			created_at: 1_790_000_000,
			status: 'completed',
			background: false,
			completed_at: 1_790_000_000,
			error: null,
			incomplete_details: null,
			instructions: 'Be brief',
			max_output_tokens: null,
			model: 'gpt-6-luna',
			output: [
				{
					type: 'message',
					id: expect.stringMatching(/^msg_[0-9a-f]{48}$/),
					status: 'completed',
					role: 'assistant',
					content: [
						{
							type: 'output_text',
							text: expect.stringMatching(/to: Be brief Hello$/),
							annotations: [],
							logprobs: [],
						},
					],
				},
			],
			parallel_tool_calls: true,
			previous_response_id: null,
			reasoning: { effort: null, summary: null },
			store: true,
			temperature: 1,
			text: { format: { type: 'text' } },
			tool_choice: 'auto',
			tools: [],
			top_p: 1,
			truncation: 'disabled',
			usage: {
				input_tokens: 4,
				input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
				output_tokens: expect.any(Number),
				output_tokens_details: { reasoning_tokens: 0 },
				total_tokens: 4 + body.usage.output_tokens,
			},
			user: null,
			metadata: {},
		});
	});

	it('satisfies a JSON schema', async () => {
		const schema = {
			type: 'object',
			properties: { sure: { type: 'boolean' } },
			required: ['sure'],
			additionalProperties: false,
		};
		const { output, text } = await ask('/v1/responses', {
			input: [{ role: 'user', content: [{ type: 'input_text', text: 'Is it?' }] }],
			text: { format: { type: 'json_schema', name: 'sure', schema, strict: true } },
		});
		expect(JSON.parse(output[0].content[0].text)).toEqual({ sure: expect.any(Boolean) });
		expect(text.format).toMatchObject({ name: 'sure', strict: true });
	});

	it('is incomplete when the token limit is reached', async () => {
		const input = 'Hello '.repeat(50);
		expect(await ask('/v1/responses', { input, max_output_tokens: 16 })).toMatchObject({
			status: 'incomplete',
			incomplete_details: { reason: 'max_output_tokens' },
			error: null,
			usage: { output_tokens: 16 },
		});
	});

	it('is refused with a lower token limit than 16', async () => {
		expect(await ask('/v1/responses', { input: 'Hello', max_output_tokens: 15 })).toEqual({
			error: {
				message:
					"Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 15 instead.",
				type: 'invalid_request_error',
				param: 'max_output_tokens',
				code: 'integer_below_min_value',
			},
		});
	});
});

describe('/v1/completions', () => {
	it('has one choice per prompt', async () => {
		const body = await ask('/v1/completions', { prompt: ['Once', 'Twice'], max_tokens: 50 });
		expect(body).toMatchObject({ object: 'text_completion', model: 'gpt-6-luna' });
		expect(body.id).toMatch(/^cmpl-/);
		expect(body.choices).toEqual([
			{ text: expect.stringMatching(/Once$/), index: 0, logprobs: null, finish_reason: 'stop' },
			{ text: expect.stringMatching(/Twice$/), index: 1, logprobs: null, finish_reason: 'stop' },
		]);
	});
});

describe('/v1/embeddings', () => {
	const embed = (body: Record<string, unknown>) =>
		ask('/v1/embeddings', { model: 'text-embedding-3-small', ...body });
	const length = (vector: number[]) =>
		Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));

	it('gives unit vectors that depend on the text only', async () => {
		const body = await embed({ input: ['one', 'two', 'one'] });
		expect(body).toMatchObject({
			object: 'list',
			model: 'text-embedding-3-small',
			usage: { prompt_tokens: 3, total_tokens: 3 },
		});
		const vectors = body.data.map(({ embedding }: { embedding: number[] }) => embedding);
		expect(vectors.map((vector: number[]) => vector.length)).toEqual([1536, 1536, 1536]);
		expect(length(vectors[0])).toBeCloseTo(1, 5);
		expect(vectors[2]).toEqual(vectors[0]);
		expect(vectors[1]).not.toEqual(vectors[0]);
		expect(body.data[1]).toMatchObject({ object: 'embedding', index: 1 });
	});

	it('honours dimensions and base64', async () => {
		const numbers = (await embed({ input: 'one', dimensions: 8 })).data[0].embedding;
		const base64 = await embed({ input: 'one', dimensions: 8, encoding_format: 'base64' });
		const bytes = Buffer.from(base64.data[0].embedding, 'base64');
		expect(bytes).toHaveLength(32);
		numbers.forEach((value: number, index: number) =>
			expect(bytes.readFloatLE(index * 4)).toBeCloseTo(value, 6),
		);
	});

	it('takes token numbers as one input', async () => {
		const body = await embed({ input: [1, 2, 3], dimensions: 2 });
		expect(body.data).toHaveLength(1);
		expect(body.usage.prompt_tokens).toBe(3);
	});
});

describe('/v1/moderations', () => {
	it('flags some words, and chooses its own model', async () => {
		const body = await ask('/v1/moderations', {
			model: undefined,
			input: ['I will kill them', 'Good morning'],
		});
		expect(body).toMatchObject({
			id: expect.stringMatching(/^modr-/),
			model: 'omni-moderation-latest',
			results: [
				{ flagged: true, categories: { violence: true, hate: false } },
				{ flagged: false, categories: { violence: false } },
			],
		});
		const [{ categories, category_scores: scores, category_applied_input_types: types }] =
			body.results;
		expect(Object.keys(categories)).toHaveLength(13);
		expect(scores.violence).toBeGreaterThan(0.9);
		expect(types.violence).toEqual(['text']);
	});

	it('gives one result for text and image together', async () => {
		const { results } = await ask('/v1/moderations', {
			input: [
				{ type: 'text', text: 'Look' },
				{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
			],
		});
		expect(results).toHaveLength(1);
		expect(results[0].category_applied_input_types).toMatchObject({
			sexual: ['text', 'image'],
			hate: ['text'],
		});
	});
});

describe('images', () => {
	it.each([
		['/v1/images/generations', { prompt: 'An otter', n: 2 }, 0],
		['/v1/images/edits', { prompt: 'An otter', n: 2, images: [{ file_id: 'file-a' }] }, 323],
	])('%s gives real pictures', async (url, body, imageTokens) => {
		const answer = await ask(url, { model: 'gpt-image-1.5', ...body });
		expect(answer.data).toHaveLength(2);
		const png = Buffer.from(answer.data[0].b64_json, 'base64');
		expect(png.subarray(0, 8)).toEqual(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'));
		expect(answer.usage).toEqual({
			total_tokens: 2114 + imageTokens,
			input_tokens: 2 + imageTokens,
			output_tokens: 2112,
			input_tokens_details: { text_tokens: 2, image_tokens: imageTokens },
		});
	});
});
