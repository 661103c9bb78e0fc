import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { TokenEstimate } from '../../../endpoints';
import type { PartLimits } from '../../../jsonl/split';
import { batchExpiries, completionWindow, roomLimits } from '../../shared/batchOptions';
import { isUnset, optionalText, wholeNumber } from '../../shared/fields';
import type { CostEstimate, Prices } from '../../shared/prices';
import { estimateCost, pricesOf } from '../../shared/prices';

/** The options of Submit, checked and in the units of the API. */
export interface SubmitOptions {
	completionWindow: string;
	dryRun: boolean;
	/** Without its ending. */
	fileName: string;
	/** Seconds. */
	inputExpiresAfter: number | undefined;
	outputExpiresAfter: number | undefined;
	/** Names of fields of the rows; undefined for none. */
	keepFields: string[] | undefined;
	limits: PartLimits;
	ceilings: Ceilings;
	/** How much of the queue of a model the submission may fill; undefined without a limit. */
	room: ReturnType<typeof roomLimits>;
	/** As given; see `SubmittedItems`. */
	simplify: unknown;
	/** For estimates; undefined where no price was given. */
	prices: Prices | undefined;
	/** As given; see `SubmissionChoices`. */
	submissionKey: unknown;
	createWithoutSearch: unknown;
}

const DEFAULT_FILE_NAME = 'n8n-batch';

