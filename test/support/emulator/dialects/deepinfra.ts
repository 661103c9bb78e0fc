import type { Dialect } from './dialect';
import { letters, without } from './differences';
import { compatibleRules, openai } from './openai';

/**
 * DeepInfra: documents of 2026-06 to 2026-11.
 *
 * - `expires_at` is null until it is reached; no status of files
 * - every failed line has `response: null`; no request_id
 * - purposes of result files differ between guide and reference: the reference's is sent
 * - errors over HTTP were not shown: OpenAI's form is a guess
 */
export const deepinfra: Dialect = {
	title: 'DeepInfra',
	basePath: '/v1/openai',
	webhooksPath: null,
	lacks: {},
	cancels: 'POST',
	success: openai.success,
	ids: { batch: letters('batch_', 12), file: letters('file_', 12) },
	statuses: openai.statuses,
	batch: (batch) => ({
		...batch,
		expires_at: batch.status === 'expired' ? batch.expires_at : null,
	}),
	batchList: openai.batchList,
	file: (file) => without(file, 'status', 'status_details'),
	fileList: openai.fileList,
	deletedFile: openai.deletedFile,
	download: openai.download,
	line: ({ id, request, response, error }) => {
		const line = { id: `batch_req_${id.slice(-12)}`, custom_id: request.custom_id };
		if (response?.status_code === 200) {
			return { ...line, response: without(response, 'request_id'), error: null };
		}
		const failed = (response?.body as { error?: { message: string } } | undefined)?.error;
		const reason = failed && { code: 'invalid_request', message: failed.message };
		return { ...line, response: null, error: reason ?? error };
	},
	error: openai.error,
	rules: {
		...compatibleRules,
		endpoints: {
			'/v1/chat/completions': '/v1/chat/completions',
			'/v1/completions': '/v1/completions',
			'/v1/embeddings': '/v1/embeddings',
		},
		purposes: ['batch', 'fine-tune'],
	},
};
