import type { Dialect } from './dialect';
import { bareErrors, hours, letters, without } from './differences';
import { compatibleRules, openai } from './openai';

/** Batches a page; how many the server gives was not shown. */
const PAGE = '20';

const cursorOf = (id: string) =>
	`cursor_${Buffer.from(JSON.stringify({ id })).toString('base64url')}`;

function idOf(cursor: string | undefined): string | undefined {
	if (cursor === undefined) return undefined;
	return JSON.parse(Buffer.from(cursor.slice('cursor_'.length), 'base64url').toString()).id;
}

/**
 * Groq.
 *
 * - lines and ids: capture of 2025-03
 * - no model, no usage, `finalizing_at` never set: document of 2025 and 2026
 * - pages by cursor without has_more: document; `after` and `limit` are not in it, so that they
 *   are not heeded here (a guess)
 * - a bad line fails alone, and stands in bare `errors` of a completed batch: document
 * - windows of 24 hours to 7 days: document
 * - 401 and unknown routes: captures; other errors have OpenAI's envelope without `param` (a guess)
 */
export const groq: Dialect = {
	title: 'Groq',
	basePath: '/openai/v1',
	webhooksPath: null,
	lacks: {},
	cancels: 'POST',
	success: openai.success,
	ids: { batch: letters('batch_01', 24), file: letters('file_01', 24) },
	statuses: openai.statuses,
	batch: (batch) => ({
		...without(batch, 'model', 'usage'),
		finalizing_at: null,
		errors: bareErrors(batch),
	}),
	batchList: {
		query: ({ cursor }) => ({ after: idOf(cursor), limit: PAGE }),
		page: ({ data, last_id, has_more }) => ({
			object: 'list',
			data,
			paging: { next_cursor: has_more ? cursorOf(last_id!) : null },
		}),
	},
	file: (file) => without(file, 'status', 'status_details', 'expires_at'),
	fileList: { query: openai.fileList.query, page: ({ data }) => ({ object: 'list', data }) },
	deletedFile: ({ id }) => ({ id, object: 'file', deleted: true }),
	download: openai.download,
	line: ({ id, request, response, error }) => ({
		id: `batch_req_out_01${id.slice(-24)}`,
		custom_id: request.custom_id,
		response: response && { ...response, request_id: `req_01${id.slice(-24)}` },
		error,
	}),
	error: ({ status, kind, body: { error } }) => {
		if (kind === 'unknown route') {
			const message = `Unknown request URL: ${error.message.slice(13, -1)}. Please check the URL for typos...`;
			return { status, json: { error: { message } } };
		}
		const { message, type, code } = error;
		const isKey = kind === 'no key' || kind === 'wrong key';
		return {
			status,
			json: {
				error: isKey
					? { message: 'Invalid API Key', type: 'invalid_request_error', code: 'invalid_api_key' }
					: { message, type, code },
			},
		};
	},
	rules: {
		...compatibleRules,
		endpoints: { '/v1/chat/completions': '/v1/chat/completions' },
		window: hours(24, 168),
		purposes: ['batch'],
		badLines: 'fail alone',
	},
};
