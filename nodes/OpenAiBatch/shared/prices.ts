import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { Prices } from '../../jsonl/cost';
import { batchCost } from '../../jsonl/cost';
import { isObject } from '../../jsonl/json';

/** The user's prices, in any currency, as the panel or an expression gives them. */
export interface PriceOptions {
	/** Only for operations that read usage: estimates do not know what will be cached. */
	cachedInputPricePerMillion?: unknown;
	inputPricePerMillion?: unknown;
	outputPricePerMillion?: unknown;
}

function priceField(
	name: keyof PriceOptions,
	displayName: string,
	description: string,
): INodeProperties {
	return {
		displayName,
		name,
		type: 'number',
		typeOptions: { numberPrecision: 4, minValue: 0 },
		default: 0,
		description,
	};
}

const DESCRIPTION =
	'The regular price, without the 50% batch discount. If you set a price, the output gets a cost field: the tokens used, at the batch price.';

export const inputPriceField = priceField(
	'inputPricePerMillion',
	'Input Price per Million Tokens',
	DESCRIPTION,
);

export const cachedInputPriceField = priceField(
	'cachedInputPricePerMillion',
	'Cached Input Price per Million Tokens',
	'The regular price of input that the service read from its prompt cache, without the 50% batch discount. Without this option, cached input counts at the input price, and the cost is too high. A price of 0 makes cached input free.',
);

export const outputPriceField = priceField(
	'outputPricePerMillion',
	'Output Price per Million Tokens',
	DESCRIPTION,
);

/** A price; undefined when there is none. @throws {NodeOperationError} for what is not a price */
function price(
	context: IExecuteFunctions,
	options: PriceOptions,
	{ displayName, name }: INodeProperties,
	itemIndex: number,
): number | undefined {
	const value = options[name as keyof PriceOptions];
	if (value === undefined || value === null || value === '') return undefined;
	const amount = Number(value);
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
 * The prices that were given; undefined without any above 0, when no costs are calculated.
 *
 * @throws {NodeOperationError} for a price that is not a number of at least 0
 */
export function pricesOf(
	context: IExecuteFunctions,
	options: PriceOptions,
	itemIndex: number,
): Prices | undefined {
	const inputPerMillion = price(context, options, inputPriceField, itemIndex) ?? 0;
	const cachedInputPerMillion = price(context, options, cachedInputPriceField, itemIndex);
	const outputPerMillion = price(context, options, outputPriceField, itemIndex) ?? 0;
	const prices = { inputPerMillion, cachedInputPerMillion, outputPerMillion };
	return Object.values(prices).some((amount) => (amount ?? 0) > 0) ? prices : undefined;
}

/**
 * The cost of the tokens of a batch, or of one of its answers: at the batch price, which is half,
 * in the currency of the prices. It leaves out what `usage` does not price: surcharges for writing
 * to the cache and for very long prompts.
 *
 * @param usage as the API sends it, with the field names of any endpoint
 * @returns null when the usage has no token counts
 */
export function costOf(usage: unknown, prices: Prices): number | null {
	if (!isObject(usage)) return null;
	const input = usage.input_tokens ?? usage.prompt_tokens;
	const output = usage.output_tokens ?? usage.completion_tokens ?? 0;
	if (typeof input !== 'number' || typeof output !== 'number') return null;
	const details = [usage.input_tokens_details, usage.prompt_tokens_details].find(isObject);
	const cached = typeof details?.cached_tokens === 'number' ? details.cached_tokens : 0;
	// A server that counts more cached tokens than tokens must not make the rest negative.
	const cachedInput = Math.min(Math.max(cached, 0), input);
	return batchCost({ input, cachedInput, output }, prices);
}
