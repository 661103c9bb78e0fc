import { DateTime } from 'luxon';
import type {
	Batch,
	BatchRequestCounts,
	BatchStatus,
	BatchValidationError,
	FileObject,
} from './objects';
import type { JsonObject, JsonValue } from '../../jsonl/json';
import { isObject } from '../../jsonl/json';
import { readApiError, readFieldErrors } from '../apiErrors';

/** Times up to this one stand for "not yet": servers send 0, year 1, or the first day of 2000. */
const NEVER_SECONDS = 946_684_800;

/** Larger numbers are milliseconds, and again larger ones micro- and nanoseconds. */
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

/** The fields of files, and what else servers call them. */
const FILE_ID_FIELDS = {
	input_file_id: ['input_file', 'input_file_ids'],
	output_file_id: ['output_file', 'output_file_ids', 'output_files'],
	error_file_id: ['error_file', 'error_file_ids', 'error_files'],
} as const;

type FileIdField = keyof typeof FILE_ID_FIELDS;

/** Where servers say why a batch failed, if not in `errors`. */
const REASON_FIELDS = [
	'last_error',
	'error',
	'failure_reason',
	'error_message',
	'status_details',
	'status_message',
] as const;

const TEXT_FIELDS = ['object', 'endpoint', 'completion_window', 'model'] as const;

const FILE_TEXT_FIELDS = ['object', 'filename', 'purpose', 'status', 'status_details'] as const;

/** What other servers call the statuses, by their letters alone. */
const STATUS_ALIASES: Record<BatchStatus, readonly string[]> = {
	validating: ['queued', 'inqueue', 'pending', 'submitted', 'created', 'accepted', 'notstarted'],
	in_progress: ['progress', 'running', 'processing', 'scheduled', 'started', 'paused', 'updating'],
	finalizing: ['finalising'],
	completed: ['complete', 'succeeded', 'success', 'done', 'finished', 'ended', 'partial'],
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
	return STATUSES.get(letters) ?? (IN_PART.test(letters) ? 'completed' : value);
}

/** A batch that has ended and of which some requests failed: `completed_with_errors`. */
const IN_PART =
	/^(?:partial(?:ly)?(?:complete|succe|success|fail)|(?:complete|finish|succe|done|end)\w*(?:with|partial))/;

/** The status of a batch whose server sends none, by the time of its end; '' without one. */
function statusByTimes(body: JsonObject): BatchStatus | '' {
	const ends = ['completed', 'failed', 'expired', 'cancelled'] as const;
	return ends.find((status) => readTime(body[`${status}_at`]) !== null) ?? '';
}

/**
 * A time in unix seconds, from seconds or parts of them, either as text, from a date as ISO, SQL,
 * HTTP or mails have it, or from an object of `seconds`.
 *
 * @returns null when it is absent, makes no sense, or stands for "not yet"
 */
export function readTime(value: unknown): number | null {
	if (isObject(value)) return readTime(value.seconds);
	const number = typeof value === 'string' && value.trim() !== '' ? numberOf(value.trim()) : value;
	if (typeof number !== 'number' || !Number.isFinite(number)) return null;
	let seconds = number;
	while (seconds > LARGEST_SECONDS) seconds /= 1000;
	seconds = Math.floor(seconds);
	return seconds > NEVER_SECONDS ? seconds : null;
}

const DATE_FORMS = ['fromISO', 'fromSQL', 'fromRFC2822', 'fromHTTP'] as const;

function numberOf(text: string): number {
	if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
	const dates = DATE_FORMS.map((form) => () => DateTime[form](text, { zone: 'utc' }));
	return dates.map((read) => read().toSeconds()).find(Number.isFinite) ?? NaN;
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

/** The ids of a file, of several, or of objects of files. */
function readFileIds(value: JsonValue | undefined): string[] {
	if (Array.isArray(value)) return value.flatMap(readFileIds);
	if (isObject(value)) return readFileIds(value.id ?? value.file_id);
	const id = readId(value);
	return id === null || FOLDER.test(id) ? [] : [id];
}

/** The id of each file of a batch; where there are several of a kind, all of them besides. */
function readFiles(body: JsonObject): Partial<Batch> {
	const files: Record<string, string | string[] | null> = {};
	for (const field of Object.keys(FILE_ID_FIELDS) as FileIdField[]) {
		const places = [field, ...FILE_ID_FIELDS[field]].filter((name) => body[name] !== undefined);
		if (places.length === 0) continue;
		const ids =
			places.map((name) => readFileIds(body[name])).find(({ length }) => length > 0) ?? [];
		files[field] = ids[0] ?? null;
		if (ids.length > 1) files[`${field}s`] = ids;
	}
	return files;
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
	const byField = readFieldErrors(list);
	if (byField !== null) data.push({ code: null, line: null, message: byField, param: null });
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
export function readBatch(sent: JsonObject): Batch | undefined {
	const body = inSnakeCase(unwrapped(sent, 'batch'));
	const id = readId(body.id) ?? readId(body.batch_id);
	if (id === null) return undefined;
	const status = readStatus(body.status) || statusByTimes(body);
	return {
		...body,
		...readFields(body, TEXT_FIELDS, readText),
		...readFiles(body),
		...readFields(body, TIME_FIELDS, readTime),
		...readFields(body, ['errors'], (value) => readErrors(value as JsonValue)),
		...readFields(body, ['metadata'], (value) => readMetadata(value as JsonValue)),
		...readFields(body, ['usage'], (value) => (isObject(value) ? value : null)),
		...(status === 'failed' && { errors: readErrors(body.errors) ?? otherReasons(body) }),
		id,
		status,
		request_counts: readCounts(body),
	} as unknown as Batch;
}

/** The reasons of a failed batch in a field that the API does not have; null without any. */
function otherReasons(body: JsonObject): Batch['errors'] {
	const reasons = REASON_FIELDS.map((field) => readErrors(body[field]));
	return reasons.find((errors) => errors !== null) ?? null;
}

/** What an envelope of the server's own holds: `{code, message, data: {…}}`, or `{batch: {…}}`. */
function unwrapped(body: JsonObject, name: string): JsonObject {
	const hasId = body.id !== undefined || body[`${name}_id`] !== undefined;
	const inner = [body.data, body[name], body.result].find(isObject);
	return hasId || !inner ? body : inner;
}

/** Fields that servers written in Java send as `createdAt`, under their own names too. */
function inSnakeCase(body: JsonObject): JsonObject {
	const renamed: JsonObject = {};
	for (const [name, value] of Object.entries(body)) {
		if (!/[A-Z]/.test(name)) continue;
		const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
		if (body[snake] === undefined) renamed[snake] = value;
	}
	return { ...renamed, ...body };
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
	const file = inSnakeCase(unwrapped(body, 'file'));
	const id = readId(file.id) ?? readId(file.file_id);
	if (id === null) return undefined;
	const created = file.created_at;
	return {
		...file,
		...readFields(file, FILE_TEXT_FIELDS, readText),
		...readFields(file, ['expires_at'], readTime),
		...(file.bytes !== undefined && { bytes: readCount(file.bytes) ?? null }),
		...(created !== undefined && { created_at: readTime(created) }),
		id,
	} as unknown as FileObject;
}
