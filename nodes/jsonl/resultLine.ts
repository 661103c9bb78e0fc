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
import { ReadResult, readResult, UNKNOWN_FORM } from './resultForms';

/** One line of an output or error file in one form; null stands for absent, null and ''. */
export class ResultLine extends ReadResult {
	constructor(
		/** The service's own id of the line, `batch_req_…`. */
		readonly id: string | null,
		{ custom_id, response, error }: ReadResult,
		/** The line as it was sent; its text when it is not JSON. */
		readonly raw: JsonValue,
	) {
		super(custom_id, response, error);
	}
}

export type ResultError = ApiError;

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
	// Not `[…]`: see `Parsed` in json.ts.
	if (parsed.ok && isObject(parsed.value)) return Array.of(resultIn(parsed.value));
	const objects = objectsInLine(text)?.map(parseResultLine) ?? [];
	const areResults = objects.length > 0 && objects.every(({ custom_id: id }) => id !== null);
	return areResults ? objects : [parseResultLine(text)];
}

/**
 * One object of each kind with four keys that results and answers have. They are kept so that V8 knows
 * them.
 *
 * V8 describes all objects with the same keys once. It finds the description from that of `{}`, which
 * can lead to 1,536 others: a workflow that makes thousands of objects, each with an id as its first
 * key, uses all of them up, and from then on each object with other keys is described anew, in memory
 * that V8 seldom looks through. JSON.parse begins there too where an object has four keys. A
 * description is not given up as long as something uses it, so these objects have to be made before
 * the workflow runs, when n8n loads the package. Measured in docs/performance.md.
 */
export const KNOWN_OBJECTS: readonly JsonValue[] = [
	['id', 'custom_id', 'response', 'error'],
	['index', 'message', 'logprobs', 'finish_reason'],
	['text', 'index', 'logprobs', 'finish_reason'],
	['role', 'content', 'refusal', 'annotations'],
	['type', 'annotations', 'logprobs', 'text'],
	['type', 'index', 'file_id', 'filename'],
	['token', 'logprob', 'bytes', 'top_logprobs'],
	['prompt_tokens', 'completion_tokens', 'total_tokens', 'completion_tokens_details'],
	['reasoning_tokens', 'audio_tokens', 'accepted_prediction_tokens', 'rejected_prediction_tokens'],
	['total_tokens', 'input_tokens', 'output_tokens', 'input_tokens_details'],
	['input_tokens', 'output_tokens', 'output_tokens_details', 'total_tokens'],
	['flagged', 'categories', 'category_scores', 'category_applied_input_types'],
	['message', 'type', 'param', 'code'],
].map((keys) => JSON.parse(`{${keys.map((key) => `"${key}":null`).join()}}`) as JsonValue);

/** Some servers write numbers as Python prints them, and control characters as they are. */
function parseLine(text: string): ParsedJson {
	const strict = tryParseJson(text);
	if (strict.ok) return strict;
	const loose = tryParseJson(withEscapedControls(withoutPythonNumbers(text)));
	return loose.ok ? loose : strict;
}

function resultIn(line: JsonObject): ResultLine {
	return new ResultLine(textOrNull(line.id), readResult(line), line);
}

/** The code of a line that is not JSON, or not an object. */
const INVALID_LINE = 'invalid_json_line';

/**
 * Whether there is a line and nobody knows what it says: it may be an answer, and charged, so
 * the request does not run again by itself.
 */
export function isUnreadable({ code }: ResultError): boolean {
	return code === UNKNOWN_FORM || code === INVALID_LINE;
}

/**
 * What became of a request. It succeeded when its status is 2xx and there is no error object,
 * neither at the top (from the service: expired, cancelled, timed out) nor in the body (from the
 * endpoint). The body of a successful response has `"error": null`. A response whose own `status`
 * is `failed` or `cancelled` failed, although it came with 200; `incomplete` is a success that ended
 * early, as is a chat completion that was cut at its token limit.
 * A line without a status code but with a body is a success: compatible servers leave the code out.
 */
export class ClassifiedResult {
	readonly status: 'succeeded' | 'failed' | 'expired' | 'cancelled';
	/** Null when the request never ran. Servers have also sent 0. */
	readonly statusCode: number | null;
	readonly requestId: string | null;
	readonly model: string | null;
	/** Null exactly when `status` is `succeeded`. */
	readonly error: ResultError | null;
	/** The endpoint's answer, also of a failed request; null when there is none. */
	readonly body: JsonValue;

	constructor({ response, error: own }: ResultLine) {
		const body = response?.body ?? null;
		const error = own ?? bodyError(response) ?? missingSuccess(response);
		this.status = error === null ? 'succeeded' : (NEVER_RAN.get(error.code ?? '') ?? 'failed');
		this.statusCode = response?.status_code ?? null;
		this.requestId = response?.request_id ?? null;
		this.model = isObject(body) ? textOrNull(body.model) : null;
		this.error = error;
		this.body = body;
	}
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
	return new ResultLine(null, new ReadResult(custom_id, null, error), raw);
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
	if (status === null) {
		if (isObject(response?.body)) return null;
		return errorOf('The line has neither a response nor an error.', 'missing_response');
	}
	if (isSuccess(status)) return null;
	if (status === 0) return errorOf('The server reported no HTTP status and no reason.');
	return errorOf(`The request ended with the HTTP status ${status}.`);
}

const errorOf = (message: string, code: string | null = null): ResultError => ({
	code,
	message,
	type: null,
	param: null,
});