/** The beginning of the files' names, without what a form or a file system takes as structure. */
function fileName(context: IExecuteFunctions, value: unknown): string {
	const given = optionalText(context, value, { displayName: 'File Name', itemIndex: 0 });
	const name = (given ?? DEFAULT_FILE_NAME).replace(/\.jsonl$/i, '');
	return name.replace(/[\p{Cc}"/\\]+/gu, '-').trim() || DEFAULT_FILE_NAME;
}

export const keepFieldsField: INodeProperties = {
	displayName: 'Keep Fields',
	name: 'keepFields',
	type: 'string',
	default: '',
	placeholder: 'e.g. title, year',
	description:
		'Fields of the items, or columns of the rows, that come back with the answers: names separated by commas, or * for all. Get Results returns them with Include Row. They are stored at the service in a second file beside the requests, which expires together with them. Do not keep fields that may not leave your systems.',
};

/** The names of the fields to keep. @throws {NodeOperationError} for what is no list of names */
function fieldNames(context: IExecuteFunctions, value: unknown): string[] | undefined {
	if (isUnset(value)) return undefined;
	const given: unknown = typeof value === 'string' ? value.split(',') : value;
	if (Array.isArray(given) && given.every((name) => typeof name === 'string')) {
		const names = given.map((name) => name.trim()).filter((name) => name !== '');
		return names.length > 0 ? names : undefined;
	}
	throw new NodeOperationError(context.getNode(), 'Keep Fields has to be text or a list of texts', {
		itemIndex: 0,
		description: 'Enter the names of fields, separated by commas, or * for all fields.',
	});
}

/**
 * Reads the options, once for the whole submission.
 *
 * @throws {NodeOperationError} for what an expression gave that cannot be meant
 */
export function submitOptions(context: IExecuteFunctions): SubmitOptions {
	const raw = context.getNodeParameter('options', 0, {}) as IDataObject;
	const limit = (value: unknown, displayName: string) =>
		wholeNumber(context, value, { displayName, min: 1, itemIndex: 0 });
	return {
		completionWindow: completionWindow(context, raw.completionWindow, 0),
		dryRun: raw.dryRun === true,
		fileName: fileName(context, raw.fileName),
		...batchExpiries(context, raw, 0),
		keepFields: fieldNames(context, raw.keepFields),
		limits: {
			maxRequests: limit(raw.maxRequestsPerBatch, 'Max Requests per Batch'),
			maxBytes: limit(raw.maxBytesPerBatch, 'Max Bytes per Batch'),
			maxTokens: limit(raw.maxTokensPerBatch, 'Max Tokens per Batch'),
		},
		ceilings: ceilingsOf(context, raw),
		room: roomLimits(context, raw),
		simplify: raw.simplify,
		prices: pricesOf(context, raw, 0),
		submissionKey: raw.submissionKey,
		createWithoutSearch: raw.createWithoutSearch,
	};
}

/** What a submission may be estimated at, at most; undefined where there is no limit. */
interface Ceilings {
	/** Input and output together. */
	maxTotalTokens: number | undefined;
	/** At the batch price, in the currency of the prices. */
	maxCost: number | undefined;
}

const REFUSED = 'A submission above it is refused as a whole, before anything is uploaded.';

export const maxCostField: INodeProperties = {
	displayName: 'Max Cost',
	name: 'maxCost',
	type: 'number',
	typeOptions: { minValue: 0, numberPrecision: 4 },
	default: 10,
	description: `The most that the whole submission may cost by the estimate, at the batch price. It needs the prices, and Max Tokens where text is generated. ${REFUSED}`,
};

export const maxTotalTokensField: INodeProperties = {
	displayName: 'Max Total Tokens',
	name: 'maxTotalTokens',
	type: 'number',
	typeOptions: { minValue: 1 },
	default: 1000000,
	description: `The most tokens, input and output, that the whole submission may have by the estimate. It needs Max Tokens where text is generated. ${REFUSED}`,
};

/** Reads the ceilings of a submission. @throws {NodeOperationError} for what is no such number */
function ceilingsOf(context: IExecuteFunctions, raw: IDataObject): Ceilings {
	return {
		maxTotalTokens: wholeNumber(context, raw.maxTotalTokens, {
			displayName: 'Max Total Tokens',
			min: 1,
			itemIndex: 0,
		}),
		maxCost: costOf(context, raw.maxCost),
	};
}

function costOf(context: IExecuteFunctions, value: unknown): number | undefined {
	if (isUnset(value)) return undefined;
	const cost = typeof value === 'string' ? Number(value) : value;
	if (typeof cost === 'number' && Number.isFinite(cost) && cost >= 0) return cost;
	throw new NodeOperationError(context.getNode(), 'Max Cost has to be a number of at least 0', {
		itemIndex: 0,
	});
}

/** The whole submission, by the estimate. */
export interface SubmissionEstimate extends TokenEstimate {
	requests: number;
	prices: Prices | undefined;
}

const lackOfPrice = (of: string) =>
	`its ${of.toLowerCase()} has no price. Add the option ${of} Price per Million Tokens.`;

/** Why an estimate cannot be held to a ceiling, and what to do; undefined when it can. */
function lackOf(
	{ input_tokens, output_tokens, attachments_not_estimated, prices }: SubmissionEstimate,
	name: string,
) {
	if (name === 'Max Cost') {
		if (prices === undefined) {
			return 'there are no prices. Add the options Input Price and Output Price per Million Tokens.';
		}
		if (prices.inputPerMillion === 0 && input_tokens > 0) return lackOfPrice('Input');
		if (prices.outputPerMillion === 0 && output_tokens !== 0) return lackOfPrice('Output');
	}
	if (output_tokens === null) {
		return 'not every request limits its output. Add the request option Max Tokens.';
	}
	if (attachments_not_estimated > 0) {
		return `${attachments_not_estimated} attachments cannot be estimated: only images in binary fields can, of models whose rules are published.`;
	}
	return undefined;
}

/**
 * Why a submission is refused by its ceilings, with the figures; undefined when it is within them.
 * What cannot be estimated is not within them.
 */
export function overCeiling(
	estimate: SubmissionEstimate,
	{ maxCost, maxTotalTokens }: Ceilings,
): { message: string; description: string } | undefined {
	const { estimated_tokens: tokens, batch_cost: cost, method } = estimateCost(estimate);
	const limits: Array<[name: string, max: number | undefined, value: number | null, what: string]> =
		[
			['Max Total Tokens', maxTotalTokens, tokens, `${tokens} tokens`],
			['Max Cost', maxCost, cost, `a cost of ${cost}`],
		];
	for (const [name, max, value, what] of limits) {
		if (max === undefined) continue;
		const lack = lackOf(estimate, name);
		if (lack !== undefined) {
			return {
				message: `${name} cannot be checked, because the submission cannot be estimated`,
				description: `Nothing was sent: ${lack} Or remove ${name}.`,
			};
		}
		if (value === null || value <= max) continue;
		return {
			message: `The submission is estimated at ${what}, more than ${name} allows: ${max}`,
			description: `Nothing was sent. Submit fewer requests, or raise ${name}. ${method}`,
		};
	}
	return undefined;
}

/** What a dry run says about the whole submission and its ceilings, where there are any. */
export function ceilingFields(
	cost: Pick<CostEstimate, 'estimated_tokens' | 'batch_cost'>,
	{ maxCost, maxTotalTokens }: Ceilings,
): IDataObject {
	return {
		...(maxTotalTokens !== undefined && {
			total_tokens: cost.estimated_tokens,
			max_total_tokens: maxTotalTokens,
		}),
		...(maxCost !== undefined && { total_cost: cost.batch_cost, max_cost: maxCost }),
	};
}
