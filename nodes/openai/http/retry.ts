import { hasPermanentCause, isQuotaError, isTransientStatus } from '../apiErrors';
import type { Fault } from './fault';

/** How often a request is repeated after a transient fault. */
export const MAX_RETRIES = 4;

/** The longest wait a server may ask for that is still waited inside one request. */
export const MAX_RETRY_AFTER_MS = 60_000;

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;
const JITTER = 0.25;

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

/** Whether the same request may succeed so soon that it is worth waiting for. */
export function isWorthRepeating(fault: Fault): boolean {
	return isTransient(fault) && (fault.retryAfterMs ?? 0) <= MAX_RETRY_AFTER_MS;
}

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
