import { isWorthRepeating, readApiError } from '../apiErrors';
import type { Fault, Headers } from '../client';
import { redact } from './credential';

/** A fault whose texts, which are the server's, are free of the given secrets. */
export function redactFault(fault: Fault, secrets: readonly string[]): Fault {
	const clean = (text: string | undefined) => text && redact(text, secrets);
	const { message, type, code, param, requestId } = fault;
	return {
		...fault,
		message: redact(message, secrets),
		type: clean(type),
		code: clean(code),
		param: clean(param),
		requestId: clean(requestId),
	};
}

/** Connection codes that mean the request never left for the server. */
const NEVER_SENT = new Set([
	'ECONNREFUSED',
	'ENOTFOUND',
	'EAI_AGAIN',
	'EHOSTUNREACH',
	'ENETUNREACH',
	'EADDRNOTAVAIL',
]);

/** Codes for a certificate that Node.js does not accept; asking again does not help. */
const BAD_CERTIFICATE =
	/^(CERT_|ERR_TLS_CERT|UNABLE_TO_(GET|VERIFY)|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|HOSTNAME_MISMATCH)/;

/** Codes of Node.js and of axios for a connection that failed, or an answer that broke off. */
const FROM_CONNECTION = /^(E[A-Z]+|ERR_NETWORK|ERR_BAD_RESPONSE)$/;

/** Statuses that may follow upon something done: 303 leads to what was made. */
const MAY_FOLLOW_EFFECT = new Set([303, 408, 409]);

/** Whether a server answers so before doing anything: refusals, and redirects to elsewhere. */
function wasRefused(status: number): boolean {
	return status >= 300 && status < 500 && !MAY_FOLLOW_EFFECT.has(status);
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

const SHOULD_RETRY: Partial<Record<string, boolean>> = { true: true, false: false };

/** The fault that an answer with an error status, or with an error envelope, stands for. */
export function statusFault(status: number, headers: Headers, body: unknown, now: number): Fault {
	const error = readApiError(body);
	return {
		kind: 'status',
		status,
		message: error?.message ?? `The server answered with HTTP status ${status}`,
		type: error?.type ?? undefined,
		code: error?.code ?? undefined,
		param: error?.param ?? undefined,
		requestId: headerText(headers, 'x-request-id'),
		retryAfterMs: retryAfterMs(headers, now),
		shouldRetry: SHOULD_RETRY[headerText(headers, 'x-should-retry') ?? ''],
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

interface Cause {
	code?: unknown;
	httpCode?: unknown;
	isAxiosError?: unknown;
}

/**
 * The connection code of one error. n8n 1 wraps errors without their cause: all that it leaves of
 * them is the code, in place of the HTTP status.
 */
function codeOf({ code, httpCode }: Cause): string | undefined {
	if (typeof code === 'string') return code;
	return typeof httpCode === 'string' && /^[A-Z]/.test(httpCode) ? httpCode : undefined;
}

/** An error and what caused it, outermost first. */
function causesOf(error: unknown): Cause[] {
	const chain: object[] = [];
	let next: unknown = error;
	while (typeof next === 'object' && next !== null && chain.length < 5) {
		chain.push(next);
		next = (next as { cause?: unknown }).cause;
	}
	return chain;
}

/** Finds a connection code (`ECONNRESET` …) in an error or its causes. */
export function connectionCode(error: unknown): string | undefined {
	return causesOf(error)
		.map(codeOf)
		.find((code) => code !== undefined);
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

/**
 * The fault for what n8n's HTTP helper threw. What does not come from the connection comes from
 * n8n, which sent nothing: a domain that the credential or the SSRF protection does not allow, a
 * header that cannot be sent.
 */
export function helperFault(error: unknown): Fault {
	const code = connectionCode(error);
	if (BAD_CERTIFICATE.test(code ?? '')) {
		const message = `The certificate of the server was not accepted (${code})`;
		return { kind: 'blocked', message, code, mayHaveExecuted: false };
	}
	const chain = causesOf(error);
	const isFromConnection = chain.some(
		(cause) => cause.isAxiosError === true || FROM_CONNECTION.test(codeOf(cause) ?? ''),
	);
	if (isFromConnection) return connectionFault(error);
	const { message } = (chain.at(-1) ?? {}) as { message?: unknown };
	return {
		kind: 'blocked',
		message: `n8n did not send the request: ${typeof message === 'string' && message !== '' ? message : 'no reason was given'}`,
		mayHaveExecuted: false,
	};
}

/** How often a request is repeated after a transient fault. */
export const MAX_RETRIES = 4;

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;
const JITTER = 0.25;

/**
 * The wait before the next attempt: what the server asks for, else 0.5 s doubling up to 8 s, less
 * up to 25 % so that many workflows do not come back at once (the policy of OpenAI's own SDKs).
 *
 * @param attempt how many attempts have failed so far, from 1
 * @returns milliseconds
 */
export function waitBeforeRetry(
	attempt: number,
	fault: Pick<Fault, 'retryAfterMs'>,
	random: () => number = Math.random,
): number {
	if (fault.retryAfterMs !== undefined) return fault.retryAfterMs;
	const wait = Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS);
	return wait * (1 - JITTER * random());
}

export interface RetryLimits {
	/** A request that must not be repeated unless it certainly had no effect. */
	once?: boolean;
	/** Epoch milliseconds after which nothing is waited for. */
	deadline?: number;
}

/**
 * Decides what follows a fault.
 *
 * @returns milliseconds to wait before trying again, or undefined to give up
 */
export function retryIn(
	attempt: number,
	fault: Fault,
	{ once, deadline }: RetryLimits,
	now: number,
	random: () => number = Math.random,
): number | undefined {
	if (attempt > MAX_RETRIES || !isWorthRepeating(fault)) return undefined;
	if (once && fault.mayHaveExecuted) return undefined;
	const wait = waitBeforeRetry(attempt, fault, random);
	if (deadline !== undefined && now + wait >= deadline) return undefined;
	return wait;
}
