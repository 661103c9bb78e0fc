import { hexId, only, without } from './differences';
import type { Dialect, LineParts, Wire } from './dialect';
import { compatibleRules, openai } from './openai';

const notFound = { status: 404, json: { detail: 'Not Found' } };
const notAllowed = { status: 405, json: { detail: 'Method Not Allowed' } };

/** Failed requests have no body: the reason stands in `error`, an object around an object. */
function runBatchLine({ id, request, response, error }: LineParts): Wire {
	const line = (fields: Wire) => ({
		id: `vllm-${id.slice(-32)}`,
		custom_id: request.custom_id,
		...fields,
	});
	const answered = (body: unknown) => ({
		status_code: response!.status_code,
		request_id: `vllm-batch-${id.slice(-32)}`,
		body,
	});
	if (response === null) return line({ response: null, error: error?.message });
	if (response.status_code === 200) return line({ response: answered(response.body), error: null });
	const failed = (response.body as { error: Wire }).error;
	return line({
		response: answered(null),
		error: {
			error: {
				message: failed.message,
				type: 'BadRequestError',
				param: null,
				code: response.status_code,
			},
		},
	});
}

/**
 * The router of vLLM's production stack, with result lines as `vllm run-batch` writes them. The two
 * are not one server: the router's own results are a placeholder, and run-batch has no server.
 *
 * - objects, routes and errors: code of 2026-08, read and not run
 * - flat counts that are never filled, `pending` and `running`: code
 * - cancels by DELETE: code; that of a running batch ends in an error there, which is not imitated
 * - a second page is always empty: conclusion from the code
 * - file names and purposes are not kept: code
 * - lines: code of about 2025-12; one file for all lines
 */
export const vllm: Dialect = {
	title: 'vLLM production stack',
	basePath: '/v1',
	webhooksPath: null,
	lacks: {
		'POST /batches/:id/cancel': notFound,
		'GET /files': notAllowed,
		'DELETE /files/:id': notAllowed,
	},
	cancels: 'DELETE',
	success: openai.success,
	ids: { batch: hexId('batch_', 3), file: hexId('file-', 3) },
	statuses: { ...openai.statuses, validating: 'pending', in_progress: 'running' },
	batch: (batch) => ({
		...without(batch, 'object', 'errors', 'request_counts', 'model', 'usage'),
		expires_at: null,
		in_progress_at: null,
		finalizing_at: null,
		error_file_id: null,
		...(batch.status === 'failed' && { completed_at: batch.failed_at, failed_at: null }),
		// The code never fills them.
		total_requests: null,
		completed_requests: 0,
		failed_requests: 0,
	}),
	batchList: {
		query: ({ after, limit }) => ({ limit, isEmpty: after !== undefined }),
		page: openai.batchList.page,
	},
	file: (file, moment) => ({
		...only(file, 'id', 'bytes', 'created_at', 'filename', 'purpose'),
		...(moment === 'uploaded' ? {} : { filename: file.id, purpose: 'batch' }),
	}),
	fileList: openai.fileList,
	deletedFile: openai.deletedFile,
	download: openai.download,
	line: runBatchLine,
	error: ({ status, kind, message, body }) => {
		if (kind === 'unknown route') return notFound;
		if (kind === 'unknown batch') return { status: 500, text: 'Internal Server Error' };
		const { code, param } = body.error;
		if (code === 'missing_required_parameter') {
			return { status, json: { error: `Missing required parameter '${param}'` } };
		}
		if (kind === 'unknown file') {
			return {
				status,
				json: { error: message.replace(/^No such File object: (.*)$/, 'File $1 not found') },
			};
		}
		return { status, json: { error: message } };
	},
	rules: {
		...compatibleRules,
		window: (value) => (typeof value === 'string' ? value : '5s'),
		missingInput: 'refuses the create',
		hasErrorFile: false,
	},
};
