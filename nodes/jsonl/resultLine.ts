import {
	hasPermanentCause,
	hasTransientCause,
	isTransientStatus,
	readApiError,
} from '../openai/apiErrors';
import type { ApiError } from '../openai/apiErrors';
import {
	isObject,
	objectsInLine,
	replaceIn,
	textOrNull,
	tryParseJson,
	withEscapedControls,
} from './json';
import type { JsonObject, JsonValue, ParsedJson } from './json';

/** One line of an output or error file in one form; null stands for absent, null and ''. */
export interface ResultLine {
	/** The service's own id of the line, `batch_req_…`. */
	id: string | null;
	custom_id: string | null;
	response: { status_code: number | null; request_id: string | null; body: JsonValue } | null;
	error: ResultError | null;
	/** The line as it was sent; its text when it is not JSON. */
	raw: JsonValue;
}

export type ResultError = ApiError;

export interface ClassifiedResult {
	status: 'succeeded' | 'failed' | 'expired' | 'cancelled';
	/** Null when the request never ran. Servers have also sent 0. */
	statusCode: number | null;
	requestId: string | null;
	model: string | null;
	/** Null exactly when `status` is `succeeded`. */
	error: ResultError | null;
	/** The endpoint's answer, also of a failed request; null when there is none. */
	body: JsonValue;
}

/**
 * Reads one line of a result file. Never throws and never drops a line: what is not a JSON object
 * becomes a result with the error `invalid_json_line`, and with its custom_id if that is readable.
 */
export function parseResultLine(text: string): ResultLine {
	const parsed = parseLine(text);
	if (!parsed.ok) return unreadable(text, `This line is not valid JSON: ${parsed.message}`);
	return isObject(parsed.value)
		? resultIn(parsed.value)
		: unreadable(parsed.value, 'This line is not a JSON object.');
}

/**
 * The results in one line of a file, which is one result but where a server joined parts of the
 * file without line feeds, or wrote one list.
 */
export function parseResultLines(text: string): ResultLine[] {
	const parsed = parseLine(text);
	if (parsed.ok && isObject(parsed.value)) return [resultIn(parsed.value)];
	const objects = objectsInLine(text)?.map(parseResultLine) ?? [];
	const areResults = objects.length > 0 && objects.every(({ custom_id: id }) => id !== null);
	return areResults ? objects : [parseResultLine(text)];
}

/** Some servers write numbers as Python prints them, and control characters as they are. */
function parseLine(text: string): ParsedJson {
	const strict = tryParseJson(text);
	if (strict.ok) return strict;
	const loose = tryParseJson(withEscapedControls(withoutPythonNumbers(text)));
	return loose.ok ? loose : strict;
}

/** What servers call the id of a request: as OpenAI, as Java does, as Bedrock, as Gemini. */
const ID_FIELDS = ['custom_id', 'customId', 'recordId', 'key'] as const;

/** What servers call the status of a response. */
const STATUS_FIELDS = ['status_code', 'statusCode', 'status'] as const;

/** Where a line has its response, and where the reason why there is none. */
const RESPONSE_FIELDS = ['response', 'result'] as const;
const ERROR_FIELDS = ['error', 'errors', 'error_message', 'errorMessage'] as const;

function resultIn(line: JsonObject): ResultLine {
	const response = responseIn(line);
	const isAnswered = response !== null && response.body !== null;
	return {
		id: textOrNull(line.id),
		custom_id: firstOf(line, ID_FIELDS, idOf),
		response,
		error: errorIn(line) ?? (isAnswered ? null : unknownForm(line)),
		raw: line,
	};
}

/** The first of the fields that has something. */
function firstOf<T>(
	object: JsonObject,
	fields: readonly string[],
	read: (value: JsonValue | undefined) => T | null,
): T | null {
	for (const field of fields) {
		const value = read(object[field]);
		if (value !== null) return value;
	}
	return null;
}

function responseIn(line: JsonObject): ResultLine['response'] {
	const { body } = line;
	const response = RESPONSE_FIELDS.map((name) => line[name]).find(isResponse);
	if (response) return responseOf(response);
	// Some servers leave out the response around the body, or write a text in place of it.
	const text =
		firstOf(line, STATUS_FIELDS, numberOrNull) === null ? null : textOrNull(line.response);
	const bare = isObject(body) ? body : text;
	return bare === null ? null : responseOf({ ...line, body: bare });
}

