import type { IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { Prices } from '../../jsonl/cost';
import type { PriceOptions } from '../results/prices';
import { pricesOf } from '../results/prices';
import type { ResultStatus } from '../results/resultItem';

interface RawOptions extends PriceOptions {
	deleteFiles?: boolean;
	followRetries?: boolean;
	imagesAsBinary?: boolean;
	include?: ResultStatus[];
	includeRequest?: boolean;
	limit?: number;
	offset?: number;
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

/** The options of Get Results for an item. @throws {NodeOperationError} when two contradict */
export function getResultsOptions(
	context: IExecuteFunctions,
	itemIndex: number,
): GetResultsOptions {
	const raw = context.getNodeParameter('options', itemIndex, {}) as RawOptions;
	if (raw.deleteFiles && (raw.limit !== undefined || raw.offset)) {
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
		limit: raw.limit ?? Infinity,
		offset: raw.offset ?? 0,
		parseJson: raw.parseJson ?? false,
		prices: pricesOf(raw),
		simplify: raw.simplify ?? true,
	};
}
