import type { IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { Prices } from '../../../jsonl/cost';
import type { PriceOptions } from '../../shared/prices';
import { pricesOf } from '../../shared/prices';
import type { ResultStatus } from './resultItem';

interface RawOptions extends PriceOptions {
	deleteFiles?: boolean;
	followRetries?: boolean;
	imagesAsBinary?: boolean;
	include?: ResultStatus[];
	includeRequest?: boolean;
	limit?: unknown;
	offset?: unknown;
	parseJson?: boolean;
	simplify?: boolean;
}

export interface GetResultsOptions {
	deleteFiles: boolean;
	followRetries: boolean;
	imagesAsBinary: boolean;
	include: ReadonlySet<ResultStatus>;
	includeRequest: boolean;
	limit: number;
	offset: number;
	parseJson: boolean;
	prices: Prices | undefined;
	simplify: boolean;
}

const ALL_STATUSES: ResultStatus[] = ['succeeded', 'failed', 'expired', 'cancelled', 'missing'];

/** A count that was set. Anything but a whole number would leave results out. */
function count(
	context: IExecuteFunctions,
	value: unknown,
	[displayName, min]: [string, number],
	itemIndex: number,
): number | undefined {
	if (value === undefined || value === null || value === '') return undefined;
	const number = Number(value);
	if (Number.isInteger(number) && number >= min) return number;
	throw new NodeOperationError(
		context.getNode(),
		`${displayName} has to be a whole number of at least ${min}`,
		{ itemIndex },
	);
}

/** The options of Get Results for an item. @throws {NodeOperationError} when two contradict */
export function getResultsOptions(
	context: IExecuteFunctions,
	itemIndex: number,
): GetResultsOptions {
	const raw = context.getNodeParameter('options', itemIndex, {}) as RawOptions;
	const limit = count(context, raw.limit, ['Limit', 1], itemIndex) ?? Infinity;
	const offset = count(context, raw.offset, ['Offset', 0], itemIndex) ?? 0;
	if (raw.deleteFiles && (limit < Infinity || offset > 0)) {
		throw new NodeOperationError(
			context.getNode(),
			'Delete Files cannot be used together with Limit or Offset',
			{ itemIndex, description: 'The results that are left out would be lost.' },
		);
	}
	return {
		deleteFiles: raw.deleteFiles ?? false,
		followRetries: raw.followRetries ?? false,
		imagesAsBinary: raw.imagesAsBinary ?? false,
		include: new Set(raw.include?.length ? raw.include : ALL_STATUSES),
		includeRequest: raw.includeRequest ?? false,
		limit,
		offset,
		parseJson: raw.parseJson ?? false,
		prices: pricesOf(context, raw, itemIndex),
		simplify: raw.simplify ?? true,
	};
}
