/** An error of some server as it comes over the wire, and the words that a person should see. */
export interface ErrorForm {
	status: number;
	headers?: Record<string, string>;
	body: unknown;
	/** Undefined where there are no words. */
	words?: string;
}

const html = { 'content-type': 'text/html; charset=utf-8' };
const text = { 'content-type': 'text/plain' };
const json = { 'content-type': 'application/json' };

/**
 * The forms of error bodies that servers and gateways send, for `faults.next` with the type
 * `status`: from the field cases, and from `dialects.json` where a server is named.
 */
export const ERROR_FORMS = {
	'detail text': {
		status: 400,
		body: { detail: 'completion_window must be 24h' },
		words: 'completion_window must be 24h',
	},
	'detail list': {
		status: 422,
		body: { detail: [{ type: 'missing', loc: ['body', 'purpose'], msg: 'Field required' }] },
		words: 'Field required',
	},
	'status code and message': {
		status: 401,
		body: { statusCode: 401, message: 'Access denied due to missing subscription key.' },
		words: 'Access denied due to missing subscription key.',
	},
	'error object': {
		status: 404,
		body: {
			object: 'error',
			message: 'The model `x` does not exist.',
			type: 'NotFoundError',
			code: 404,
		},
		words: 'The model `x` does not exist.',
	},
	'message alone': {
		status: 404,
		body: { message: 'no Route matched with those values' },
		words: 'no Route matched with those values',
	},
	'gateway page': {
		status: 502,
		headers: html,
		body: '<html><head><title>502 Bad Gateway</title></head></html>',
		words: '502 Bad Gateway',
	},
	/** vLLM's production stack (code). */
	'error text': {
		status: 400,
		body: { error: "Missing required parameter 'endpoint'" },
		words: "Missing required parameter 'endpoint'",
	},
	/** Doubleword (code). */
	'error and message': {
		status: 429,
		headers: { 'retry-after': '60' },
		body: { error: 'too_many_requests', message: 'No capacity left.', retry_after_seconds: 30 },
		words: 'No capacity left.',
	},
	/** Doubleword (code). */
	'plain text': {
		status: 402,
		headers: text,
		body: 'Account balance too low.',
		words: 'Account balance too low.',
	},
	/** SiliconFlow (its published OpenAPI). */
	'JSON text': { status: 401, headers: json, body: '"Invalid token"', words: 'Invalid token' },
	/** SiliconFlow (its published OpenAPI). */
	'message and data': {
		status: 429,
		body: { message: 'Request was rejected due to rate limiting.', data: null },
		words: 'Request was rejected due to rate limiting.',
	},
	/** Novita (hearsay). */
	'code, reason, message': {
		status: 403,
		body: { code: 403, reason: 'INVALID_API_KEY', message: 'invalid api-key' },
		words: 'invalid api-key',
	},
	/** Bella (code). */
	'message and stack trace': {
		status: 400,
		body: {
			code: 400,
			message: 'input file id cannot be null or empty',
			timestamp: 1_790_000_000_000,
			data: null,
			stacktrace: null,
		},
		words: 'input file id cannot be null or empty',
	},
	/** Gemini's OpenAI layer (captures). */
	'list of one error': {
		status: 400,
		body: [
			{
				error: {
					code: 400,
					message: 'API key not valid. Please pass a valid API key.',
					status: 'INVALID_ARGUMENT',
				},
			},
		],
		words: 'API key not valid. Please pass a valid API key.',
	},
	/** LiteLLM: the provider's error as a Python dictionary inside the message (capture). */
	'error in an error': {
		status: 400,
		body: {
			error: {
				message:
					"Error code: 400 - {'error': {'message': 'Invalid file format for Batch API. Must be .jsonl', 'type': 'invalid_request_error', 'param': None, 'code': None}}",
				type: 'invalid_request_error',
				param: null,
				code: '400',
			},
		},
		words: 'Invalid file format for Batch API. Must be .jsonl',
	},
	/** An empty body, as gateways send it. */
	nothing: { status: 400, headers: text, body: '' },
	'empty object': { status: 400, body: {} },
} satisfies Record<string, ErrorForm>;
