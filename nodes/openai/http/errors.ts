import type { Failure, INode, JsonObject } from 'n8n-workflow';
import { NodeApiError } from 'n8n-workflow';
import { isQueueFull, isQuotaError, isTransient } from '../apiErrors';
import type { Fault } from '../client';
import { redact } from './credential';

/** What n8n's durable poller reads to decide when to poll again. */
export function failureOf(fault: Fault): Failure | undefined {
	if (fault.status === 401) return { cause: 'credential-invalid' };
	if (isQuotaError(fault)) return { cause: 'quota-exhausted' };
	if (fault.kind === 'blocked' || fault.status === 403 || fault.status === 404) {
		return { cause: 'configuration-invalid' };
	}
	if (isQueueFull(fault)) return { cause: 'rate-limited' };
	if (!isTransient(fault)) return undefined;
	const cause = fault.status === 429 ? 'rate-limited' : 'temporarily-unavailable';
	return fault.retryAfterMs === undefined ? { cause } : { cause, retryAfterMs: fault.retryAfterMs };
}

const ADVICE_BY_STATUS: Record<number, string> = {
	401: 'Check the API key in the credential.',
	403: 'Check that the key may use batches and files, and the organization and project ids in the credential.',
	429: 'Too many requests: try again later, or turn on Retry On Fail in the node settings.',
};

const UNKNOWN_ID_ADVICE = 'Check the id, and that it belongs to the same project as the API key.';
const UNKNOWN_PATH_ADVICE =
	'The server does not know this address: check the Base URL in the credential, which usually ends with /v1.';
/** For codes of a connection to a server that is not there. */
const ADVICE_BY_CODE: Record<string, string> = {
	ECONNREFUSED:
		'Check the host and the port in the Base URL of the credential, and that the server runs.',
	ENOTFOUND: 'Check the host in the Base URL of the credential.',
};
const QUEUE_FULL_ADVICE =
	'The queue of this model is full: try again when other batches are finished.';

/** What the user can do about a fault, in a sentence; undefined when the API's words say it all. */
function adviceFor(fault: Fault): string | undefined {
	if (isQuotaError(fault)) return 'Add credit or raise the limit in the billing settings.';
	if (fault.kind === 'answer') return 'Check the Base URL in the credential.';
	if (fault.kind === 'source' || fault.kind === 'cancelled') return undefined;
	if (fault.kind === 'blocked') return 'Check the credential, and what n8n is allowed to reach.';
	if (isQueueFull(fault)) return QUEUE_FULL_ADVICE;
	if (fault.status === 404) return fault.namesId ? UNKNOWN_ID_ADVICE : UNKNOWN_PATH_ADVICE;
	const byCode = fault.kind === 'connection' ? ADVICE_BY_CODE[fault.code ?? ''] : undefined;
	const advice = byCode ?? ADVICE_BY_STATUS[fault.status ?? 0];
	if (advice) return advice;
	return isTransient(fault)
		? 'The request was repeated without success: try again later.'
		: undefined;
}

function describe(fault: Fault): string {
	const details = [
		fault.status !== undefined && `HTTP status: ${fault.status}`,
		fault.code && `code: ${fault.code}`,
		fault.param && `param: ${fault.param}`,
		fault.requestId && `request id: ${fault.requestId}`,
	].filter(Boolean);
	return [adviceFor(fault), details.length > 0 ? `(${details.join(', ')})` : undefined]
		.filter(Boolean)
		.join(' ');
}

/** A server's message may be a whole page. */
const LONGEST_TEXT = 2_000;

const clip = (text: string) =>
	text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)} …` : text;

export interface FaultContext {
	itemIndex?: number;
	secrets?: readonly string[];
	/** What to say before the API's own words, such as which step this was. */
	prefix?: string;
}

/**
 * The error a user sees for a fault. It holds the API's message, and in `context` its code,
 * param, type, request id and HTTP status; never the request, whose headers carry the key.
 */
export function toNodeApiError(
	node: INode,
	fault: Fault,
	{ itemIndex, secrets = [], prefix }: FaultContext = {},
): NodeApiError {
	const clean = (text: string) => clip(redact(text, secrets));
	const message = clean(prefix ? `${prefix}: ${fault.message}` : fault.message);
	const details: JsonObject = {};
	const facts = {
		http_status: fault.status,
		code: fault.code,
		param: fault.param,
		type: fault.type,
	};
	for (const [name, value] of Object.entries({ ...facts, request_id: fault.requestId })) {
		if (value !== undefined) details[name] = typeof value === 'string' ? clean(value) : value;
	}
	const description = clean(describe(fault));
	const error = new NodeApiError(
		node,
		{ message },
		{
			message,
			description,
			httpCode: fault.status === undefined ? undefined : String(fault.status),
			itemIndex,
			failure: failureOf(fault),
		},
	);
	Object.assign(error.context, details);
	// NodeApiError puts a text of its own in place of messages that happen to contain, say,
	// `ENOTFOUND`, as Azure's "ResourceNotFound" does.
	return Object.assign(error, { message, description });
}
