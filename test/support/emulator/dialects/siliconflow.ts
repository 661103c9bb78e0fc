import type { Dialect } from './dialect';
import { hours, letters, without } from './differences';
import { compatibleRules, openai } from './openai';

/**
 * SiliconFlow.
 *
 * - objects, guide, limits, expired lines: documents of 2025
 * - the upload is wrapped in `data`, and its time is `createdAt`: document
 * - `in_queue`: document; its table has no `failed`, which a batch with bad lines is here all the same
 * - a list has everything at once: document
 * - their own input samples carry `stream: true`, and lines may do without method and url: document
 * - errors: its published OpenAPI, as others copied it; the codes of other 400s are not known
 */
export const siliconflow: Dialect = {
	title: 'SiliconFlow',
	basePath: '/v1',
	webhooksPath: null,
	lacks: {},
	cancels: 'POST',
	success: openai.success,
	ids: { batch: letters('batch_', 10), file: letters('file-', 10) },
	statuses: { ...openai.statuses, validating: 'in_queue' },
	batch: (batch, moment) => ({
		...without(batch, 'model', 'usage'),
		...(moment === 'created'
			? { request_counts: null }
			: {
					errors:
						(batch.errors as { data: Array<{ message: string }> } | null)?.data.map(
							({ message }) => message,
						) ?? null,
				}),
	}),
	batchList: {
		query: () => ({ isEverything: true }),
		page: (page) => ({ ...page, has_more: false }),
	},
	file: (file, moment) => {
		if (moment !== 'uploaded') return without(file, 'status', 'status_details');
		const { created_at: createdAt, ...rest } = file;
		const data = { ...without(rest, 'status', 'status_details', 'expires_at'), createdAt };
		return { code: 20000, message: 'Ok', status: true, data };
	},
	fileList: openai.fileList,
	deletedFile: openai.deletedFile,
	download: openai.download,
	line: openai.line,
	error: ({ status, kind, message }) => {
		if (kind === 'no key' || kind === 'wrong key') return { status, json: 'Invalid token' };
		if (kind === 'unknown route') return { status, json: '404 page not found' };
		return { status, json: { code: 20012, message, data: null } };
	},
	rules: {
		...compatibleRules,
		endpoints: { '/v1/chat/completions': '/v1/chat/completions' },
		window: hours(24, 336),
		purposes: ['batch'],
		limits: { batchRequests: 5000, batchBytes: 1_000_000_000, fileBytes: 1_000_000_000 },
		lineNeeds: ['custom_id', 'body'],
		takesStream: true,
	},
};
