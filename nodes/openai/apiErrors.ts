/**
 * What an error of the API says about itself, wherever it was found: in an HTTP answer or in a line
 * of a result file. Codes and types are read alike, because servers put the same words into either.
 */

/** The error object of the API, as the envelope of an error answer and a result line hold it. */
export interface ApiErrorBody {
	message?: string | null;
	type?: string | null;
	param?: string | null;
	code?: string | null;
}

type Named = Pick<ApiErrorBody, 'code' | 'type'>;

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
