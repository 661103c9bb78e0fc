import type { Dialect, Wire } from './dialect';
import { windows, without } from './differences';
import { compatibleRules, openai } from './openai';

const digits = (prefix: string) => () =>
	`${prefix}19${Array.from({ length: 17 }, () => Math.floor(Math.random() * 10)).join('')}`;

/**
 * Zhipu (BigModel, Z.ai).
 *
 * - lines: capture of 2025-08; the id is the batch's, and the same on every line
 * - objects, parameters, limits: documents of 2024 to 2026; `request_counts` as a number with the
 *   counts beside it is the reference's template, and what is on the wire was not shown
 * - the input file is deleted by default: document; here always, when the batch has ended
 * - 401: captures; other errors follow its form (a guess)
 */
export const zhipu: Dialect = {
	title: 'Zhipu',
	basePath: '/api/paas/v4',
	webhooksPath: null,
	lacks: {},
	cancels: 'POST',
	success: openai.success,
	ids: { batch: digits('batch_'), file: digits('') },
	statuses: openai.statuses,
	batch: (batch) => {
		const counts = batch.request_counts as Wire;
		return {
			...without(batch, 'model', 'usage', 'errors'),
			request_counts: counts.total,
			...counts,
		};
	},
	batchList: openai.batchList,
	file: openai.file,
	fileList: openai.fileList,
	deletedFile: openai.deletedFile,
	download: openai.download,
	line: ({ request, response, error, batchId }) => {
		const known = { custom_id: request.custom_id, id: batchId };
		if (response === null) return { response: null, ...known, error };
		const body = without(response.body as object, 'object');
		return {
			response: {
				status_code: response.status_code,
				body: { ...body, request_id: request.custom_id },
			},
			...known,
		};
	},
	error: ({ status, kind, message }) => {
		const isKey = kind === 'no key' || kind === 'wrong key';
		const error = isKey
			? { code: '1000', message: 'Authentication Failed' }
			: { code: String(1200 + (status % 100)), message };
		return { status, json: { error } };
	},
	rules: {
		...compatibleRules,
		endpoints: { '/v4/chat/completions': '/v1/chat/completions' },
		window: windows(['24h'], true),
		purposes: ['batch'],
		limits: { batchBytes: 104_857_600 },
		inputFile: 'deleted',
	},
};