/** A result of a form of its own, as Anthropic's, has none of what a response has. */
const isResponse = (value: JsonValue | undefined): value is JsonObject =>
	isObject(value) &&
	(isBody(value) ||
		['body', ...STATUS_FIELDS, 'request_id', 'requestId'].some((name) => name in value));

function errorIn(line: JsonObject): ResultError | null {
	const own = firstOf(line, ERROR_FIELDS, (value) => readApiError(value) ?? null);
	const { response } = line;
	if (own !== null || !isObject(response) || 'body' in response || isBody(response)) return own;
	return firstOf(response, ERROR_FIELDS, (value) => readApiError(value) ?? null);
}

/** The code of a line that a server wrote in a form of its own. */
const UNKNOWN_FORM = 'unknown_result_form';

/** The code of a line that is not JSON, or not an object. */
const INVALID_LINE = 'invalid_json_line';

/**
 * Whether there is a line and nobody knows what it says: it may be an answer, and charged, so
 * the request does not run again by itself.
 */
export function isUnreadable({ code }: ResultError): boolean {
	return code === UNKNOWN_FORM || code === INVALID_LINE;
}

/** What a line may have; anything else is a form of the server's own. */
const LINE_KEYS: ReadonlySet<string> = new Set([
	'id',
	'custom_id',
	'object',
	'response',
	'error',
	'request_id',
	'batch_id',
	'status',
	'metadata',
]);

/** What a response has around its body. */
const RESPONSE_KEYS: ReadonlySet<string> = new Set([
	'status_code',
	'request_id',
	'body',
	'headers',
]);

/** What the bodies of the endpoints have, one or another. */
const BODY_KEYS = ['choices', 'output', 'data', 'results'];

const isBody = (value: JsonObject) => BODY_KEYS.some((key) => Array.isArray(value[key]));

/**
 * The error for a line that has something in a form that is not known. It may be an answer, and
 * paid: so it is permanent, and names the keys.
 */
function unknownForm(line: JsonObject): ResultError | null {
	const { response } = line;
	const isThere = (value: unknown) => value !== undefined && value !== null && value !== '';
	const inside = isObject(response) && !isBody(response) ? response : {};
	const keys = [
		// A text may be an answer.
		...(textOrNull(response) === null ? [] : ['response']),
		...Object.keys(line).filter((key) => !LINE_KEYS.has(key) && isThere(line[key])),
		...Object.keys(inside)
			.filter((key) => !RESPONSE_KEYS.has(key) && isThere(inside[key]))
			.map((key) => `response.${key}`),
	];
	const isReadable = isObject(response) && (isBody(response) || 'body' in response);
	if (isReadable || keys.length === 0) return null;
	const named = typeof line.custom_id === 'string' ? ['custom_id', ...keys] : keys;
	const message = `This line has a form that this node cannot read. Its keys are: ${named.sort().join(', ')}.`;
	return { code: UNKNOWN_FORM, message, type: null, param: null };
}

/**
 * What became of a request. It succeeded when its status is 2xx and there is no error object,
 * neither at the top (from the service: expired, cancelled, timed out) nor in the body (from the
 * endpoint). The body of a successful response has `"error": null`. A response whose own `status`
 * is `failed` or `cancelled` failed, although it came with 200; `incomplete` is a success that ended
 * early, as is a chat completion that was cut at its token limit.
 * A line without a status code but with a body is a success: compatible servers leave the code out.
 */
export function classify(result: ResultLine): ClassifiedResult {
	const { response } = result;
	const body = response?.body ?? null;
	const error = result.error ?? bodyError(response) ?? missingSuccess(response);
	return {
		status: error === null ? 'succeeded' : (NEVER_RAN.get(error.code ?? '') ?? 'failed'),
		statusCode: response?.status_code ?? null,
		requestId: response?.request_id ?? null,
		model: isObject(body) ? textOrNull(body.model) : null,
		error,
		body,
	};
}

/**
 * Whether the same request might succeed in another batch: it never ran, or its fault was transient.
 * Not when the request itself is wrong, and not when the quota is used up: until somebody pays or
 * raises a limit, all of a new batch would fail too.
 * An error of the service itself has no status, and all of OpenAI's are transient: such an error
 * counts as transient unless it calls the request invalid.
 */
export function isRetryable(result: ClassifiedResult): boolean {
	if (result.error === null) return false;
	if (result.status !== 'failed') return true;
	const { code, type } = result.error;
	if (isUnreadable(result.error) || hasPermanentCause(result.error)) return false;
	if (hasTransientCause(result.error) || NO_ANSWER.has(code)) return true;
	const status = httpStatusOf(result);
	if (status === null) return !INVALID.has(code) && !INVALID.has(type);
	return status === 0 || isTransientStatus(status);
}

