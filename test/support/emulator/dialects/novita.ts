import type { Dialect } from './dialect';
import { emptyFileIds, isoText, letters, times, windows, without } from './differences';
import { compatibleRules, openai } from './openai';

/** Times that a batch has as ISO text with nine decimals; the others are null in every sample. */
const isoTime = (seconds: number | null) =>
	seconds === null ? null : isoText(seconds, '949816948', 8);

/**
 * Novita.
 *
 * - batch, file, list, line, statuses and limits: documents of 2025-08 to 2026
 * - the statuses are those of the document's table, in capitals and with PROGRESS; a sample says
 *   `validating` in small letters. That FINALIZING is not one of them is from the table: PROGRESS
 *   is sent instead
 * - which times are set in a batch that has ended was not shown: all are sent as ISO text (a guess)
 * - the 403 of a wrong key: hearsay, and the form of other errors is concluded from it
 */
export const novita: Dialect = {
	title: 'Novita',
	basePath: '/openai/v1',
	webhooksPath: null,
	lacks: {},
	cancels: 'POST',
	success: openai.success,
	ids: { batch: letters('batch_', 20), file: letters('file_', 20) },
	statuses: {
		validating: 'VALIDATING',
		in_progress: 'PROGRESS',
		finalizing: 'PROGRESS',
		completed: 'COMPLETED',
		failed: 'FAILED',
		expired: 'EXPIRED',
		cancelling: 'CANCELLING',
		cancelled: 'CANCELLED',
	},
	batch: (batch) => {
		const [error] = (batch.errors as { data: Array<{ message: string }> } | null)?.data ?? [];
		return {
			...times(emptyFileIds(without(batch, 'model', 'usage')), isoTime),
			...(batch.status === 'VALIDATING' && { expires_at: null }),
			errors: error?.message ?? '',
			version: 0,
			updated_at: null,
			created_by: '00000000-0000-4000-8000-000000000001',
			created_by_key_id: 'key_00000000',
			remark: '',
			...(batch.request_counts as object),
		};
	},
	batchList: openai.batchList,
	file: (file) => ({
		...without(file, 'status', 'status_details', 'expires_at'),
		...(file.purpose === 'batch_output' && { expires_at: file.expires_at }),
		metadata: { total_requests: 2 },
	}),
	fileList: openai.fileList,
	deletedFile: openai.deletedFile,
	download: openai.download,
	line: ({ id, request, response, error }) => ({
		custom_id: request.custom_id,
		error,
		id: `batch_req_task_${id.slice(-3)}`,
		response: response && {
			body: response.body,
			request_id: request.custom_id,
			status_code: response.status_code,
		},
	}),
	error: ({ status, kind, message }) =>
		kind === 'no key' || kind === 'wrong key'
			? { status: 403, json: { code: 403, reason: 'INVALID_API_KEY', message: 'invalid api-key' } }
			: { status, json: { code: status, reason: 'INVALID_REQUEST', message } },
	rules: {
		...compatibleRules,
		endpoints: {
			'/v1/chat/completions': '/v1/chat/completions',
			'/v1/completions': '/v1/completions',
		},
		window: windows(['48h'], true),
		purposes: ['batch'],
		limits: { batchBytes: 104_857_600 },
		lineNeeds: ['custom_id', 'body'],
	},
};
