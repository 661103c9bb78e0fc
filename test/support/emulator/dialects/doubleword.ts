import type { ApiError } from '../errors';
import type { Dialect, Listing, Reply, Wire } from './dialect';
import { uuidId, windows, without, withoutNulls } from './differences';
import { compatibleRules, openai } from './openai';

/** An empty page has no ids, not even null. */
const listing: Listing = {
	query: openai.batchList.query,
	page: (page) => withoutNulls(page),
};

/** Errors are plain text, with words of its own for what was seen in the code. */
function doublewordError({ status, kind, message, body }: ApiError): Reply {
	if (kind === 'no key' || kind === 'wrong key') return { status, text: 'Authentication required' };
	if (body.error.param === 'completion_window') {
		return { status, text: 'Unsupported completion_window. Allowed values: 24h, 1h, background' };
	}
	if (kind === 'unknown batch') {
		return {
			status,
			text: message.replace(/^No batch found with id '(.*)'\.$/, 'Batch with ID $1 not found'),
		};
	}
	if (kind === 'too large') {
		return { status: 413, text: 'File exceeds the maximum allowed size of 104857600 bytes' };
	}
	return { status, text: message };
}

/**
 * Doubleword.
 *
 * - objects, handlers, errors, limits: code of 2026-08; messages of failed lines: code of 2026-07
 * - 201 for what is created, absent instead of null, file ids from the start, all failed is failed
 * - no `expired`: late batches complete, with `expired_at` set
 * - error lines hide the HTTP status and the body
 * - a bad line is refused at the upload
 * - a batch that cannot be cancelled, unknown files: texts not shown; OpenAI's words as plain text
 * - its webhooks are managed elsewhere, and are not imitated; neither are X-Incomplete and retry
 */
export const doubleword: Dialect = {
	title: 'Doubleword',
	basePath: '/v1',
	webhooksPath: null,
	lacks: {},
	cancels: 'POST',
	success: { create: 201, upload: 201, cancel: 200 },
	ids: { batch: uuidId(), file: uuidId() },
	statuses: openai.statuses,
	batch: (batch) => {
		const errors = batch.errors as { data: Wire[] } | null;
		return withoutNulls({
			...without(batch, 'model', 'usage'),
			errors: errors && { data: errors.data.map(withoutNulls) },
		});
	},
	batchList: listing,
	file: (file) => without(file, 'status', 'status_details'),
	fileList: listing,
	deletedFile: ({ id }) => ({ id, object: 'file', deleted: true }),
	download: openai.download,
	line: ({ id, request, response, error }) => {
		const line = { id: `batch_req_${id.slice(-32)}`, custom_id: request.custom_id };
		if (response?.status_code === 200) {
			return { ...line, response: { ...response, request_id: null }, error: null };
		}
		const message =
			response === null
				? error!.code === 'request_timeout'
					? error!.message
					: 'Request was not processed because its batch reached a terminal state'
				: `HTTP request returned error status code: ${response.status_code} (${JSON.stringify(response.body).length}-byte body omitted)`;
		return { ...line, response: null, error: { code: null, message } };
	},
	error: doublewordError,
	rules: {
		...compatibleRules,
		endpoints: {
			'/v1/chat/completions': '/v1/chat/completions',
			'/v1/completions': '/v1/completions',
			'/v1/embeddings': '/v1/embeddings',
			'/v1/responses': '/v1/responses',
		},
		window: windows(['24h', '1h', 'background']),
		purposes: ['batch'],
		limits: { fileBytes: 104_857_600, batchRequests: Infinity },
		takesManyModels: true,
		badLines: 'are refused at the upload',
		overdue: 'goes on',
		resultFiles: 'from the start',
		allFailed: 'failed',
	},
};
