import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { Prices } from '../../jsonl/cost';
import { estimateCost } from '../../jsonl/cost';
import { isObject } from '../../jsonl/json';

/** The user's prices, in any currency, as the panel or an expression gives them. */
export interface PriceOptions {
	inputPricePerMillion?: unknown;
	outputPricePerMillion?: unknown;
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

function price(
	context: IExecuteFunctions,
	value: unknown,
	{ displayName }: INodeProperties,
	itemIndex: number,
): number {
	const amount = value === '' || value === null ? 0 : Number(value ?? 0);
	if (amount >= 0 && Number.isFinite(amount)) return amount;
	throw new NodeOperationError(context.getNode(), `${displayName} has to be a number`, {
		itemIndex,
		description: 'It is the price of a million tokens without the batch discount.',
	});
}

/**
 * The prices that were given; undefined without any, when no costs are to be told.
 *
 * @throws {NodeOperationError} for what is not a number
 */
export function pricesOf(
	context: IExecuteFunctions,
	options: PriceOptions,
	itemIndex: number,
): Prices | undefined {
	const inputPerMillion = price(context, options.inputPricePerMillion, inputPriceField, itemIndex);
	const outputPerMillion = price(
		context,
		options.outputPricePerMillion,
		outputPriceField,
		itemIndex,
	);
	return inputPerMillion + outputPerMillion > 0 ? { inputPerMillion, outputPerMillion } : undefined;
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
