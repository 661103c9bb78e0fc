import { requiredString } from '../checks';
import type { ApiError } from '../errors';
import type { Dialect, Reply, Wire } from './dialect';
import { hexId, only, uuidId } from './differences';
import { openai } from './openai';

/** What OpenAI calls otherwise in `errors` of a failed batch (document of 2026-08). */
const CODES: Record<string, string> = {
	invalid_url: 'url_mismatch',
	mismatched_model: 'model_mismatch',
};

/** The codes of a failed batch by the names of Azure. */
export function azureErrors(errors: unknown): unknown {
	const list = errors as { data: Wire[] } | null;
	if (list === null) return null;
	const data = list.data.map((error) => ({
		...error,
		code: CODES[String(error.code)] ?? error.code,
	}));
	return { object: 'list', data };
}

/**
 * `error` has a code and a message only, the code being the HTTP status as text when there is no
 * other (captures of 401 and 404, 2024 and 2025). The body of `token_limit_exceeded` was not shown
 * as a whole: its form is a guess.
 */
export function azureError({ status, kind, body: { error } }: ApiError): Reply {
	const messages: Partial<Record<ApiError['kind'], string>> = {
		'no key': 'Access denied due to invalid subscription key or wrong API endpoint.',
		'wrong key': 'Access denied due to invalid subscription key or wrong API endpoint.',
		'unknown route': 'Resource not found',
	};
	const code = messages[kind] === undefined ? (error.code ?? String(status)) : String(status);
	return { status, json: { error: { code, message: messages[kind] ?? error.message } } };
}

/**
 * Azure OpenAI, as its older API version answered: a whole run was captured in August 2024. The
 * sample of 2026 with ISO times is `azure-iso`.
 *
 * - ids, no model, no usage, `endpoint: null` at the creation and without /v1 afterwards: capture
 * - error file always there, with 0 bytes when nothing failed: capture
 * - codes, expiry of 14 to 30 days, 100,000 requests, refused byte order mark, jobs that go on when
 *   they are late, any endpoint that the file does not have: document of 2026-08
 * - webhook endpoints below /dashboard: document
 * - `status: "pending"` of an uploaded file, then processed: capture
 * - 400 `token_limit_exceeded` at the creation: document, its body a guess
 * - what a cancel answers, lines of the error file: not shown; OpenAI's are taken
 */
export const azure: Dialect = {
	title: 'Azure OpenAI',
	basePath: '/openai/v1',
	webhooksPath: '/dashboard/webhook_endpoints',
	lacks: {},
	cancels: 'POST',
	success: openai.success,
	ids: {
		batch: uuidId('batch_'),
		file: (purpose) => (purpose === 'batch_output' ? uuidId('file-')() : hexId('file-', 16)()),
	},
	statuses: openai.statuses,
	batch: (batch, moment) => ({
		...only(
			batch,
			'id',
			'completion_window',
			'created_at',
			'input_file_id',
			'object',
			'status',
			'cancelled_at',
			'cancelling_at',
			'completed_at',
			'error_file_id',
			'expired_at',
			'expires_at',
			'failed_at',
			'finalizing_at',
			'in_progress_at',
			'metadata',
			'output_file_id',
			'request_counts',
		),
		endpoint: moment === 'created' ? null : String(batch.endpoint).replace(/^\/v1/, ''),
		errors: azureErrors(batch.errors),
	}),
	batchList: {
		query: openai.batchList.query,
		page: ({ data, first_id, has_more, last_id }) => ({ data, first_id, has_more, last_id }),
	},
	file: (file, moment) => (moment === 'uploaded' ? { ...file, status: 'pending' } : file),
	fileList: openai.fileList,
	deletedFile: openai.deletedFile,
	download: openai.download,
	line: ({ request, response, error }) => ({
		custom_id: request.custom_id,
		response: response && {
			body: response.body,
			request_id: response.request_id,
			status_code: response.status_code,
		},
		error,
	}),
	error: azureError,
	rules: {
		...openai.rules,
		endpoints: {
			'/chat/completions': '/v1/chat/completions',
			'/v1/chat/completions': '/v1/chat/completions',
			'/v1/responses': '/v1/responses',
		},
		window: (value) => requiredString(value, 'completion_window'),
		faultOf: ({ completion_window }) =>
			completion_window === '24h'
				? undefined
				: { code: 'invalid_request', message: 'The completion window has to be 24h.' },
		expirySeconds: [1_209_600, 2_592_000],
		limits: { batchRequests: 100_000 },
		takesByteOrderMark: false,
		fullQueue: 'refuses the create',
		overdue: 'goes on',
		resultFiles: 'always',
	},
};
