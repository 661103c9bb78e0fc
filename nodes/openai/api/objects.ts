import type { JsonObject } from '../../jsonl/json';
import { isObject, textOrNull } from '../../jsonl/json';

/**
 * The objects of OpenAI's Batch and Files API as `readBatch` and `readFile` return them: whatever a
 * server may leave out or send as null is optional and nullable here, although the published
 * specification says otherwise. Times are unix seconds.
 */

/** The statuses of the API. A compatible server may have others, which stay as it sends them. */
export type BatchStatus =
	| 'validating'
	| 'in_progress'
	| 'finalizing'
	| 'completed'
	| 'failed'
	| 'expired'
	| 'cancelling'
	| 'cancelled';

/** One reason why validation failed. `line` is 1-based, null when the whole file is meant. */
export interface BatchValidationError {
	code?: string | null;
	line?: number | null;
	message?: string | null;
	param?: string | null;
}

export interface BatchRequestCounts {
	total?: number | null;
	completed?: number | null;
	failed?: number | null;
}

/**
 * A batch as `readBatch` returns it. Only `id` and `status` are certain: any other field that the
 * server leaves out, or sends in a form that makes no sense, is absent or null.
 */
export interface Batch {
	id: string;
	object?: string | null;
	endpoint?: string | null;
	input_file_id?: string | null;
	completion_window?: string | null;
	/** One of the API's own where it is known, else as it was sent; '' without any. */
	status: string;
	created_at?: number | null;
	model?: string | null;
	errors?: { object?: string; data?: BatchValidationError[] | null } | null;
	output_file_id?: string | null;
	error_file_id?: string | null;
	/** All of the files where the server wrote several; the fields above have the first one. */
	output_file_ids?: string[];
	error_file_ids?: string[];
	in_progress_at?: number | null;
	expires_at?: number | null;
	finalizing_at?: number | null;
	completed_at?: number | null;
	failed_at?: number | null;
	expired_at?: number | null;
	cancelling_at?: number | null;
	cancelled_at?: number | null;
	request_counts?: BatchRequestCounts | null;
	/** As it was sent. */
	usage?: JsonObject | null;
	metadata?: Record<string, string> | null;
}

export interface FileObject {
	id: string;
	object?: string | null;
	bytes?: number | null;
	created_at?: number | null;
	expires_at?: number | null;
	filename?: string | null;
	purpose?: string | null;
	status?: string | null;
	status_details?: string | null;
}

/** The statuses in which nothing changes any more. */
export const FINISHED_STATUSES: readonly BatchStatus[] = [
	'completed',
	'failed',
	'expired',
	'cancelled',
];

const STATUSES: readonly string[] = [
	'validating',
	'in_progress',
	'finalizing',
	'cancelling',
	...FINISHED_STATUSES,
];

/** A batch's status, which is one of the API's own where the batch was read by `readBatch`. */
export function statusOf(batch: Pick<Batch, 'status'>): BatchStatus {
	return batch.status as BatchStatus;
}

/** Whether the status is one of the API's, or another name of one. */
export function isKnownStatus({ status }: Pick<Batch, 'status'>): boolean {
	return STATUSES.includes(status);
}

/** Whether the batch has reached a status that it will not leave. */
export function isFinished(batch: Pick<Batch, 'status'>): boolean {
	return FINISHED_STATUSES.includes(statusOf(batch));
}

/** Why a batch failed although nothing is wrong with it: the same batch can succeed later. */
export interface TransientFailure {
	/** The input file was not visible to the validator yet, or the queue of the model was full. */
	reason: 'file_not_ready' | 'enqueued_limit';
	/** The API's own words. */
	message: string;
}

type Reason = TransientFailure['reason'];

/**
 * How the API words failures that end by themselves. The first is also what a file that does not
 * exist gets, so a retry of it needs a limit. The limit on requests comes without a fixed code.
 */
const SIGNS: Record<Reason, (error: BatchValidationError) => boolean> = {
	file_not_ready: ({ code, param, message }) =>
		code === 'invalid_request' &&
		(param ?? 'file_id') === 'file_id' &&
		/^cannot find file\b/i.test(message ?? ''),
	enqueued_limit: ({ code, message }) =>
		code === 'token_limit_exceeded' || /^enqueued (token|request) limit/i.test(message ?? ''),
};

const reasonOf = (error: BatchValidationError): Reason | undefined =>
	(Object.keys(SIGNS) as Reason[]).find((reason) => SIGNS[reason](error));

/**
 * The transient condition that failed a batch: undefined when the batch has not failed, when it gives
 * no reason, or when one of its reasons would fail it again.
 */
export function transientFailure(
	batch: Pick<Batch, 'status' | 'errors'>,
): TransientFailure | undefined {
	const errors = batch.errors?.data ?? [];
	if (statusOf(batch) !== 'failed' || errors.length === 0) return undefined;
	const reasons = errors.map(reasonOf);
	if (!reasons.every((reason) => reason !== undefined)) return undefined;
	return { reason: reasons[0], message: errors[0].message ?? '' };
}

/** The fields in which the API says when a batch reached a finished status. */
const FINISH_TIMES: Partial<Record<BatchStatus, keyof Batch>> = {
	completed: 'completed_at',
	failed: 'failed_at',
	expired: 'expired_at',
	cancelled: 'cancelled_at',
};

/**
 * How much of a batch has run, in whole percent: requests that succeeded or failed out of all.
 * Rounded down, so that 100 means all of them. A completed batch is at 100 even where the server
 * sends no counts; any other batch without counts is at 0.
 */
