import { randomUUID } from 'node:crypto';

import type { Dialect } from './dialect';
import { hours, letters, uuidId, without } from './differences';
import { compatibleRules, openai } from './openai';

/**
 * Alibaba Model Studio (DashScope).
 *
 * - objects, list, lines, limits: documents of 2026; `expires_at` is null at the creation
 * - ids of files tell their kind: document
 * - 401: capture of 2026-09; `request_id` beside the error
 * - a failed line has `error {code, message}` by the document, `error_code` and `error_message` by
 *   its script: the document's form is sent
 * - filters of lists, callbacks by metadata and the test model are not imitated
 */
export const alibaba: Dialect = {
	title: 'Alibaba Model Studio',
	basePath: '/compatible-mode/v1',
	webhooksPath: null,
	lacks: {},
	cancels: 'POST',
	success: openai.success,
	ids: {
		batch: uuidId('batch_'),
		file: (purpose) => letters(`file-${purpose}-`, 12)(),
	},
	statuses: openai.statuses,
	batch: (batch) => ({
		...without(batch, 'model', 'usage'),
		expires_at: batch.status === 'validating' ? null : batch.expires_at,
	}),
	batchList: openai.batchList,
	file: (file) => without(file, 'expires_at'),
	fileList: openai.fileList,
	deletedFile: openai.deletedFile,
	download: openai.download,
	line: ({ request, response, error }) => {
		const id = randomUUID();
		return {
			id,
			custom_id: request.custom_id,
			response: response && { ...response, request_id: id },
			error,
		};
	},
	error: ({ status, body }) => ({ status, json: { ...body, request_id: randomUUID() } }),
	rules: {
		...compatibleRules,
		endpoints: {
			'/v1/chat/completions': '/v1/chat/completions',
			'/v1/embeddings': '/v1/embeddings',
		},
		window: hours(24, 336),
		purposes: ['batch'],
		limits: { batchBytes: 500_000_000 },
	},
};