/** Some servers answer 200, or nothing, and put the real status into the error's code or words. */
function httpStatusOf({ statusCode, error }: ClassifiedResult): number | null {
	const named =
		/^([45]\d\d)$/.exec(error?.code ?? '') ??
		/\bstatus(?: code)?:? ([45]\d\d)\b/i.exec(error?.message ?? '');
	const inCode = named ? Number(named[1]) : null;
	return statusCode === null || (statusCode >= 200 && statusCode < 300)
		? (inCode ?? statusCode)
		: statusCode;
}

const NEVER_RAN: ReadonlyMap<string, 'expired' | 'cancelled'> = new Map([
	['batch_expired', 'expired'],
	['batch_cancelled', 'cancelled'],
]);

/** What a service calls a request that is wrong, where it gives no status. */
const INVALID: ReadonlySet<string | null> = new Set(['invalid_request_error', 'invalid_request']);

/** Codes that are made below: there is no answer, but the request was not refused. */
const NO_ANSWER: ReadonlySet<string | null> = new Set([
	'missing_response',
	'response_cancelled',
	'response_queued',
	'response_in_progress',
]);

function unreadable(raw: JsonValue, message: string): ResultLine {
	const custom_id = typeof raw === 'string' ? readableId(raw) : null;
	const error = { code: INVALID_LINE, message, type: null, param: null };
	return { id: null, custom_id, response: null, error, raw };
}

/** Python writes numbers that JSON does not have, such as a log probability of `-Infinity`: null. */
function withoutPythonNumbers(text: string): string {
	return replaceIn(text, /NaN|-?Infinity/, (token, inString) => (inString ? token : 'null'));
}

/** The custom_id of a line that is cut or damaged: it is near the start of the line. */
function readableId(text: string): string | null {
	const found = /"custom_id"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(text);
	const id = found ? tryParseJson(found[1]) : null;
	return id?.ok ? textOrNull(id.value) : null;
}

/** Some servers turn an id of digits into a number. */
function idOf(value: unknown): string | null {
	return typeof value === 'number' ? String(value) : textOrNull(value);
}

function responseOf(response: JsonObject): ResultLine['response'] {
	// Some servers leave out what stands around the body, or write the body as text.
	if (isBody(response)) return { status_code: null, request_id: null, body: response };
	return {
		status_code: firstOf(response, STATUS_FIELDS, numberOrNull),
		request_id: firstOf(response, ['request_id', 'requestId'], idOf),
		body: bodyOf(response.body),
	};
}

function bodyOf(body: JsonValue | undefined): JsonValue {
	if (typeof body !== 'string' || !body.trimStart().startsWith('{')) return body ?? null;
	const parsed = tryParseJson(body);
	return parsed.ok ? parsed.value : body;
}

function numberOrNull(value: unknown): number | null {
	if (typeof value === 'number') return value;
	return typeof value === 'string' && /^\d{1,3}$/.test(value) ? Number(value) : null;
}

const isSuccess = (status: number) => status >= 200 && status < 300;

/** Ways for a response to end without an answer, although it came with a good status. */
const UNANSWERED: ReadonlySet<unknown> = new Set(['failed', 'cancelled', 'queued', 'in_progress']);

/** The endpoint's own error: in any form where the status is bad, else only where it says error. */
function bodyError(response: ResultLine['response']): ResultError | null {
	const { body = null, status_code = null } = response ?? {};
	if (status_code !== null && !isSuccess(status_code)) return readApiError(body) ?? null;
	if (!isObject(body)) return null;
	const error = body.object === 'error' ? readApiError(body) : readApiError(body.error);
	if (error !== undefined) return error;
	if (body.object !== 'response' || !UNANSWERED.has(body.status)) return null;
	const status = String(body.status);
	const message = `The response ended with the status '${status}'.`;
	return { code: `response_${status}`, message, type: null, param: null };
}

/** The error for a response that has none, and is not a success either. */
function missingSuccess(response: ResultLine['response']): ResultError | null {
	const status = response?.status_code ?? null;
	const error = (message: string, code: string | null = null): ResultError => ({
		code,
		message,
		type: null,
		param: null,
	});
	if (status === null) {
		if (isObject(response?.body)) return null;
		return error('The line has neither a response nor an error.', 'missing_response');
	}
	if (isSuccess(status)) return null;
	if (status === 0) return error('The server reported no HTTP status and no reason.');
	return error(`The request ended with the HTTP status ${status}.`);
}