export function progressOf(batch: Pick<Batch, 'status' | 'request_counts'>): number {
	if (statusOf(batch) === 'completed') return 100;
	const { total, completed, failed } = batch.request_counts ?? {};
	if (!total || total < 0) return 0;
	const share = ((completed ?? 0) + (failed ?? 0)) / total;
	return Math.max(0, Math.min(100, Math.floor(share * 100)));
}

/**
 * Seconds from the creation of a batch to its end; null while it has not ended, and where the
 * server gives no time for it. Some servers give every end as `completed_at`.
 */
export function durationSeconds(batch: Batch): number | null {
	const field = FINISH_TIMES[statusOf(batch)];
	const end = field && (batch[field] ?? batch.completed_at);
	if (typeof end !== 'number' || typeof batch.created_at !== 'number') return null;
	return Math.max(0, end - batch.created_at);
}

function describeError({ code, line, message, param }: BatchValidationError): string {
	const where = typeof line === 'number' ? `Line ${line}: ` : '';
	const detail = [code, param].filter(Boolean).join(', ');
	const text = message || code || 'No reason was given';
	return `${where}${text}${detail && message ? ` (${detail})` : ''}`;
}

/** The first `n` reasons why validation failed a batch, each as one readable line. */
export function firstErrors(batch: Pick<Batch, 'errors'>, n: number): string[] {
	return (batch.errors?.data ?? []).slice(0, n).map(describeError);
}

/** How many validation errors the summary of a failed batch lists; the rest is counted. */
const ERRORS_IN_SUMMARY = 3;

function errorSummary(batch: Batch): string {
	const more = (batch.errors?.data?.length ?? 0) - ERRORS_IN_SUMMARY;
	const lines = firstErrors(batch, ERRORS_IN_SUMMARY);
	return [...lines, ...(more > 0 ? [`… and ${more} more`] : [])].join('\n');
}

/**
 * What items say about a batch besides its own fields: how far it is, and why it failed, and
 * whether a retry of it can succeed as it is.
 */
export function describeBatch(batch: Batch) {
	const status = statusOf(batch);
	return {
		status,
		progress: progressOf(batch),
		duration_seconds: durationSeconds(batch),
		...(status === 'failed' && {
			retryable: transientFailure(batch) !== undefined,
			error_summary: errorSummary(batch),
		}),
	};
}

/** One page of a list, newest first. `has_more` and the ids may be absent. */
export interface ListPage<T> {
	object?: string;
	data: T[];
	first_id?: string | null;
	last_id?: string | null;
	has_more?: boolean | null;
	/** Groq's pages begin at a cursor instead of behind an entry. */
	next_cursor?: string | null;
}

/** Where a page begins; without either it is the first one. */
export interface PageStart {
	/** The id of the entry above it. */
	after?: string;
	cursor?: string;
}

/** Fetches one page. */
export type FetchPage<T> = (start: PageStart, limit: number) => Promise<ListPage<T>>;

/** What servers call the entries of a list; an older interface of Azure has `value`. */
const ENTRY_FIELDS = ['data', 'value', 'batches', 'files', 'items', 'list'] as const;

/**
 * Reads a page of a list. A list that is null, as servers written in Go send for an empty one, is
 * empty; entries that are not objects with an id are left out, since nothing could be done with them.
 *
 * @param readEntry makes an entry regular; undefined for what is none
 * @returns undefined for what is not a list, such as a proxy's `{}`
 */
export function readPage<T>(
	body: JsonObject,
	readEntry: (entry: JsonObject) => T | undefined,
): ListPage<T> | undefined {
	const name = ENTRY_FIELDS.find((field) => body[field] !== undefined);
	const entries = name && body[name];
	// Some servers put the list into an envelope of their own.
	if (name === 'data' && isObject(entries)) return readPage(entries, readEntry);
	if (entries !== null && !Array.isArray(entries)) return undefined;
	const read = (entries ?? []).map((entry) => (isObject(entry) ? readEntry(entry) : undefined));
	// Groq says where the next page begins instead of whether there is one.
	const paging = isObject(body.paging) ? body.paging : undefined;
	const next_cursor = textOrNull(paging?.next_cursor);
	return {
		object: 'list',
		data: read.filter((entry) => entry !== undefined),
		first_id: textOrNull(body.first_id),
		last_id: textOrNull(body.last_id),
		has_more: typeof body.has_more === 'boolean' ? body.has_more : paging && next_cursor !== null,
		next_cursor,
	};
}

/** Where the page after this one begins; undefined after the last page. */
export function nextPage<T extends { id: string }>(
	page: ListPage<T>,
	pageSize: number,
): PageStart | undefined {
	const { data, has_more, last_id, next_cursor } = page;
	if (data.length === 0 || has_more === false) return undefined;
	if (next_cursor) return { cursor: next_cursor };
	if (!has_more && data.length !== pageSize) return undefined;
	return { after: last_id || data[data.length - 1].id };
}

/**
 * Walks a list to its end, one page at a time and only as far as the caller reads. Tolerates
 * servers that leave out `has_more` or `last_id`, and ends where a server sends a page again.
 */
export async function* pages<T extends { id: string }>(
	fetchPage: FetchPage<T>,
	pageSize: number,
): AsyncGenerator<T[]> {
	const seen = new Set<string>();
	let start: PageStart | undefined = {};
	while (start) {
		const page: ListPage<T> = await fetchPage(start, pageSize);
		const fresh = page.data.filter(({ id }) => !seen.has(id));
		for (const { id } of fresh) seen.add(id);
		yield fresh;
		start = fresh.length > 0 ? nextPage(page, pageSize) : undefined;
	}
}

/** The entries of all pages, one by one. */
export async function* paginate<T extends { id: string }>(
	fetchPage: FetchPage<T>,
	pageSize: number,
): AsyncGenerator<T> {
	for await (const page of pages(fetchPage, pageSize)) yield* page;
}
