import type { OrdinaryLine, Variant } from './variant';

const lines = (make: (ordinary: OrdinaryLine) => unknown[]): Variant => ({ lines: make });

/** A request that failed in a way of its own: the parts of its line besides the id. */
const failed = (response: unknown, error: unknown = null): Variant => ({
	fails: true,
	lines: ({ id, request }) => [{ id, custom_id: request.custom_id, response, error }],
});

const responded = (status: number, body: unknown) => ({
	status_code: status,
	request_id: 'req_1',
	body,
});

const ordinary = ({ id, request, body }: OrdinaryLine) => ({
	id,
	custom_id: request.custom_id,
	response: responded(200, body),
	error: null,
});

const HELLO = { type: 'text', text: 'Hello' };

/** Forms of result lines that other servers write, or that were seen in public files. */
export const RESULT_LINES = {
	/** Two answers under one id (servers that accept duplicates; sglang #1415). */
	'line.twice': lines((line) => [ordinary(line), ordinary(line)]),
	/** Under one id an answer and a failure. */
	'line.twice_one_failed': lines((line) => [
		ordinary(line),
		{ ...ordinary(line), response: responded(500, { error: { message: 'Failed.', code: null } }) },
	]),
	/** Amazon Bedrock's, as LiteLLM hands it through (code). */
	'line.bedrock': lines(({ request }) => [
		{ recordId: request.custom_id, modelInput: {}, modelOutput: { content: [HELLO] } },
	]),
	/** Anthropic's (its documents). */
	'line.anthropic': lines(({ request }) => [
		{
			custom_id: request.custom_id,
			result: {
				type: 'succeeded',
				message: { type: 'message', role: 'assistant', content: [HELLO], stop_reason: 'end_turn' },
			},
		},
	]),
	/** The answer directly in `response` (a page on vLLM's run-batch). */
	'line.direct': lines(({ id, request, body }) => [
		{ id, custom_id: request.custom_id, response: body },
	]),
	/** Vertex AI's, when LiteLLM could not translate the file (code). */
	'line.vertex': lines(({ request }) => [
		{
			request: { contents: [], labels: { litellm_custom_id: request.custom_id } },
			status: '',
			response: { candidates: [{ content: { parts: [{ text: 'Hello' }] } }] },
		},
	]),
	'line.without_id': lines((line) => [{ ...ordinary(line), custom_id: undefined }]),
	'line.null_id': lines((line) => [{ ...ordinary(line), custom_id: null }]),
	/** An object of which nothing is known. */
	'line.unknown': lines(({ request }) => [{ key: request.custom_id, value: { said: 'Hello' } }]),
	/** No JSON at all. */
	'line.text': lines(() => ['This is no JSON.']),
	/** As above: a line without a body and without an error. */
	'line.empty': failed(responded(0, {})),
	/** vLLM's: the reason stands beside the response, one object in another (code). */
	'line.nested_error': failed(responded(400, null), {
		error: { message: 'maximum context length is 8192', type: 'BadRequestError', code: 400 },
	}),
	/** vLLM's: the reason is a text (code). */
	'line.text_error': failed(responded(400, null), 'Request must not be sent in stream mode'),
	/** FastAPI's. */
	'line.detail': failed(responded(404, { detail: 'Model Not Found' })),
	/** A gateway's. */
	'line.message': failed(responded(429, { message: 'Too many requests' })),
	/** vLLM's error object under 200: it stands in the output file (field cases). */
	'line.error_under_200': lines((line) => [
		{
			...ordinary(line),
			response: responded(200, { object: 'error', message: 'The model does not exist' }),
		},
	]),
} satisfies Record<string, Variant>;
