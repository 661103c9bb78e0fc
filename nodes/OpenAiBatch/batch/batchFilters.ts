import type { IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { statusOf } from '../../openai/status';
import type { Batch } from '../../openai/types';
import { metadataPairs } from './metadata';

/** The filters of Get Many, as the panel gives them. */
export interface BatchFilters {
	status?: string[];
	endpoint?: string;
	metadata?: unknown;
	/** ISO dates. */
	createdAfter?: string;
	createdBefore?: string;
}

export interface CompiledFilters {
	matches: (batch: Batch) => boolean;
	/** Unix seconds: the list is newest first, so what follows an older batch need not be read. */
	notBefore: number;
}

function unixSeconds(context: IExecuteFunctions, date: string, itemIndex: number): number {
	const seconds = Date.parse(date) / 1000;
	if (!Number.isNaN(seconds)) return seconds;
	throw new NodeOperationError(context.getNode(), `'${date}' is not a date`, {
		itemIndex,
		description: 'Enter a date such as 2026-11-22 or 2026-11-22T08:00:00Z.',
	});
}

/** Prepares the filters; the API itself has none. @throws {NodeOperationError} for what is no date */
export function compileFilters(
	context: IExecuteFunctions,
	filters: BatchFilters,
	itemIndex: number,
): CompiledFilters {
	const { createdAfter, createdBefore, endpoint, status = [] } = filters;
	const after = createdAfter ? unixSeconds(context, createdAfter, itemIndex) : -Infinity;
	const before = createdBefore ? unixSeconds(context, createdBefore, itemIndex) : Infinity;
	const metadata = metadataPairs(filters.metadata);
	return {
		notBefore: after,
		matches: (batch) =>
			(status.length === 0 || status.includes(statusOf(batch))) &&
			(!endpoint || batch.endpoint === endpoint) &&
			batch.created_at >= after &&
			batch.created_at <= before &&
			metadata.every(({ key, value }) => batch.metadata?.[key] === value),
	};
}
