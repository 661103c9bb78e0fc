/** The user's own prices. None are built in, because published prices change and sources differ. */
export interface Prices {
	/** The price of a million tokens without the batch discount, in any currency. */
	inputPerMillion: number;
	/** The same for input that the service read from its prompt cache; absent: as other input. */
	cachedInputPerMillion?: number;
	outputPerMillion: number;
}

/** Tokens that were used. */
export interface UsedTokens {
	/** All input, cached input included. */
	input: number;
	cachedInput: number;
	output: number;
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

/**
 * What requests will cost one by one and as a batch, as an estimate. The output counts with its
 * limit. How much of the input will be cached is not known before, so none of it counts as cached.
 */
export function estimateCost(input: CostInput): CostEstimate {
	const { requests, input_tokens, output_tokens, prices } = input;
	const output = output_tokens ?? 0;
	const regular = prices
		? regularCost({ input: input_tokens, cachedInput: 0, output }, prices)
		: null;
	return {
		requests,
		estimated_tokens: input_tokens + output,
		regular_cost: withoutNoise(regular),
		batch_cost: withoutNoise(regular === null ? null : regular * (1 - BATCH_DISCOUNT)),
		savings: withoutNoise(regular === null ? null : regular * BATCH_DISCOUNT),
		method: methodOf(output_tokens, prices !== undefined),
	};
}

/** What tokens cost that were used in a batch, in the currency of the prices. */
export function batchCost(tokens: UsedTokens, prices: Prices): number {
	return withoutNoise(regularCost(tokens, prices) * (1 - BATCH_DISCOUNT));
}

/** Each token counts once: cached input at its own price, the rest of the input at the other. */
function regularCost({ input, cachedInput, output }: UsedTokens, prices: Prices): number {
	const { inputPerMillion, cachedInputPerMillion = inputPerMillion, outputPerMillion } = prices;
	const inputCost = (input - cachedInput) * inputPerMillion + cachedInput * cachedInputPerMillion;
	return (inputCost + output * outputPerMillion) / 1e6;
}

function methodOf(outputTokens: number | null, isPriced: boolean): string {
	return [
		'Input: one token for every four bytes of the prompts, without images, audio and files.',
		outputTokens === null
			? 'Output: not included, because not every request limits it.'
			: 'Output: the limits that the requests set.',
		isPriced
			? `Prices: as given, ${BATCH_DISCOUNT * 100}% less in a batch. All input counts at the full input price, because cached input is known only after the run.`
			: 'No costs, because no prices were given.',
	].join(' ');
}

/** Rounds what floating point adds, as in 0.30000000000000004. */
function withoutNoise<Value extends number | null>(value: Value): Value {
	return (value === null ? null : Number(value.toPrecision(12))) as Value;
}
