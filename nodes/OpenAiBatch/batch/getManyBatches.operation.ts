import { DateTime } from 'luxon';
import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { BATCH_FIELDS, batchItem } from './batchItems';
import { isSameEndpoint } from '../../endpoints/endpoint';
import { BATCH_PAGE_SIZE, listBatches } from '../../openai/api/batches';
import type { Batch } from '../../openai/api/objects';
import { statusOf } from '../../openai/api/objects';
import { submissionIdOf } from '../../openai/submissions/submission';
import { metadataPairs } from '../shared/batchOptions';
import { metadataField, optionsField, returnAllFields, wantedCount } from '../shared/fields';
import type { Operation } from '../shared/operation';
import { forEachItem, showFor } from '../shared/operation';
import { amountOrNull } from '../shared/outputFields';
import type { PriceOptions } from '../shared/prices';
import {
	cachedInputPriceField,
	costOf,
	inputPriceField,
	outputPriceField,
	pricesOf,
} from '../shared/prices';

/** The filters, as the panel gives them. */
interface BatchFilters {
	/** One or several, or none. */
	status?: string | string[] | null;
	/** With or without `/v1`. */
	endpoint?: string;
	metadata?: unknown;
	submissionId?: string;
	/** ISO dates, unix times, or dates that an expression returned. */
	createdAfter?: unknown;
	createdBefore?: unknown;
}

interface CompiledFilters {
	/** Whether a batch has everything that is filtered by, its time aside. */
	matches: (batch: Batch) => boolean;
	/** Unix seconds. The list is newest first, so reading stops at the first older batch. */
	notBefore: number;
	notAfter: number;
	hasDates: boolean;
}

/** Prepares the filters; the API itself has none. @throws {NodeOperationError} for a wrong date */
function compileFilters(
	context: IExecuteFunctions,
	filters: BatchFilters,
	itemIndex: number,
): CompiledFilters {
	const { createdAfter, createdBefore } = filters;
	const endpoint = String(filters.endpoint ?? '').trim();
	const submissionId = String(filters.submissionId ?? '').trim();
	const status = [filters.status ?? []].flat().map(String);
	const after = createdAfter ? unixSeconds(context, createdAfter, itemIndex) : -Infinity;
	const before = createdBefore ? unixSeconds(context, createdBefore, itemIndex) : Infinity;
	// A pair that was added but not filled in does not filter.
	const metadata = metadataPairs(filters.metadata).filter(({ key }) => key !== '');
	return {
		notBefore: after,
		notAfter: before,
		hasDates: Boolean(createdAfter) || Boolean(createdBefore),
		matches: (batch) =>
			(status.length === 0 || status.includes(statusOf(batch))) &&
			(!endpoint || isSameEndpoint(batch.endpoint, endpoint)) &&
			(!submissionId || submissionIdOf(batch) === submissionId) &&
			metadata.every(({ key, value }) => batch.metadata?.[key] === value),
	};
}

function unixSeconds(context: IExecuteFunctions, date: unknown, itemIndex: number): number {
	const parsed = parseDate(date, context.getTimezone());
	if (parsed.isValid) return parsed.toSeconds();
	throw new NodeOperationError(context.getNode(), `'${dateText(date)}' is not a date`, {
		itemIndex,
		description: 'Enter a date such as 2026-11-22 or 2026-11-22T08:00:00Z.',
	});
}

/** Unix times above this are in milliseconds, as JavaScript gives them, not in seconds. */
const LATEST_SECONDS = 1e11;

/** A date in any of the forms that reach a node. A date without a time zone is in `zone`. */
function parseDate(date: unknown, zone: string): DateTime {
	if (typeof date === 'number') {
		return date > LATEST_SECONDS ? DateTime.fromMillis(date) : DateTime.fromSeconds(date);
	}
	const text = dateText(date);
	const iso = DateTime.fromISO(text, { zone });
	return iso.isValid ? iso : DateTime.fromSQL(text, { zone });
}

/** A date of Luxon as n8n's isolate returns it: as a copy of its data. */
interface IsolatedDateTime {
	__isoString?: unknown;
}

