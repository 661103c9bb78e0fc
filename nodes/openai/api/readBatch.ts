import { DateTime } from 'luxon';
import { isObject } from '../../jsonl/json';
import type { JsonObject, JsonValue } from '../../jsonl/json';
import { readApiError } from '../apiErrors';
import type {
	Batch,
	BatchRequestCounts,
	BatchStatus,
	BatchValidationError,
	FileObject,
} from './types';

/** Times up to this one stand for "not yet": servers send 0, year 1, or the first day of 2000. */
const NEVER_SECONDS = 946_684_800;

/** Larger numbers are milliseconds, whatever the server calls them. */
const LARGEST_SECONDS = 1e11;

/** Every field of a batch that holds a time. */
const TIME_FIELDS = [
	'created_at',
	'in_progress_at',
	'expires_at',
	'finalizing_at',
	'completed_at',
	'failed_at',
	'expired_at',
	'cancelling_at',
	'cancelled_at',
] as const;

const FILE_ID_FIELDS = ['input_file_id', 'output_file_id', 'error_file_id'] as const;

const TEXT_FIELDS = ['object', 'endpoint', 'completion_window', 'model'] as const;

const FILE_TEXT_FIELDS = ['object', 'filename', 'purpose', 'status', 'status_details'] as const;

/** What other servers call the statuses, by their letters alone. */
const STATUS_ALIASES: Record<BatchStatus, readonly string[]> = {
	validating: ['queued', 'inqueue', 'pending', 'submitted', 'created', 'accepted', 'notstarted'],
	in_progress: ['progress', 'running', 'processing', 'scheduled', 'started', 'paused', 'updating'],
	finalizing: ['finalising'],
	completed: [
		'complete',
		'succeeded',
		'success',
		'done',
		'finished',
		'ended',
		'partiallycompleted',
		'partiallysucceeded',
	],
	failed: ['failure', 'error', 'errored'],
	expired: ['timeout', 'timedout'],
	cancelling: ['canceling', 'stopping'],
	cancelled: ['canceled', 'stopped', 'aborted'],
};

const lettersOf = (status: string) => status.toLowerCase().replace(/[^a-z]/g, '');

const STATUSES = new Map<string, BatchStatus>(
	(Object.keys(STATUS_ALIASES) as BatchStatus[]).flatMap((status) =>
		[lettersOf(status), ...STATUS_ALIASES[status]].map((name) => [name, status] as const),
	),
);

/** A status in the API's own word for it; one that is not known stays as it was sent. */
export function readStatus(value: unknown): string {
	if (typeof value !== 'string') return '';
	const letters = lettersOf(value).replace(/^(job|batch)(state|status)/, '');
	return STATUSES.get(letters) ?? value;
}

/**
 * A time in unix seconds, from seconds, milliseconds, either as text, or an ISO date.
 *
 * @returns null when it is absent, makes no sense, or stands for "not yet"
 */
export function readTime(value: unknown): number | null {
	const number = typeof value === 'string' && value.trim() !== '' ? numberOf(value.trim()) : value;
	if (typeof number !== 'number' || !Number.isFinite(number)) return null;
	const seconds = Math.floor(number > LARGEST_SECONDS ? number / 1000 : number);
	return seconds > NEVER_SECONDS ? seconds : null;
}

function numberOf(text: string): number {
	if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
	return DateTime.fromISO(text, { zone: 'utc' }).toSeconds();
}

/** A count, also as digits; undefined for what is none. */
function readCount(value: unknown): number | undefined {
	const count = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
	return typeof count === 'number' && Number.isFinite(count) && count >= 0 ? count : undefined;
}

/** Ids are text; a server that sends '' means none. */
function readId(value: unknown): string | null {
	if (typeof value === 'number' && Number.isFinite(value)) return String(value);
	return typeof value === 'string' && value !== '' ? value : null;
}

/**
 * The folder in Amazon's or Google's storage where a file will be, which LiteLLM sends as long as
 * there is none.
 */
const FOLDER = /^(s3:.*\/$|gs:(?!.*\.jsonl$))/;

