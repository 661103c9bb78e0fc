import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { isUnset } from './fields';
import { isObject } from '../../jsonl/json';

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
	attachments_not_estimated: number;
	/** Without prices, all costs are null. */
	prices?: Prices;
}

export interface CostEstimate {
	requests: number;
	/** Input and output together. */
	estimated_tokens: number;
	/** How many images, files and sounds are not among the tokens. */
	attachments_not_estimated: number;
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
	const { requests, input_tokens, output_tokens, attachments_not_estimated, prices } = input;
	const output = output_tokens ?? 0;
	const regular = prices
		? regularCost({ input: input_tokens, cachedInput: 0, output }, prices)
		: null;
	return {
		requests,
		estimated_tokens: input_tokens + output,
		attachments_not_estimated,
		regular_cost: withoutNoise(regular),
		batch_cost: withoutNoise(regular === null ? null : regular * (1 - BATCH_DISCOUNT)),
		savings: withoutNoise(regular === null ? null : regular * BATCH_DISCOUNT),
		method: methodOf(input),
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

function methodOf({ output_tokens, attachments_not_estimated: left, prices }: CostInput): string {
	return [
		'Input: one token for every four bytes of the prompts; inline images by the published rules of the model.',
		...(left > 0
			? [`Not included: ${left} attachments (files, audio, images by address, other models).`]
			: []),
		output_tokens === null
			? 'Output: not included, because not every request limits it.'
			: 'Output: the limits that the requests set.',
		prices
			? `Prices: as given, ${BATCH_DISCOUNT * 100}% less in a batch. All input counts at the full input price, because cached input is known only after the run.`
			: 'No costs, because no prices were given.',
	].join(' ');
}

/** Rounds what floating point adds, as in 0.30000000000000004. */
function withoutNoise<Value extends number | null>(value: Value): Value {
	return (value === null ? null : Number(value.toPrecision(12))) as Value;
}

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
	if (isUnset(value)) return undefined;
	const amount = typeof value === 'string' ? Number(value) : value;
	if (typeof amount === 'number' && amount >= 0 && Number.isFinite(amount)) return amount;
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
