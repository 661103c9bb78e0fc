import type { Dialect } from './dialect';
import { bareErrors, bareList, detail, letters, times, windows, without } from './differences';
import { compatibleRules, openai } from './openai';

/**
 * Maritaca.
 *
 * - objects, routes, statuses, purposes: documents of 2025
 * - 0 for times that have not come, errors as a list of texts: document
 * - lists say nothing about a next page; `after` is said to be the `next_cursor` of the answer
 *   before, which no sample shows
 * - errors over HTTP were not shown: FastAPI's form is a guess
 */
export const maritaca: Dialect = {
	title: 'Maritaca',
	basePath: '/api',
	webhooksPath: null,
	lacks: {},
	cancels: 'POST',
	success: openai.success,
	ids: { batch: letters('batch-', 12), file: letters('file-', 12) },
	statuses: {
		...openai.statuses,
		validating: 'queued',
		in_progress: 'running',
		completed: 'succeeded',
	},
	batch: (batch) => {
		const errors = bareErrors(batch) as Array<{ line: number | null; message: string }> | null;
		return {
			...times(without(batch, 'model', 'usage'), (seconds) => seconds ?? 0),
			errors: (errors ?? []).map(({ line, message }) =>
				line === null ? message : `Linha ${line}: ${message}`,
			),
		};
	},
	batchList: bareList(openai.batchList),
	file: (file) => ({ ...file, status: 'uploaded' }),
	fileList: { query: openai.fileList.query, page: ({ data }) => ({ data }) },
	deletedFile: ({ id }) => ({ id, object: 'file', deleted: true }),
	download: openai.download,
	line: openai.line,
	error: detail,
	rules: {
		...compatibleRules,
		endpoints: {
			'/chat/completions': '/v1/chat/completions',
			'/v1/chat/completions': '/v1/chat/completions',
		},
		window: windows(['24h', '1h'], true),
		purposes: ['batch_input', 'batch'],
	},
};
