import type { Dialect, Wire } from './dialect';
import { only } from './differences';
import { litellm } from './litellm';
import { compatibleRules } from './openai';

const BUCKET = 'gs://bucket/litellm-vertex-files/publishers/google/models/MODEL';

/** How many bytes Vertex' own lines have more than their translation, as captured once. */
const RAW = 2;

/**
 * A LiteLLM proxy in front of Google's Vertex AI.
 *
 * - batch objects: code of 2025 and 2026, undated copies; all fields but a few are null in every
 *   state, `completed_at`, counts and metadata too; `output_file_id` is a prefix at first; a failed batch
 *   says no reason
 * - `bytes` is the size of the raw file, and its content is the shorter translation: capture
 * - the input file downloads in Vertex' form, without ids: capture
 * - lines: code of 2026, since they are translated; every failed line has no response
 * - ids are the proxy's managed ones, which was shown for Bedrock (a guess)
 */
export const litellmVertex: Dialect = {
	...litellm,
	title: 'LiteLLM in front of Vertex AI',
	lacks: {
		'GET /files': {
			status: 500,
			json: {
				error: {
					message: 'VertexAIFilesConfig does not support file listing',
					type: 'None',
					param: 'None',
					code: '500',
				},
			},
		},
	},
	batch: (batch) => ({
		...Object.fromEntries(Object.keys(batch).map((name) => [name, null])),
		...only(batch, 'id', 'created_at', 'object', 'status', 'input_file_id'),
		completion_window: '24hrs',
		endpoint: '',
		output_file_id: batch.output_file_id ?? BUCKET,
	}),
	batchList: {
		query: litellm.batchList.query,
		page: (page) => ({ ...page, next_page_token: page.has_more ? page.last_id : undefined }),
	},
	file: (file) => ({
		...(litellm.file(file, 'read') as Wire),
		bytes: (file.bytes ?? 0) * (file.purpose === 'batch_output' ? RAW : 1),
	}),
	deletedFile: ({ id }) => ({ id, deleted: true, object: 'file' }),
	download: ({ purpose }) =>
		purpose === 'batch' ? () => JSON.stringify({ request: { contents: [] } }) : undefined,
	line: ({ id, request, response, error }) => {
		const isSuccess = response?.status_code === 200;
		const failed = (response?.body as { error?: { message?: string } } | undefined)?.error;
		return {
			id,
			custom_id: request.custom_id,
			response: isSuccess ? response : null,
			error: isSuccess
				? null
				: { code: 'vertex_ai_error', message: failed?.message ?? error?.message },
		};
	},
	rules: { ...compatibleRules, hasErrorFile: false },
};