/**
 * The text of a date that an expression returned. Luxon's dates are made by n8n's own copy of
 * Luxon, so `instanceof` does not recognise them. In JSON they are ISO dates, as JavaScript's are.
 */
function dateText(date: unknown): string {
	if (typeof date !== 'object' || date === null) return String(date).trim();
	const { __isoString: isolated } = date as IsolatedDateTime;
	return typeof isolated === 'string' ? isolated : JSON.stringify(date).replace(/^"|"$/g, '');
}

function withoutTime(count: number): string {
	const batches = count === 1 ? '1 batch was' : `${count} batches were`;
	return `${batches} left out, because the server does not say when they were created. Remove Created After and Created Before to see all batches.`;
}

export const getAll: Operation = {
	option: {
		name: 'Get Many',
		value: 'getAll',
		action: 'Get many batches',
		description: 'List batches, newest first',
	},
	properties: showFor('batch', 'getAll', [
		...returnAllFields,
		{
			displayName: 'Filters',
			name: 'filters',
			type: 'collection',
			placeholder: 'Add Filter',
			default: {},
			options: [
				{
					displayName: 'Created After',
					name: 'createdAfter',
					type: 'dateTime',
					default: '',
					description:
						'Return only batches created at this time or later. Older batches are not read at all, which saves requests.',
				},
				{
					displayName: 'Created Before',
					name: 'createdBefore',
					type: 'dateTime',
					default: '',
					description: 'Return only batches created at this time or earlier',
				},
				{
					displayName: 'Endpoint',
					name: 'endpoint',
					type: 'string',
					default: '',
					placeholder: 'e.g. /v1/chat/completions',
					description: 'Return only batches for this endpoint',
				},
				{ ...metadataField, description: 'Return only batches that have all of these pairs' },
				{
					displayName: 'Status',
					name: 'status',
					type: 'multiOptions',
					options: [
						{ name: 'Cancelled', value: 'cancelled' },
						{ name: 'Cancelling', value: 'cancelling' },
						{ name: 'Completed', value: 'completed' },
						{ name: 'Expired', value: 'expired' },
						{ name: 'Failed', value: 'failed' },
						{ name: 'Finalizing', value: 'finalizing' },
						{ name: 'In Progress', value: 'in_progress' },
						{ name: 'Validating', value: 'validating' },
					],
					default: [],
					description: 'Return only batches that have one of these statuses',
				},
				{
					displayName: 'Submission ID',
					name: 'submissionId',
					type: 'string',
					default: '',
					placeholder: 'e.g. {{ $json.submission_id }}',
					description:
						'Return only the batches of this submission: its parts, and all their retries',
				},
			],
		},
		{
			...optionsField,
			options: [cachedInputPriceField, inputPriceField, outputPriceField],
		},
	]),
	output: { ...BATCH_FIELDS, cost: amountOrNull },
	execute: forEachItem(async (context, itemIndex, client) => {
		const wanted = wantedCount(context, itemIndex);
		const filters = context.getNodeParameter('filters', itemIndex, {}) as BatchFilters;
		const { matches, notBefore, notAfter, hasDates } = compileFilters(context, filters, itemIndex);
		const options = context.getNodeParameter('options', itemIndex, {}) as PriceOptions;
		const prices = pricesOf(context, options, itemIndex);
		const isFiltered = Object.keys(filters).length > 0;
		const pageSize = isFiltered ? BATCH_PAGE_SIZE : Math.min(wanted, BATCH_PAGE_SIZE);
		const found: INodeExecutionData[] = [];
		let undated = 0;
		for await (const batch of listBatches(client, pageSize)) {
			const time = batch.created_at;
			if (typeof time === 'number' && time < notBefore) break;
			if (!matches(batch) || (typeof time === 'number' && time > notAfter)) continue;
			if (hasDates && typeof time !== 'number') {
				undated++;
				continue;
			}
			const cost = prices && { cost: costOf(batch.usage, prices) };
			found.push({ json: { ...batchItem(batch), ...cost } });
			if (found.length >= wanted) break;
		}
		if (undated > 0) client.hint(withoutTime(undated));
		return found;
	}),
};
