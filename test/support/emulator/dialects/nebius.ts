import type { Dialect } from './dialect';
import { bareList, detail, letters, without } from './differences';
import { compatibleRules, openai } from './openai';

/**
 * Nebius: documents of 2024-11 to 2026.
 *
 * - no finalizing_at, cancelling_at, cancelled_at, model and usage
 * - lists say nothing about a next page
 * - five million requests a file of 10 GB
 * - errors over HTTP and lines were not shown: FastAPI's form and OpenAI's lines are guesses
 */
export const nebius: Dialect = {
	title: 'Nebius',
	basePath: '/v1',
	webhooksPath: null,
	lacks: {},
	cancels: 'POST',
	success: openai.success,
	ids: { batch: letters('batch_', 12), file: letters('file-', 12) },
	statuses: openai.statuses,
	batch: (batch) =>
		without(batch, 'finalizing_at', 'cancelling_at', 'cancelled_at', 'model', 'usage'),
	batchList: bareList(openai.batchList),
	file: (file) => without(file, 'status', 'status_details', 'expires_at'),
	fileList: openai.fileList,
	deletedFile: openai.deletedFile,
	download: openai.download,
	line: openai.line,
	error: detail,
	rules: {
		...compatibleRules,
		endpoints: {
			'/v1/chat/completions': '/v1/chat/completions',
			'/v1/embeddings': '/v1/embeddings',
		},
		limits: { batchRequests: 5_000_000, batchBytes: 10_000_000_000, fileBytes: 10_000_000_000 },
	},
};
