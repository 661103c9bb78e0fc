import type { JsonObject } from '../jsonl/json';
import { isObject, textOrNull, tryParseJson } from '../jsonl/json';
import type { Fault } from './client';

/** What a server says about an error; null stands for missing, null and ''. */
export interface ApiError {
	message: string | null;
	code: string | null;
	type: string | null;
	param: string | null;
}

/** Where servers put the reason, by its letters alone, in the order in which they are looked at. */
const MESSAGE_FIELDS = [
	'message',
	'msg',
	'errormessage',
	'errormsg',
	'errmsg',
	'detail',
	'errordescription',
	'faultstring',
	'statusmessage',
	'statusmsg',
	'failurereason',
	'reason',
	'description',
	'text',
] as const;

/** What says which kind of error it is, where nothing says more. */
const TITLE_FIELDS = ['title'] as const;

/** What may stand around the reason. */
const ENVELOPES = [
	'error',
	'errors',
	'detail',
	'details',
	'fault',
	'last_error',
	'base_resp',
	'message',
	'data',
] as const;

const CODE_FIELDS = ['code', 'error_code', 'statusCode'] as const;

/** Envelopes are opened this deep; deeper nesting is not a reason. */
const MAX_DEPTH = 8;

/** Of a page without a title, so many characters are read. */
const MAX_PAGE_TEXT = 200;

/** Of a list of reasons, so many are read. */
const MAX_REASONS = 5;

/**
 * The server's own reason in whatever came: OpenAI's envelope, FastAPI's `detail`, a bare message,
 * an error inside an error, a list, a text, a page of HTML.
 *
 * @returns undefined when nothing in it is a reason
 */
export function readApiError(value: unknown, depth = 0): ApiError | undefined {
	if (depth > MAX_DEPTH) return undefined;
	if (typeof value === 'string') return fromText(value, depth);
	if (Array.isArray(value)) return fromList(value, depth);
	return isObject(value) ? fromObject(value, depth) : undefined;
}

const reason = (message: string): ApiError => ({ message, code: null, type: null, param: null });

