import type { Dialect, Listing } from './dialect';
import { times, without } from './differences';
import { compatibleRules, openai } from './openai';

/** 1 January 2000, UTC+8: what the database has for times that have not come. */
const NEVER = 946_656_000_000;

const listing: Listing = {
	query: ({ after, limit }) => ({ after, limit, oldestFirst: true }),
	page: ({ data, has_more }) => ({ object: 'list', data, has_more }),
};

/**
 * Bella (LianjiaTech), whose code of 2026-04 was read.
 *
 * - milliseconds, and 2000-01-01 instead of null: code (its guide shows seconds)
 * - `expired_at` holds the deadline; errors, metadata and expires_at are not filled: code. Metadata
 *   is lost with it
 * - oldest first, without ids of the page: code
 * - any window that is not a number with m, h or d becomes 24h: code
 * - a cancel answers 202 with the state before: code
 * - an unknown batch is an empty 200: a conclusion
 */
export const bella: Dialect = {
	title: 'Bella',
	basePath: '/v1',
	webhooksPath: null,
	lacks: {},
	cancels: 'POST',
	success: { create: 200, upload: 200, cancel: 202 },
	ids: {
		batch: () => `BATCH-1-1-${Date.now()}-${Math.floor(Math.random() * 1e6)}`,
		file: openai.ids.file,
	},
	statuses: openai.statuses,
	batch: (batch) => ({
		...times(without(batch, 'model', 'usage', 'errors', 'expires_at', 'metadata'), (seconds) =>
			seconds === null ? NEVER : seconds * 1000,
		),
		expired_at: Number(batch.expires_at) * 1000,
		error_file_id: batch.error_file_id ?? '',
		metadata: {},
	}),
	batchList: listing,
	file: openai.file,
	fileList: openai.fileList,
	deletedFile: openai.deletedFile,
	download: openai.download,
	line: ({ id, request, response, error }) => ({
		id,
		custom_id: request.custom_id,
		...(response === null ? { error } : { response }),
	}),
	error: ({ status, kind, message }) => {
		if (kind === 'unknown batch') return { status: 200, text: '' };
		const known = { code: status, message, timestamp: Date.now(), data: null };
		return { status, json: { ...known, stacktrace: null } };
	},
	rules: {
		...compatibleRules,
		window: (value) => (/^\d+[mhd]$/.test(String(value)) ? String(value) : '24h'),
		limits: { batchBytes: 104_857_600 },
	},
};
