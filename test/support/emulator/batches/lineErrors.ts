import type { BatchValidationError } from '../../../../nodes/openai/api/objects';
import type { Dialect } from '../dialects';
import type { Endpoint, RequestLine } from './requestLine';

/** A fault of one line; its number is added by the caller. */
export type LineError = Omit<BatchValidationError, 'line'>;

/** What a body must have besides its model. */
const REQUIRED: Record<Endpoint, readonly string[]> = {
	'/v1/responses': ['input'],
	'/v1/chat/completions': ['messages'],
	'/v1/embeddings': ['input'],
	'/v1/completions': ['prompt'],
	'/v1/moderations': ['input'],
	'/v1/images/generations': ['prompt'],
	'/v1/images/edits': ['images', 'prompt'],
};

/** A Responses request without `input` is whole when it continues or refers to something. */
const INSTEAD_OF_INPUT = ['prompt', 'conversation', 'previous_response_id'];

/** The endpoints that know `stream`, by the name that the message gives them. */
const STREAMING: Partial<Record<Endpoint, string>> = {
	'/v1/responses': 'Responses',
	'/v1/chat/completions': 'Chat Completions',
	'/v1/completions': 'Completions',
	'/v1/images/generations': 'Images',
	'/v1/images/edits': 'Images',
};

/** Facts about the batch that a line is checked against. */
export interface LineContext {
	/** Whose requests the batch holds, in OpenAI's terms. */
	api: Endpoint;
	rules: Dialect['rules'];
	unknownModels: RegExp;
}

/**
 * The first fault of a line, or the request that it holds. Codes and messages were observed on
 * the real service, except for a wrong method and wrong types, which follow its style.
 */
export function checkLine(
	text: string,
	context: LineContext,
): { error: LineError } | { line: RequestLine } {
	const line = parsedObject(text);
	if (line === undefined) {
		return fault('invalid_json_line', null, 'This line is not parseable as valid JSON.');
	}
	for (const param of context.rules.lineNeeds) {
		if (line[param] === undefined || line[param] === null) return missing(param, param);
	}
	if (typeof line.custom_id !== 'string') return wrongType('custom_id', 'a string');
	if (typeof line.body !== 'object' || Array.isArray(line.body))
		return wrongType('body', 'an object');
	const { method = 'POST', url } = line;
	if (method !== 'POST') {
		return fault('invalid_value', 'method', `Invalid value: '${method}'. Value must be 'POST'.`);
	}
	if (url !== undefined && context.rules.endpoints[String(url)] !== context.api) {
		return fault(
			'invalid_url',
			'url',
			'The URL provided for this request does not match the batch endpoint.',
		);
	}
	const error = checkBody(line.body as Record<string, unknown>, context);
	return error === undefined ? { line: line as unknown as RequestLine } : { error };
}

function checkBody(
	body: Record<string, unknown>,
	{ api, rules, unknownModels }: LineContext,
): LineError | undefined {
	if (body.stream === true && STREAMING[api] !== undefined && !rules.takesStream) {
		const message = `${STREAMING[api]}: Streaming is not supported in the Batch API.`;
		return fault('streaming_unsupported', 'body.stream', message).error;
	}
	if (typeof body.model !== 'string' && api !== '/v1/moderations') {
		return fault('invalid_request', 'body.model', 'Model parameter is required.').error;
	}
	if (typeof body.model === 'string' && unknownModels.test(body.model)) {
		const message = `The provided model '${body.model}' is not supported by the Batch API.`;
		return fault('model_not_found', 'body.model', message).error;
	}
	const absent = REQUIRED[api].find((param) => body[param] === undefined);
	if (absent === undefined) return undefined;
	const replaced =
		api === '/v1/responses' && INSTEAD_OF_INPUT.some((param) => body[param] !== undefined);
	return replaced ? undefined : missing(absent, `body.${absent}`).error;
}

function parsedObject(text: string): Record<string, unknown> | undefined {
	try {
		const value: unknown = JSON.parse(text);
		return typeof value === 'object' && value !== null && !Array.isArray(value)
			? (value as Record<string, unknown>)
			: undefined;
	} catch {
		return undefined;
	}
}

function fault(code: string, param: string | null, message: string): { error: LineError } {
	return { error: { code, message, param } };
}

function missing(name: string, param: string): { error: LineError } {
	return fault('missing_required_parameter', param, `Missing required parameter: '${name}'.`);
}

function wrongType(param: string, expected: string): { error: LineError } {
	return fault('invalid_type', param, `Invalid type for '${param}': expected ${expected}.`);
}
