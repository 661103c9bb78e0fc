import type { ApiErrorBody } from './types';

/**
 * Why a request did not give an answer to work with; plain data, so that the retry policy and
 * safe create can decide before anything is thrown.
 */
export interface Fault {
	kind:
		| 'status' // the server answered with an error status, or with an error envelope
		| 'connection' // no answer, or it broke off
		| 'answer' // an answer that is not the API's: HTML, broken JSON, a redirect
		| 'stalled' // nothing moved for too long
		| 'cancelled' // the execution was cancelled
		| 'source'; // the data to upload could not be read
	/** The API's own words where it said any. */
	message: string;
	status?: number;
	type?: string;
	code?: string;
	param?: string;
	requestId?: string;
	/** What the server asked to wait, in milliseconds. */
	retryAfterMs?: number;
	/** The server's own word on whether to repeat (`x-should-retry`). */
	shouldRetry?: boolean;
	/** False only when the request certainly had no effect at the server. */
	mayHaveExecuted: boolean;
}

/** A request's outcome as a value, for code that decides what a fault means. */
export type Result<T> = { ok: true; value: T } | { ok: false; fault: Fault };

export type Headers = Record<string, unknown>;

/** Connection codes that mean the request never left for the server. */
const NEVER_SENT = new Set([
	'ECONNREFUSED',
	'ENOTFOUND',
	'EAI_AGAIN',
	'EHOSTUNREACH',
	'ENETUNREACH',
]);

/** Statuses with which a server refuses before doing anything. */
function wasRefused(status: number): boolean {
	return status >= 400 && status < 500 && status !== 408 && status !== 409;
}

function headerText(headers: Headers, name: string): string | undefined {
	const value = headers[name];
	return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * The wait a server asks for: `retry-after-ms`, else `retry-after` in seconds or as a date.
 *
 * @returns milliseconds from `now` (epoch ms), or undefined when there is no usable value.
 */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
	const ms = Number(headerText(headers, 'retry-after-ms'));
	if (Number.isFinite(ms) && ms >= 0) return ms;
	const text = headerText(headers, 'retry-after');
	if (text === undefined) return undefined;
	const seconds = Number(text);
	if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1000 : undefined;
	const date = Date.parse(text);
	return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function text(value: unknown): string | undefined {
	return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The error envelope in an answer's body, when there is one. */
export function errorEnvelope(body: unknown): ApiErrorBody | undefined {
	if (typeof body !== 'object' || body === null) return undefined;
	const { error } = body as { error?: unknown };
	if (typeof error === 'string') return { message: error };
	return typeof error === 'object' && error !== null ? error : undefined;
}

/** The fault that an answer with an error status, or with an error envelope, stands for. */
export function statusFault(status: number, headers: Headers, body: unknown, now: number): Fault {
	const error: ApiErrorBody = errorEnvelope(body) ?? {};
	const shouldRetry = headerText(headers, 'x-should-retry');
	return {
		kind: 'status',
		status,
		message: text(error.message) ?? `The server answered with HTTP status ${status}`,
		type: text(error.type),
		code: text(error.code),
		param: text(error.param),
		requestId: headerText(headers, 'x-request-id'),
		retryAfterMs: retryAfterMs(headers, now),
		shouldRetry: shouldRetry === undefined ? undefined : shouldRetry === 'true',
		mayHaveExecuted: !wasRefused(status),
	};
}

/** The fault for an answer that is not what the API sends; `what` says what came instead. */
export function answerFault(status: number, headers: Headers, what: string): Fault {
	return {
		kind: 'answer',
		status,
		message: `The server did not answer as the OpenAI API does: ${what}`,
		requestId: headerText(headers, 'x-request-id'),
		mayHaveExecuted: !wasRefused(status),
	};
}

/** Finds a connection code (`ECONNRESET` …) in an error or its causes. */
export function connectionCode(error: unknown): string | undefined {
	for (let cause = error, depth = 0; cause && depth < 5; depth++) {
		const { code, cause: next } = cause as { code?: unknown; cause?: unknown };
		if (typeof code === 'string') return code;
		cause = next;
	}
	return undefined;
}

const CONNECTION_TEXT: Record<string, string> = {
	ECONNREFUSED: 'The server refused the connection',
	ENOTFOUND: 'The server name could not be found',
	EAI_AGAIN: 'The server name could not be looked up just now',
	ECONNABORTED: 'The server did not answer in time',
	ETIMEDOUT: 'The server did not answer in time',
};

/** The fault for a request that broke before a whole answer was there. */
export function connectionFault(error: unknown): Fault {
	const code = connectionCode(error);
	return {
		kind: 'connection',
		message: CONNECTION_TEXT[code ?? ''] ?? 'The connection to the server broke off',
		code,
		mayHaveExecuted: !NEVER_SENT.has(code ?? ''),
	};
}
