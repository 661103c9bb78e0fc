import { DateTime } from 'luxon';
import type { IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { isSameEndpoint } from '../../../endpoints/path';
import { statusOf } from '../../../openai/api/status';
import type { Batch } from '../../../openai/api/types';
import { metadataPairs } from '../../shared/metadata';

/** The filters of Get Many, as the panel gives them. */
export interface BatchFilters {
	/** One or several, also none. */
	status?: string | string[] | null;
	endpoint?: string;
	metadata?: unknown;
	/** ISO dates, unix times, or dates that an expression gave. */
	createdAfter?: unknown;
	createdBefore?: unknown;
}

export interface CompiledFilters {
	matches: (batch: Batch) => boolean;
	/** Unix seconds: the list is newest first, so what follows an older batch need not be read. */
	notBefore: number;
}

/** Unix times above this are in milliseconds, as JavaScript gives them, not in seconds. */
const LATEST_SECONDS = 1e11;

/** How n8n's isolate hands on a date of Luxon's: as a copy of its data. */
interface IsolatedDateTime {
	__isoString?: unknown;
}

/**
 * The text of a date that an expression gave. Luxon's own dates come from n8n's copy of Luxon, of
 * which `instanceof` knows nothing; like JavaScript's they are ISO dates in JSON.
 */
function dateText(date: unknown): string {
	if (typeof date !== 'object' || date === null) return String(date).trim();
	const { __isoString: isolated } = date as IsolatedDateTime;
	return typeof isolated === 'string' ? isolated : JSON.stringify(date).replace(/^"|"$/g, '');
}

/** A date in any of the forms that reach a node; without a zone of its own it is local to `zone`. */
function parseDate(date: unknown, zone: string): DateTime {
	if (typeof date === 'number') {
		return date > LATEST_SECONDS ? DateTime.fromMillis(date) : DateTime.fromSeconds(date);
	}
	const text = dateText(date);
	const iso = DateTime.fromISO(text, { zone });
	return iso.isValid ? iso : DateTime.fromSQL(text, { zone });
}

function unixSeconds(context: IExecuteFunctions, date: unknown, itemIndex: number): number {
	const parsed = parseDate(date, context.getTimezone());
	if (parsed.isValid) return parsed.toSeconds();
	throw new NodeOperationError(context.getNode(), `'${dateText(date)}' is not a date`, {
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
	const { createdAfter, createdBefore, endpoint } = filters;
	const status = [filters.status ?? []].flat().map(String);
	const after = createdAfter ? unixSeconds(context, createdAfter, itemIndex) : -Infinity;
	const before = createdBefore ? unixSeconds(context, createdBefore, itemIndex) : Infinity;
	// A pair that was added and not filled in yet says nothing.
	const metadata = metadataPairs(filters.metadata).filter(({ key }) => key !== '');
	return {
		notBefore: after,
		matches: (batch) =>
			(status.length === 0 || status.includes(statusOf(batch))) &&
			(!endpoint || isSameEndpoint(batch.endpoint, endpoint)) &&
			batch.created_at >= after &&
			batch.created_at <= before &&
			metadata.every(({ key, value }) => batch.metadata?.[key] === value),
	};
}
