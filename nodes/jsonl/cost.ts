/** The user's own prices: published ones drift and sources disagree, so none are built in. */
export interface Prices {
	/** Price of a million tokens without the discount, in any currency. */
	inputPerMillion: number;
	outputPerMillion: number;
	/** The part of the price that a batch saves; half of it unless told otherwise. */
	batchDiscount?: number;
}

export interface CostInput {
	requests: number;
	input_tokens: number;
	/** Null when requests set no limit: their output is then left out. */
	output_tokens: number | null;
	/** Costs are null without prices. */
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
	/** How the figures came about, and what they leave out. */
	method: string;
}

/** OpenAI charges half for a batch. */
const BATCH_DISCOUNT = 0.5;

/**
 * What requests cost one by one and as a batch. The output counts with its limit, as the most
 * that it can cost; an input count comes from `estimateTokens`.
 */
export function estimateCost(input: CostInput): CostEstimate {
	const { requests, input_tokens, output_tokens, prices } = input;
	const discount = prices?.batchDiscount ?? BATCH_DISCOUNT;
	const regular = prices
		? (input_tokens * prices.inputPerMillion + (output_tokens ?? 0) * prices.outputPerMillion) / 1e6
		: null;
	return {
		requests,
		estimated_tokens: input_tokens + (output_tokens ?? 0),
		regular_cost: withoutNoise(regular),
		batch_cost: withoutNoise(regular === null ? null : regular * (1 - discount)),
		savings: withoutNoise(regular === null ? null : regular * discount),
		method: methodOf(output_tokens, prices === undefined ? undefined : discount),
	};
}

function methodOf(outputTokens: number | null, discount: number | undefined): string {
	return [
		'Input: one token for every four bytes of the prompts, without images, audio and files.',
		outputTokens === null
			? 'Output: not included, since not every request limits it.'
			: 'Output: the limits that the requests set, as the most that can be generated.',
		discount === undefined
			? 'No costs, since no prices were given.'
			: `Prices: as given, ${withoutNoise(discount * 100)}% less in a batch.`,
	].join(' ');
}

/** 0.30000000000000004 is noise of floating point, not money. */
function withoutNoise(value: number | null): number | null {
	return value === null ? null : Number(value.toPrecision(12));
}
