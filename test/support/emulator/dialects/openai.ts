import { requiredChoice } from '../checks';
import { ENDPOINTS, type Endpoint } from '../batches/requestLine';
import { batchId, fileId } from '../ids';
import type { Dialect } from './dialect';

/** The service itself: what the emulator speaks unless told otherwise. */
export const openai: Dialect = {
	title: 'OpenAI',
	basePath: '/v1',
	webhooksPath: '/webhook_endpoints',
	lacks: {},
	cancels: 'POST',
	success: { create: 200, upload: 200, cancel: 200 },
	ids: { batch: batchId, file: fileId },
	statuses: {
		validating: 'validating',
		failed: 'failed',
		in_progress: 'in_progress',
		finalizing: 'finalizing',
		completed: 'completed',
		expired: 'expired',
		cancelling: 'cancelling',
		cancelled: 'cancelled',
	},
	batch: (batch) => batch,
	batchList: { query: ({ after, limit }) => ({ after, limit }), page: (page) => page },
	file: (file) => file,
	fileList: { query: ({ after, limit }) => ({ after, limit }), page: (page) => page },
	deletedFile: ({ id }) => ({ object: 'file', deleted: true, id }),
	download: () => undefined,
	line: ({ id, request, response, error }) => ({
		id,
		custom_id: request.custom_id,
		response,
		error,
	}),
	error: ({ status, body }) => ({ status, json: body }),
	rules: {
		endpoints: Object.fromEntries(ENDPOINTS.map((name) => [name, name])) as Record<
			string,
			Endpoint
		>,
		window: (value) => requiredChoice(value, 'completion_window', ['24h']),
		faultOf: () => undefined,
		purposes: ['fine-tune', 'assistants', 'batch', 'user_data', 'vision', 'evals'],
		expirySeconds: [3600, 2_592_000],
		limits: {},
		judgesBodies: true,
		lineNeeds: ['custom_id', 'method', 'url', 'body'],
		takesStream: false,
		takesManyModels: false,
		takesByteOrderMark: true,
		badLines: 'fail the batch',
		missingInput: 'fails the batch',
		fullQueue: 'fails the batch',
		overdue: 'expires',
		resultFiles: 'with lines',
		hasErrorFile: true,
		allFailed: 'completed',
		inputFile: 'kept',
	},
};

/** What compatible servers share: bodies are theirs to judge, and the rest is as at OpenAI. */
export const compatibleRules: Dialect['rules'] = { ...openai.rules, judgesBodies: false };
