import { readApiError } from '../openai/apiErrors';
import type { ApiError } from '../openai/apiErrors';
import { isAbsent, isObject, textOrNull, tryParseJson } from './json';
import type { JsonObject, JsonValue } from './json';

/** The response in a result line; null stands for absent, null and ''. */
export class ResultResponse {
	constructor(
		readonly status_code: number | null,
		readonly request_id: string | null,
		readonly body: JsonValue,
	) {}
}

/** What a line of a result file says, in one form; null stands for absent, null and ''. */
export class ReadResult {
	constructor(
		readonly custom_id: string | null,
		readonly response: ResultResponse | null,
		readonly error: ApiError | null,
	) {}
}

/**
 * Reads a result line in any of the forms that servers write. One in a form that is not known gets
 * the error `unknown_result_form`. Never throws.
 */
export function readResult(line: JsonObject): ReadResult {
	const response = responseIn(line);
	const isAnswered = response !== null && response.body !== null;
	return new ReadResult(
		firstOf(line, ID_FIELDS, idOf),
		response,
		errorIn(line) ?? (isAnswered ? null : unknownForm(line)),
	);
}

/** What servers call the id of a request: as OpenAI, as Java does, as Bedrock, as Gemini. */
const ID_FIELDS = ['custom_id', 'customId', 'recordId', 'key'] as const;

/** What servers call the status of a response. */
const STATUS_FIELDS = ['status_code', 'statusCode', 'status'] as const;

/** What only a response has, beside its body. */
const FIELDS_OF_RESPONSES = [...STATUS_FIELDS, 'request_id', 'requestId'];

/** Where a line has its response, and where the reason why there is none. */
const RESPONSE_FIELDS = ['response', 'result'] as const;
const ERROR_FIELDS = ['error', 'errors', 'error_message', 'errorMessage'] as const;

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

function responseIn(line: JsonObject): ResultResponse | null {
	const { body } = line;
	for (const name of RESPONSE_FIELDS) {
		const response = line[name];
		if (isResponse(response)) return responseOf(response);
	}
	// Some servers leave out the response around the body, or write a text in place of it.
	const text =
		firstOf(line, STATUS_FIELDS, numberOrNull) === null ? null : textOrNull(line.response);
	const bare = isObject(body) ? body : text;
	return bare === null ? null : responseOf({ ...line, body: bare });
}

/** A result of a form of its own, as Anthropic's, has none of what a response has. */
const isResponse = (value: JsonValue | undefined): value is JsonObject =>
	isObject(value) &&
	('body' in value || isBody(value) || FIELDS_OF_RESPONSES.some((name) => name in value));

function errorIn(line: JsonObject): ApiError | null {
	const own = firstOf(line, ERROR_FIELDS, apiErrorOrNull);
	const { response } = line;
	if (own !== null || !isObject(response) || 'body' in response || isBody(response)) return own;
	return firstOf(response, ERROR_FIELDS, apiErrorOrNull);
}

const apiErrorOrNull = (value: JsonValue | undefined) =>
	isAbsent(value) ? null : (readApiError(value) ?? null);

/** The code of a line that a server wrote in a form of its own. */
export const UNKNOWN_FORM = 'unknown_result_form';

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

function isBody(value: JsonObject): boolean {
	for (const key of BODY_KEYS) if (Array.isArray(value[key])) return true;
	return false;
}

/**
 * The error for a line that has something in a form that is not known. It may be an answer, and
 * paid: so it is permanent, and names the keys.
 */
function unknownForm(line: JsonObject): ApiError | null {
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

/** Some servers turn an id of digits into a number. */
function idOf(value: unknown): string | null {
	return typeof value === 'number' ? String(value) : textOrNull(value);
}

function responseOf(response: JsonObject): ResultResponse {
	// Some servers leave out what stands around the body, or write the body as text.
	if (isBody(response)) return new ResultResponse(null, null, response);
	return new ResultResponse(
		firstOf(response, STATUS_FIELDS, numberOrNull),
		firstOf(response, ['request_id', 'requestId'], idOf),
		bodyOf(response.body),
	);
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