function fromText(value: string, depth: number): ApiError | undefined {
	const text = value.trim();
	if (text === '') return undefined;
	if (/^[{["]/.test(text)) {
		const parsed = tryParseJson(text);
		if (parsed.ok) return readApiError(parsed.value, depth + 1);
	}
	if (!/^<(!doctype|html|head|body|\?xml)/i.test(text)) return reason(text);
	const title = /<(?:title|h1)[^>]*>([^<]+)</i.exec(text)?.[1] ?? text.replace(/<[^>]*>/g, ' ');
	const words = title.replace(/\s+/g, ' ').trim().slice(0, MAX_PAGE_TEXT);
	return words === '' ? undefined : reason(words);
}

function fromList(list: unknown[], depth: number): ApiError | undefined {
	const errors = list
		.slice(0, MAX_REASONS)
		.map((entry) => readApiError(entry, depth + 1))
		.filter((error) => error !== undefined);
	if (errors.length < 2) return errors[0];
	const messages = [...new Set(errors.map(({ message }) => message).filter(Boolean))];
	return { ...errors[0], message: messages.join('; ') || null };
}

function fromObject(body: JsonObject, depth: number): ApiError | undefined {
	const texts = textsByLetters(body);
	const title = firstText(texts, TITLE_FIELDS);
	const own: ApiError = {
		message: unpacked(firstText(texts, MESSAGE_FIELDS), depth),
		code: CODE_FIELDS.map((field) => codeOf(body[field])).find((code) => code !== null) ?? null,
		type: wordOf(body.type),
		param: wordOf(body.param) ?? placeOf(body.loc),
	};
	// FastAPI names the field in `loc`, apart from what is wrong with it.
	if (own.message !== null && Array.isArray(body.loc)) own.message = `${own.param}: ${own.message}`;
	// Some send a code as the error and the reason beside it.
	if (typeof body.error === 'string' && own.message !== null) {
		return { ...own, code: own.code ?? textOrNull(body.error) };
	}
	const inner = ENVELOPES.map((field) =>
		field === 'data' && depth === 0 ? undefined : readApiError(body[field], depth + 1),
	).find((error) => error !== undefined);
	const byField = readFieldErrors(body.errors);
	if (own.message === null && inner) {
		return {
			message: inner.message,
			code: inner.code ?? own.code,
			type: inner.type ?? own.type,
			param: inner.param ?? own.param,
		};
	}
	own.message = [own.message ?? title, byField].filter(Boolean).join(' ') || null;
	const isSaid = own.message !== null || own.code !== null || own.type !== null;
	return isSaid ? own : undefined;
}

/**
 * The reasons in an object that has one or several for each field, as web frameworks send them:
 * `{"model": ["It is missing."]}`.
 *
 * @returns null for anything else
 */
export function readFieldErrors(errors: unknown): string | null {
	if (!isObject(errors) || readApiError(errors) !== undefined) return null;
	const reasons = Object.entries(errors).flatMap(([field, value]) => {
		const texts = [value].flat().filter((text) => textOrNull(text) !== null);
		return texts.length > 0 ? [`${field}: ${texts.join(' ')}`] : [];
	});
	const isAll = reasons.length > 0 && reasons.length === Object.keys(errors).length;
	return isAll ? reasons.slice(0, MAX_REASONS).join('; ') : null;
}

/** The texts of an object by the letters of their names: `errorMessage` is `error_message`. */
function textsByLetters(body: JsonObject): ReadonlyMap<string, string> {
	const texts = new Map<string, string>();
	for (const [name, value] of Object.entries(body)) {
		const letters = name.toLowerCase().replace(/[^a-z]/g, '');
		const text = textOrNull(value);
		if (text !== null && !texts.has(letters)) texts.set(letters, text);
	}
	return texts;
}

function firstText(texts: ReadonlyMap<string, string>, fields: readonly string[]): string | null {
	return fields.map((field) => texts.get(field)).find((text) => text !== undefined) ?? null;
}

/**
 * The provider's error as LiteLLM quotes it, in Python's spelling:
 * `Error code: 400 - {'error': {'message': 'Must be .jsonl', 'type': 'invalid_request_error'}}`.
 */
const PYTHON_ERROR = /\{'.*?'(?:message|detail)': (['"])(.+?)\1(?=, '\w+': |\})/s;

/** Gateways hand on an error as the text of its JSON, or of what Python prints of it. */
function unpacked(text: string | null, depth: number): string | null {
	if (text === null) return text;
	const quoted = PYTHON_ERROR.exec(` ${text}`)?.[2];
	if (quoted !== undefined) return quoted.replace(/\\(['"\\])/g, '$1');
	if (!/^\s*[{["]/.test(text)) return text;
	return readApiError(text, depth + 1)?.message ?? text;
}

/** Codes may be numbers. */
function codeOf(value: unknown): string | null {
	return typeof value === 'number' ? String(value) : wordOf(value);
}

/** Python servers may write their null as text. */
function wordOf(value: unknown): string | null {
	return value === 'None' ? null : textOrNull(value);
}

function placeOf(loc: unknown): string | null {
	if (!Array.isArray(loc)) return null;
	return loc.filter((step) => step !== 'body').join('.') || null;
}

type Named = Partial<Pick<ApiError, 'code' | 'type'>>;

/** Only money or a raised limit can change these. OpenAI sends them with the status 429. */
const QUOTA: ReadonlySet<string> = new Set([
	'insufficient_quota',
	'credit_balance_exhausted',
	'organization_spend_limit_exceeded',
	'project_spend_limit_exceeded',
	'organization_usage_limit_exceeded',
]);

/** The request itself is wrong. Some servers send these with a status of 500. */
const WRONG_REQUEST: ReadonlySet<string> = new Set([
	'context_length_exceeded',
	'model_not_found',
	'invalid_api_key',
]);

/** The service was busy or broken, whatever the status. */
const TRANSIENT: ReadonlySet<string> = new Set([
	'request_timeout',
	'server_error',
	'rate_limit_exceeded',
	'rate_limit_error',
	'slow_down',
	'server_is_overloaded',
	'service_unavailable_error',
	'vector_store_timeout',
	'failed_to_download_image',
]);

/** Request Timeout, Conflict (a lock), Too Early, Too Many Requests. */
const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([408, 409, 425, 429]);

const isOneOf = (words: ReadonlySet<string>, { code, type }: Named) =>
	words.has(code ?? '') || words.has(type ?? '');

/** Whether the account has run out of credit or budget: waiting does not help. */
export function isQuotaError(error: Named): boolean {
	return isOneOf(QUOTA, error);
}

/** Whether the error names a permanent cause: the same request would fail again, whatever the status. */
export function hasPermanentCause(error: Named): boolean {
	return isQuotaError(error) || isOneOf(WRONG_REQUEST, error);
}

/** Whether the error names a transient cause: the same request may succeed later. */
export function hasTransientCause(error: Named): boolean {
	return isOneOf(TRANSIENT, error);
}

/** Whether an HTTP status stands for something transient, when the error itself names no cause. */
export function isTransientStatus(status: number): boolean {
	return TRANSIENT_STATUSES.has(status) || status >= 500;
}

/**
 * Whether a create was refused since the model's queue is full, as Azure does in some regions: the
 * same file can be submitted later, but not within one execution.
 */
export function isQueueFull({ code, message }: Pick<Fault, 'code' | 'message'>): boolean {
	return code === 'token_limit_exceeded' || message.includes('token_limit_exceeded');
}

const PERMANENT_KINDS: ReadonlySet<Fault['kind']> = new Set(['blocked', 'cancelled', 'source']);

/** Whether the same request may succeed a little later. */
export function isTransient(fault: Fault): boolean {
	if (PERMANENT_KINDS.has(fault.kind)) return false;
	if (fault.kind === 'connection' || fault.kind === 'stalled') return true;
	if (isQuotaError(fault)) return false;
	if (fault.shouldRetry !== undefined) return fault.shouldRetry;
	if (hasPermanentCause(fault)) return false;
	const status = fault.status ?? 0;
	// A 2xx that is not the API's answer comes from something in between, such as a proxy.
	if (fault.kind === 'answer') return status < 300 || status >= 500;
	return isTransientStatus(status);
}

/** The longest wait a server may ask for that is still waited inside one request. */
export const MAX_RETRY_AFTER_MS = 60_000;

/** Whether the same request may succeed so soon that it is worth waiting for. */
export function isWorthRepeating(fault: Fault): boolean {
	return isTransient(fault) && (fault.retryAfterMs ?? 0) <= MAX_RETRY_AFTER_MS;
}
