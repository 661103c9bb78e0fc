import { estimateCost } from '../../../nodes/jsonl/cost';

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
