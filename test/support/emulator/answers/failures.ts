import type { ApiError as ErrorFields } from '../../../../nodes/openai/apiErrors';
import type { Outcome } from '../outcomes';

const KNOWN: Record<string, Partial<Partial<ErrorFields>>> = {
	context_length_exceeded: {
		message:
			"This model's maximum context length is 128000 tokens. However, your messages resulted in 1000024 tokens. Please reduce the length of the messages.",
		param: 'messages',
	},
	server_error: {
		message: 'The server had an error while processing your request. Sorry about that!',
		type: 'server_error',
		code: null,
	},
	rate_limit_exceeded: {
		message: 'Rate limit reached. Please try again later.',
		type: 'requests',
	},
	insufficient_quota: {
		message: 'You exceeded your current quota, please check your plan and billing details.',
		type: 'insufficient_quota',
	},
};

/** The body of a request that failed: the usual envelope. */
export function failureBody(outcome: Extract<Outcome, { type: 'fail' }>): {
	error: Partial<ErrorFields>;
} {
	if (outcome.error !== undefined) return { error: outcome.error };
	return {
		error: {
			message: `The request failed with ${outcome.code}.`,
			type: outcome.status >= 500 ? 'server_error' : 'invalid_request_error',
			param: null,
			code: outcome.code,
			...KNOWN[outcome.code],
			...(outcome.message === undefined ? {} : { message: outcome.message }),
		},
	};
}
