import { extractContent } from '../../../../nodes/endpoints/answers';
import bodies from '../fixtures/response-bodies.json';

const chat = (...messages: object[]) => ({
	object: 'chat.completion',
	choices: messages.map((message, index) => ({ index, message, finish_reason: 'stop' })),
});

describe('extractContent', () => {
	it('reads a chat completion', () => {
		expect(extractContent('/v1/chat/completions', bodies.chat)).toEqual({
			content: 'Hello! How can I assist you today?',
			finish_reason: 'stop',
			model: 'gpt-5.4',
			usage: bodies.chat.usage,
			refusal: null,
			tool_calls: null,
			reasoning_summary: null,
			commentary: null,
			sources: null,
			images: null,
			audio: null,
			answers: [expect.objectContaining({ content: 'Hello! How can I assist you today?' })],
		});
	});

	it('keeps tool calls reachable', () => {
		const message = bodies.chatFunctions.choices[0].message;
		expect(extractContent('/v1/chat/completions', bodies.chatFunctions)).toMatchObject({
			content: null,
			finish_reason: 'tool_calls',
			tool_calls: message.tool_calls,
		});
		expect(extractContent('/v1/responses', bodies.responsesFunctions)).toMatchObject({
			content: null,
			finish_reason: 'completed',
			tool_calls: bodies.responsesFunctions.output,
		});
	});

	it('distinguishes a refusal from content', () => {
		const refused = chat({ role: 'assistant', content: null, refusal: 'I cannot.' });
		expect(extractContent('/v1/chat/completions', refused)).toMatchObject({
			content: null,
			refusal: 'I cannot.',
		});
		const output = [{ type: 'message', content: [{ type: 'refusal', refusal: 'I cannot.' }] }];
		expect(extractContent('/v1/responses', { output })).toMatchObject({
			content: null,
			refusal: 'I cannot.',
		});
	});

	it('returns the texts of all choices in index order when there are several', () => {
		const body = chat({ content: 'a' }, { content: 'b' });
		body.choices.reverse();
		expect(extractContent('/v1/chat/completions', body).content).toEqual(['a', 'b']);
	});

	it('joins a message that comes in text parts', () => {
		const parts = [
			{ type: 'text', text: 'a' },
			{ type: 'text', text: 'b' },
		];
		expect(extractContent('', chat({ content: parts })).content).toBe('ab');
		const mixed = [{ type: 'image' }, ...parts];
		expect(extractContent('', chat({ content: mixed })).content).toEqual(mixed);
	});

	it('keeps an empty text apart from no text', () => {
		expect(extractContent('', chat({ content: '' })).content).toBe('');
		expect(extractContent('', chat({})).content).toBeNull();
	});

	it('reads a response past the items that are not messages', () => {
		expect(extractContent('/v1/responses', bodies.responsesWebSearch)).toMatchObject({
			content: 'As of today, March 9, 2025, one notable positive news story...',
			finish_reason: 'completed',
			model: 'gpt-5.4',
			usage: bodies.responsesWebSearch.usage,
			tool_calls: null,
			sources: [{ url: 'https://.../?utm_source=chatgpt.com', title: '...' }],
		});
	});

	it('joins all text parts of a response and says why it is incomplete', () => {
		const part = (text: string) => ({ type: 'output_text', text });
		const body = {
			object: 'response',
			status: 'incomplete',
			incomplete_details: { reason: 'max_output_tokens' },
			output: [
				{ type: 'reasoning', summary: [], content: [part('not for the reader')] },
				{ type: 'message', content: [part('a'), part('b')] },
				{ type: 'message', content: [part('c')] },
			],
		};
		expect(extractContent('/v1/responses', body)).toMatchObject({
			content: 'abc',
			finish_reason: 'max_output_tokens',
		});
	});

	it('reads a completion', () => {
		expect(extractContent('/v1/completions', bodies.completions)).toMatchObject({
			content: '\n\nThis is indeed a test',
			finish_reason: 'length',
		});
	});

	it('returns one vector for one input and all vectors, in order, for several', () => {
		expect(extractContent('/v1/embeddings', bodies.embedding)).toMatchObject({
			content: [0.0023064255, -0.009327292, -0.0028842222],
			finish_reason: null,
			model: 'text-embedding-ada-002',
			usage: { prompt_tokens: 8, total_tokens: 8 },
		});
		const data = [
			{ index: 1, embedding: [3, 4] },
			{ index: 0, embedding: [1, 2] },
		];
		expect(extractContent('/v1/embeddings', { data }).content).toEqual([
			[1, 2],
			[3, 4],
		]);
	});

	it('decodes base64 vectors to numbers', () => {
		const vector = [0.5, -2, 1.25];
		const embedding = Buffer.from(Float32Array.from(vector).buffer).toString('base64');
		const body = { data: [{ index: 0, embedding }] };
		expect(extractContent('/v1/embeddings', body).content).toEqual(vector);
	});

	it('keeps the text of a vector that is not a list of floats', () => {
		const body = { data: [{ index: 0, embedding: 'abc' }] };
		expect(extractContent('/v1/embeddings', body).content).toBe('abc');
	});

	it('returns the verdict of one input, and a list for several', () => {
		const [result] = bodies.moderation.results;
		expect(extractContent('/v1/moderations', bodies.moderation).content).toEqual(result);
		const two = { results: [result, result] };
		expect(extractContent('/v1/moderations', two).content).toEqual([result, result]);
	});

	it('returns one image, and a list for several', () => {
		expect(extractContent('/v1/images/generations', bodies.image)).toMatchObject({
			content: { b64_json: '...' },
			usage: { total_tokens: 100 },
		});
		const data = [{ url: 'a' }, { url: 'b' }];
		expect(extractContent('/v1/images/edits', { data }).content).toEqual(data);
	});

	it.each(Object.keys(bodies) as Array<keyof typeof bodies>)(
		'reads the body %s by its shape when the endpoint is unknown',
		(name) => {
			const known = {
				chat: '/v1/chat/completions',
				chatFunctions: '/v1/chat/completions',
				completions: '/v1/completions',
				moderation: '/v1/moderations',
				responses: '/v1/responses',
				responsesFunctions: '/v1/responses',
				responsesWebSearch: '/v1/responses',
				image: '/v1/images/generations',
				embedding: '/v1/embeddings',
			}[name];
			const asKnown = extractContent(known, bodies[name]);
			expect(extractContent('/v4/own', bodies[name])).toEqual(asKnown);
			expect(extractContent(known.replace('/v1', ''), bodies[name])).toEqual(asKnown);
			expect(asKnown.content).not.toEqual(bodies[name]);
		},
	);

	it('reads a body of two shapes as its endpoint says', () => {
		const body = { choices: [{ index: 0, text: 'text', message: { content: 'message' } }] };
		expect(extractContent('/v1/completions', body).content).toBe('text');
		expect(extractContent('/v1/chat/completions', body).content).toBe('message');
	});

	it('returns a body of an unknown shape whole', () => {
		const body = { model: 'rerank-1', results: [{ index: 0, relevance_score: 0.5 }] };
		expect(extractContent('/v1/rerank', body)).toMatchObject({ content: body, model: 'rerank-1' });
		expect(extractContent('/v1/rerank', 'text').content).toBe('text');
		expect(extractContent('/v1/rerank', undefined).content).toBeNull();
	});

	it.each([null, undefined, ''])(
		'reads a body by its shape without an endpoint, %j',
		(endpoint) => {
			expect(extractContent(endpoint, bodies.chat)).toEqual(
				extractContent('/v1/chat/completions', bodies.chat),
			);
			expect(extractContent(endpoint, { own: 1 }).content).toEqual({ own: 1 });
		},
	);

	it('has no content for an empty body of a known endpoint', () => {
		for (const endpoint of ['/v1/chat/completions', '/v1/embeddings', '/v1/moderations']) {
			expect(extractContent(endpoint, {}).content).toBeNull();
		}
	});
});
