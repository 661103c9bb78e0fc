import {
	addTokens,
	endpointOf,
	ENDPOINTS,
	estimateTokens,
	NO_TOKENS,
} from '../../../nodes/endpoints';
import { makeBody } from '../../../nodes/endpoints/body';

const tokens = (body: object, endpoint?: string) =>
	estimateTokens({ ...body }, endpointOf(endpoint));

describe('estimateTokens', () => {
	const text = 'abcd'.repeat(25);

	it.each([
		['input', { input: text }, 25],
		['several inputs', { input: [text, text] }, 50],
		['tokens', { input: [5, 6, 7] }, 3],
		['lists of tokens', { input: [[5, 6], [7]] }, 3],
		['prompt', { prompt: text }, 25],
		['messages', { messages: [{ role: 'user', content: text }] }, 26],
		['message parts', { messages: [{ content: [{ type: 'text', text }] }] }, 25],
		['instructions', { instructions: text, input: [{ role: 'user', content: text }] }, 51],
		['nothing', { model: 'm', user: text, metadata: { text } }, 0],
	])('counts a token for four bytes of %s', (_, body, expected) => {
		expect(tokens(body).input_tokens).toBe(expected);
	});

	it('counts bytes, since other scripts need more tokens for a character', () => {
		expect(tokens({ input: '日本語日本語日本' }).input_tokens).toBe(6);
	});

	it('does not count pictures of no known size, sound and files, and says how many', () => {
		const url = `data:image/png;base64,${'A'.repeat(4_000)}`;
		const content = [
			{ type: 'image_url', image_url: { url } },
			{ type: 'input_image', image_url: url },
			{ type: 'input_audio', input_audio: { data: url } },
			{ type: 'file', file: { file_data: url } },
			{ type: 'text', text },
		];
		expect(tokens({ messages: [{ content }] })).toEqual({
			input_tokens: 25,
			output_tokens: null,
			attachments_not_estimated: 4,
		});
		expect(tokens({ prompt: text, images: [{ file_id: 'a' }, {}], mask: {} })).toMatchObject({
			input_tokens: 25,
			attachments_not_estimated: 3,
		});
	});

	it('counts tools and schemas with their keys', () => {
		const schema = { type: 'object', properties: { name: { type: 'string' } } };
		const body = { input: text, text: { format: { type: 'json_schema', schema } } };
		expect(tokens(body).input_tokens).toBeGreaterThan(25 + 20);
	});

	it('takes the limit of the output, for every choice', () => {
		expect(tokens({ max_completion_tokens: 100 }).output_tokens).toBe(100);
		expect(tokens({ max_tokens: 100, n: 3 }).output_tokens).toBe(300);
		expect(tokens({ max_output_tokens: 100 }).output_tokens).toBe(100);
		expect(tokens({}).output_tokens).toBeNull();
	});

	it('expects no output of embeddings and moderations', () => {
		expect(tokens({ input: text }, '/v1/embeddings').output_tokens).toBe(0);
		expect(tokens({ input: text }, '/moderations').output_tokens).toBe(0);
		expect(tokens({ input: text }, '/v1/responses').output_tokens).toBeNull();
	});

	it('reads only the fields of a known endpoint', () => {
		const body = { input: text, messages: [{ content: text }], max_output_tokens: 7 };
		expect(tokens(body, '/v1/chat/completions')).toEqual({
			...NO_TOKENS,
			input_tokens: 25,
			output_tokens: null,
		});
		expect(tokens(body, '/responses')).toEqual({
			...NO_TOKENS,
			input_tokens: 25,
			output_tokens: 7,
		});
		expect(tokens(body, '/v1/own')).toEqual({
			...NO_TOKENS,
			input_tokens: 50,
			output_tokens: 7,
		});
	});

	it.each(ENDPOINTS.map((endpoint) => [endpoint.path, endpoint] as const))(
		'finds the prompt in a body for %s',
		(_path, endpoint) => {
			const options = { jsonSchemaStrict: true, attachments: [], additionalFields: { images: [] } };
			const body = makeBody(endpoint, { model: 'm', prompt: text, options });
			expect(estimateTokens(body, endpoint).input_tokens).toBeGreaterThanOrEqual(25);
		},
	);

	it('finds the limit that the option Max Tokens sets', () => {
		const limited = ENDPOINTS.filter(({ options }) => options.includes('maxTokens'));
		expect(limited).not.toEqual([]);
		for (const endpoint of limited) {
			const options = { jsonSchemaStrict: true, maxTokens: 70 };
			const body = makeBody(endpoint, { model: 'm', prompt: text, options });
			expect(estimateTokens(body, endpoint).output_tokens).toBe(70);
		}
	});
});

describe('addTokens', () => {
	const some = { input_tokens: 1, output_tokens: 10, attachments_not_estimated: 2 };

	it('adds up what each request has', () => {
		expect(addTokens(NO_TOKENS, some)).toEqual(some);
		expect(addTokens(some, some)).toEqual({
			input_tokens: 2,
			output_tokens: 20,
			attachments_not_estimated: 4,
		});
	});

	it('has no limit of the output as soon as one request has none', () => {
		const open = { input_tokens: 1, output_tokens: null, attachments_not_estimated: 0 };
		expect(addTokens(open, some).output_tokens).toBeNull();
		expect(addTokens(some, open).output_tokens).toBeNull();
	});
});
