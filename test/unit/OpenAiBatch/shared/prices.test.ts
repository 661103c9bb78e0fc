import fc from 'fast-check';
import type { IExecuteFunctions, INode } from 'n8n-workflow';
import { costOf, pricesOf } from '../../../../nodes/OpenAiBatch/shared/prices';

const context = { getNode: () => ({ name: 'Node' }) as INode } as IExecuteFunctions;

describe('the cost of tokens that were used', () => {
	const prices = { inputPerMillion: 4, cachedInputPerMillion: 0.4, outputPerMillion: 12 };

	it('counts cached input at its own price, and all at the batch price', () => {
		const usage = {
			input_tokens: 1_000_000,
			input_tokens_details: { cached_tokens: 750_000 },
			output_tokens: 100_000,
		};
		// (250,000 × 4 + 750,000 × 0.4 + 100,000 × 12) / 1,000,000, half of it.
		expect(costOf(usage, prices)).toBe(1.25);
		const chat = {
			prompt_tokens: 1_000_000,
			prompt_tokens_details: { cached_tokens: 750_000 },
			completion_tokens: 100_000,
		};
		expect(costOf(chat, prices)).toBe(1.25);
	});

	it('counts cached input like other input without a price of its own', () => {
		const usage = { input_tokens: 1_000_000, input_tokens_details: { cached_tokens: 750_000 } };
		expect(costOf(usage, { inputPerMillion: 4, outputPerMillion: 12 })).toBe(2);
	});

	it.each([
		null,
		undefined,
		{},
		{ cached_tokens: null },
		{ cached_tokens: '5' },
		{ cached_tokens: -5 },
	])('has no cached input with the details %j', (input_tokens_details) => {
		expect(costOf({ input_tokens: 1_000_000, input_tokens_details }, prices)).toBe(2);
	});

	it('is null without counts', () => {
		for (const usage of [null, undefined, {}, 'many', { input_tokens: '5' }]) {
			expect(costOf(usage, prices)).toBeNull();
		}
	});

	it('is that of a plain model for any usage and prices', () => {
		const tokens = fc.integer({ min: 0, max: 50_000_000 });
		const price = fc.integer({ min: 0, max: 1_000_000 }).map((amount) => amount / 10_000);
		const optional = fc.option(price, { nil: undefined });
		fc.assert(
			fc.property(
				fc.record({ input: tokens, cached: tokens, output: tokens, isChat: fc.boolean() }),
				fc.record({ input: price, cached: optional, output: price }),
				({ input, cached, output, isChat }, given) => {
					const details = { cached_tokens: cached, cache_write_tokens: 1, audio_tokens: 0 };
					const usage = isChat
						? { prompt_tokens: input, prompt_tokens_details: details, completion_tokens: output }
						: { input_tokens: input, input_tokens_details: details, output_tokens: output };
					const cost = costOf(usage, {
						inputPerMillion: given.input,
						cachedInputPerMillion: given.cached,
						outputPerMillion: given.output,
					});
					// In whole numbers, one kind of token after the other: no token may count twice.
					const inTenThousandths = (amount: number) => BigInt(Math.round(amount * 10_000));
					const cachedTokens = cached > input ? input : cached;
					const total =
						BigInt(cachedTokens) * inTenThousandths(given.cached ?? given.input) +
						BigInt(input - cachedTokens) * inTenThousandths(given.input) +
						BigInt(output) * inTenThousandths(given.output);
					expect(cost).toBeCloseTo(Number(total) / 1e10 / 2, 5);
				},
			),
			{ numRuns: 1_000 },
		);
	});
});

describe('the prices that a user gives', () => {
	const given = (options: object) => pricesOf(context, options, 0);

	it('are those that are set, and a price of 0 makes cached input free', () => {
		expect(given({ inputPricePerMillion: 4 })).toEqual({ inputPerMillion: 4, outputPerMillion: 0 });
		expect(given({ inputPricePerMillion: '4', cachedInputPricePerMillion: 0 })).toEqual({
			inputPerMillion: 4,
			cachedInputPerMillion: 0,
			outputPerMillion: 0,
		});
	});

	it.each([undefined, null, '', ' ', '\n'])('have none for cached input when it is %j', (value) => {
		const prices = given({ inputPricePerMillion: 4, cachedInputPricePerMillion: value });
		expect(prices?.cachedInputPerMillion).toBeUndefined();
	});

	it('are none when no price is above 0', () => {
		expect(given({})).toBeUndefined();
		expect(given({ inputPricePerMillion: 0, cachedInputPricePerMillion: 0 })).toBeUndefined();
		expect(given({ cachedInputPricePerMillion: 1 })).toMatchObject({ cachedInputPerMillion: 1 });
	});

	it('are refused by name when they are not prices', () => {
		for (const value of [-1, 'cheap', NaN, Infinity, {}, [], [5], true]) {
			expect(() => given({ cachedInputPricePerMillion: value })).toThrow(
				'Cached Input Price per Million Tokens has to be a number of at least 0',
			);
		}
	});
});
