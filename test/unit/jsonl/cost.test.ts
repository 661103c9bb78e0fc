import { estimateCost } from '../../../nodes/jsonl/cost';
import { estimateTokens } from '../../../nodes/endpoints/tokens';

const tokens = (body: object, endpoint?: string) => estimateTokens({ ...body }, endpoint);

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

	it('does not count pictures, sound and files', () => {
		const url = `data:image/png;base64,${'A'.repeat(4_000)}`;
		const content = [
			{ type: 'image_url', image_url: { url } },
			{ type: 'input_image', image_url: url },
			{ type: 'input_audio', input_audio: { data: url } },
			{ type: 'file', file: { file_data: url } },
			{ type: 'text', text },
		];
		expect(tokens({ messages: [{ content }] }).input_tokens).toBe(25);
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
});

describe('estimateCost', () => {
	const usage = { requests: 2, input_tokens: 1_000_000, output_tokens: 500_000 };
	const prices = { inputPerMillion: 0.1, outputPerMillion: 0.4 };

	it('halves the price for a batch', () => {
		expect(estimateCost({ ...usage, prices })).toMatchObject({
			requests: 2,
			estimated_tokens: 1_500_000,
			regular_cost: 0.3,
			batch_cost: 0.15,
			savings: 0.15,
			method: expect.stringContaining('50% less in a batch') as string,
		});
	});

	it('takes another discount', () => {
		const other = { ...prices, batchDiscount: 0.25 };
		expect(estimateCost({ ...usage, prices: other })).toMatchObject({
			regular_cost: 0.3,
			batch_cost: 0.225,
			savings: 0.075,
		});
	});

	it('has no costs without prices, and says why', () => {
		expect(estimateCost(usage)).toMatchObject({
			estimated_tokens: 1_500_000,
			regular_cost: null,
			batch_cost: null,
			savings: null,
			method: expect.stringContaining('no prices were given') as string,
		});
	});

	it('says when the output is not included', () => {
		expect(estimateCost({ ...usage, output_tokens: null, prices })).toMatchObject({
			estimated_tokens: 1_000_000,
			regular_cost: 0.1,
			method: expect.stringContaining('Output: not included') as string,
		});
	});
});
