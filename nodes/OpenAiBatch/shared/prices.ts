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
			'The regular price, without the 50% batch discount. If you set a price, the output gets a cost field: the tokens used, at the batch price.',
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
	throw new NodeOperationError(
		context.getNode(),
		`${displayName} has to be a number of at least 0`,
		{
			itemIndex,
			description: 'Enter the regular price of a million tokens, without the batch discount.',
		},
	);
}

/**
 * The prices that were given; undefined without any, when no costs are calculated.
 *
 * @throws {NodeOperationError} for a price that is not a number of at least 0
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
 * The cost of the tokens of a batch, or of one of its answers: at the batch price, which is half,
 * in the currency of the prices. Cached tokens are counted at the full price of input.
 *
 * @param usage as the API sends it, with the field names of any endpoint
 * @returns null when the usage has no token counts
 */
export function costOf(usage: unknown, prices: Prices): number | null {
	if (!isObject(usage)) return null;
	const input = usage.input_tokens ?? usage.prompt_tokens;
	const output = usage.output_tokens ?? usage.completion_tokens ?? 0;
	if (typeof input !== 'number' || typeof output !== 'number') return null;
	const tokens = { input_tokens: input, output_tokens: output };
	return estimateCost({ requests: 1, ...tokens, prices }).batch_cost;
}
