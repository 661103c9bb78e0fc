import { batchCost, estimateCost } from '../../../nodes/OpenAiBatch/shared/prices';

describe('estimateCost', () => {
	const usage = {
		requests: 2,
		input_tokens: 1_000_000,
		output_tokens: 500_000,
		attachments_not_estimated: 0,
	};
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

	it('says how many attachments are not included', () => {
		expect(estimateCost(usage).method).not.toContain('attachments');
		const { method, ...costs } = estimateCost({ ...usage, attachments_not_estimated: 3 });
		expect(costs).toMatchObject({ attachments_not_estimated: 3, estimated_tokens: 1_500_000 });
		expect(method).toContain('Not included: 3 attachments');
	});

	it('does not know cached input before the run, and says so', () => {
		const cachedInputPerMillion = 0.01;
		const priced = estimateCost({ ...usage, prices: { ...prices, cachedInputPerMillion } });
		expect(priced).toEqual(estimateCost({ ...usage, prices }));
		expect(priced.method).toMatch(/cached input is known only after the run/);
		expect(estimateCost(usage).method).not.toMatch(/cached/);
	});
});

describe('batchCost', () => {
	it('counts each token once, at half the price', () => {
		const prices = { inputPerMillion: 4, cachedInputPerMillion: 1, outputPerMillion: 8 };
		const tokens = { input: 1_000_000, cachedInput: 500_000, output: 250_000 };
		expect(batchCost(tokens, prices)).toBe(2.25);
		expect(batchCost({ ...tokens, cachedInput: 0 }, prices)).toBe(3);
		expect(
			batchCost(
				{ input: 1, cachedInput: 0, output: 2 },
				{ inputPerMillion: 0.1, outputPerMillion: 0.1 },
			),
		).toBe(1.5e-7);
	});
});
