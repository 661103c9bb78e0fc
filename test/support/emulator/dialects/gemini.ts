import type { Dialect } from './dialect';
import { compatibleRules, openai } from './openai';

const notFound = { status: 404, text: '' };

/**
 * Gemini's OpenAI layer: batches over the OpenAI SDK (document of 2025-09), files only over an API
 * of its own (hearsay of 2026-08), so that a client which uploads cannot work. Errors come in a
 * list (captures). Everything else was not shown, and is as at OpenAI.
 */
export const gemini: Dialect = {
	...openai,
	title: 'Gemini (OpenAI layer)',
	basePath: '/v1beta/openai',
	webhooksPath: null,
	lacks: {
		'GET /batches': notFound,
		'POST /files': notFound,
		'GET /files': notFound,
		'GET /files/:id': notFound,
		'DELETE /files/:id': notFound,
		'GET /files/:id/content': notFound,
	},
	error: ({ status, kind, message }) => {
		const isKey = kind === 'no key' || kind === 'wrong key';
		const code = isKey ? 400 : status;
		const error = {
			code,
			message: isKey ? 'API key not valid. Please pass a valid API key.' : message,
			status: code === 404 ? 'NOT_FOUND' : 'INVALID_ARGUMENT',
		};
		return { status: code, json: [{ error }] };
	},
	rules: {
		...compatibleRules,
		endpoints: { '/v1/chat/completions': '/v1/chat/completions' },
	},
};
