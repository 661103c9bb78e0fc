import type { IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { wholeNumber } from '../../shared/fields';
import type { PriceOptions } from '../../shared/prices';
import { pricesOf } from '../../shared/prices';
import type { CollectOptions } from './collect';
import type { ResultStatus } from './resultItem';

interface RawOptions extends PriceOptions {
	deleteFiles?: boolean;
	followRetries?: boolean;
	include?: ResultStatus[];
	includeRequest?: boolean;
	limit?: unknown;
	mediaAsBinary?: boolean;
	offset?: unknown;
	parseJson?: boolean;
	simplify?: boolean;
}

export interface GetResultsOptions extends Omit<CollectOptions, 'retries'> {
	deleteFiles: boolean;
	followRetries: boolean;
}

const ALL_STATUSES: ResultStatus[] = ['succeeded', 'failed', 'expired', 'cancelled', 'missing'];

/**
 * The options of Get Results for an item.
 *
 * @throws {NodeOperationError} for a value that is not possible, and when two options contradict
 */
export function getResultsOptions(
	context: IExecuteFunctions,
	itemIndex: number,
): GetResultsOptions {
	const raw = context.getNodeParameter('options', itemIndex, {}) as RawOptions;
	const number = (value: unknown, displayName: string, min: number) =>
		wholeNumber(context, value, { displayName, min, itemIndex });
	const limit = number(raw.limit, 'Limit', 1) ?? Infinity;
	const offset = number(raw.offset, 'Offset', 0) ?? 0;
	if (raw.deleteFiles && (limit < Infinity || offset > 0)) {
		throw new NodeOperationError(
			context.getNode(),
			'Delete Files cannot be used together with Limit or Offset',
			{
				itemIndex,
				description:
					'The results that Limit and Offset leave out would be lost. Remove these two options or turn off Delete Files.',
			},
		);
	}
	return {
		deleteFiles: raw.deleteFiles ?? false,
		followRetries: raw.followRetries ?? false,
		mediaAsBinary: raw.mediaAsBinary ?? false,
		include: new Set(raw.include?.length ? raw.include : ALL_STATUSES),
		includeRequest: raw.includeRequest ?? false,
		limit,
		offset,
		parseJson: raw.parseJson ?? false,
		prices: pricesOf(context, raw, itemIndex),
		simplify: raw.simplify ?? true,
	};
}
