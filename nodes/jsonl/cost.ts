/** The user's own prices. None are built in, because published prices change and sources differ. */
export interface Prices {
	/** The price of a million tokens without the batch discount, in any currency. */
	inputPerMillion: number;
	outputPerMillion: number;
}

export interface CostInput {
	requests: number;
	input_tokens: number;
	/** Null when not every request sets a limit: the output is then left out. */
	output_tokens: number | null;
	/** Without prices, all costs are null. */
	prices?: Prices;
}

export interface CostEstimate {
	requests: number;
	/** Input and output together. */
	estimated_tokens: number;
	/** In the currency of the prices; null without prices. */
	regular_cost: number | null;
	batch_cost: number | null;
	savings: number | null;
	/** How the figures were calculated, and what they leave out. */
	method: string;
}

/** The part of the price that a batch saves at OpenAI. */
const BATCH_DISCOUNT = 0.5;

/** What requests cost one by one and as a batch. The output counts with its limit. */
export function estimateCost(input: CostInput): CostEstimate {
	const { requests, input_tokens, output_tokens, prices } = input;
	const regular = prices
		? (input_tokens * prices.inputPerMillion + (output_tokens ?? 0) * prices.outputPerMillion) / 1e6
		: null;
	return {
		requests,
		estimated_tokens: input_tokens + (output_tokens ?? 0),
		regular_cost: withoutNoise(regular),
		batch_cost: withoutNoise(regular === null ? null : regular * (1 - BATCH_DISCOUNT)),
		savings: withoutNoise(regular === null ? null : regular * BATCH_DISCOUNT),
		method: methodOf(output_tokens, prices !== undefined),
	};
}

function methodOf(outputTokens: number | null, isPriced: boolean): string {
	return [
		'Input: one token for every four bytes of the prompts, without images, audio and files.',
		outputTokens === null
			? 'Output: not included, because not every request limits it.'
			: 'Output: the limits that the requests set.',
		isPriced
			? `Prices: as given, ${BATCH_DISCOUNT * 100}% less in a batch.`
			: 'No costs, because no prices were given.',
	].join(' ');
}

/** Rounds what floating point adds, as in 0.30000000000000004. */
function withoutNoise(value: number | null): number | null {
	return value === null ? null : Number(value.toPrecision(12));
}