function readFileId(value: unknown): string | null {
	const id = readId(value);
	return id !== null && FOLDER.test(id) ? null : id;
}

/** Counts in an object, or beside the other fields as some servers have them. */
function readCounts(body: JsonObject): BatchRequestCounts | null {
	const inside = isObject(body.request_counts) ? body.request_counts : {};
	const of = (name: keyof BatchRequestCounts) =>
		readCount(inside[name]) ?? readCount(body[`${name}_requests`]) ?? readCount(body[name]);
	const total = of('total') ?? readCount(body.request_counts);
	const [completed, failed] = [of('completed'), of('failed')];
	if (total === undefined && completed === undefined && failed === undefined) return null;
	return { total: total ?? null, completed: completed ?? null, failed: failed ?? null };
}

/** The reasons of a failed batch, in whatever form they came. */
function readErrors(value: JsonValue | undefined): Batch['errors'] {
	const list = isObject(value) && value.data !== undefined ? value.data : value;
	const entries = Array.isArray(list) ? list : [list];
	const data = entries.map(readValidationError).filter((error) => error !== undefined);
	return data.length > 0 ? { object: 'list', data } : null;
}

function readValidationError(entry: JsonValue | undefined): BatchValidationError | undefined {
	const error = readApiError(entry);
	if (error === undefined) return undefined;
	const { code, message, param } = error;
	const line = isObject(entry) ? (readCount(entry.line) ?? null) : null;
	return { code, line, message, param };
}

/** The pairs whose values can be text. */
function readMetadata(value: JsonValue | undefined): Record<string, string> | null {
	if (!isObject(value)) return null;
	const pairs = Object.entries(value).filter(([, entry]) => entry !== null && entry !== undefined);
	return Object.fromEntries(
		pairs.map(([key, entry]) => [key, typeof entry === 'string' ? entry : JSON.stringify(entry)]),
	);
}

/** The fields that the body has, each made regular. */
function readFields<Name extends string, Value>(
	body: JsonObject,
	names: readonly Name[],
	read: (value: unknown) => Value,
): Partial<Record<Name, Value>> {
	const present = names.filter((name) => body[name] !== undefined);
	return Object.fromEntries(present.map((name) => [name, read(body[name])])) as Partial<
		Record<Name, Value>
	>;
}

/**
 * A batch as any server sends it, made regular once, where it enters: times in unix seconds or
 * null, the status in the API's own words, ids that are there or null, counts as numbers, errors as
 * a list. Fields that the API does not have are kept as they are.
 *
 * @returns undefined for what has no id, and so is not a batch
 */
export function readBatch(body: JsonObject): Batch | undefined {
	const id = readId(body.id);
	if (id === null) return undefined;
	return {
		...body,
		...readFields(body, TEXT_FIELDS, readText),
		...readFields(body, FILE_ID_FIELDS, readFileId),
		...readFields(body, TIME_FIELDS, readTime),
		...readFields(body, ['errors'], (value) => readErrors(value as JsonValue)),
		...readFields(body, ['metadata'], (value) => readMetadata(value as JsonValue)),
		...readFields(body, ['usage'], (value) => (isObject(value) ? value : null)),
		id,
		status: readStatus(body.status),
		request_counts: readCounts(body),
	} as unknown as Batch;
}

function readText(value: unknown): string | null {
	return typeof value === 'string' && value !== '' ? value : null;
}

/**
 * A file's description as any server sends it, made regular once.
 *
 * @returns undefined for what has no id, and so is not a file
 */
export function readFile(body: JsonObject): FileObject | undefined {
	// SiliconFlow puts the answer to an upload into an envelope of its own.
	const file = body.id === undefined && isObject(body.data) ? body.data : body;
	const id = readId(file.id);
	if (id === null) return undefined;
	const created = file.created_at ?? file.createdAt;
	return {
		...file,
		...readFields(file, FILE_TEXT_FIELDS, readText),
		...readFields(file, ['expires_at'], readTime),
		...(file.bytes !== undefined && { bytes: readCount(file.bytes) ?? null }),
		...(created !== undefined && { created_at: readTime(created) }),
		id,
	} as unknown as FileObject;
}
