import type { INodeProperties } from 'n8n-workflow';
import type { Prices } from '../../jsonl/cost';
import { estimateCost } from '../../jsonl/cost';
import { isObject } from '../../jsonl/json';

/** The user's prices, in any currency; both are given without the batch discount. */
export interface PriceOptions {
	inputPricePerMillion?: number;
	outputPricePerMillion?: number;
}

function priceField(name: keyof PriceOptions, displayName: string): INodeProperties {
	return {
		displayName,
		name,
		type: 'number',
		typeOptions: { numberPrecision: 4, minValue: 0 },
		default: 0,
		description:
			'Without the batch discount, which is half; adds what it cost by the tokens used, as cost',
	};
}

export const inputPriceField = priceField('inputPricePerMillion', 'Input Price per Million Tokens');
export const outputPriceField = priceField(
	'outputPricePerMillion',
	'Output Price per Million Tokens',
);

/** The prices that were given; undefined without any, when no costs are to be told. */
export function pricesOf(options: PriceOptions): Prices | undefined {
	const { inputPricePerMillion: input, outputPricePerMillion: output } = options;
	if (input === undefined && output === undefined) return undefined;
	return { inputPerMillion: Number(input ?? 0), outputPerMillion: Number(output ?? 0) };
}

/**
 * What the tokens of a batch, or of one of its answers, cost: at the batch price, which is half,
 * in the currency of the prices. Cached tokens count in full, so it is the most that it can be.
 *
 * @param usage as the API sends it, in the words of any endpoint
 * @returns null where no tokens are told
 */
export function costOf(usage: unknown, prices: Prices): number | null {
	if (!isObject(usage)) return null;
	const input = usage.input_tokens ?? usage.prompt_tokens;
	const output = usage.output_tokens ?? usage.completion_tokens ?? 0;
	if (typeof input !== 'number' || typeof output !== 'number') return null;
	const tokens = { input_tokens: input, output_tokens: output };
	return estimateCost({ requests: 1, ...tokens, prices }).batch_cost;
}
