import type { Dialect, LineParts, Wire } from './dialect';
import { without } from './differences';
import { litellm } from './litellm';
import { compatibleRules } from './openai';

/** The words of an OpenAI answer, as Bedrock's models give them. */
function contentOf(body: unknown): unknown[] {
	const [choice] = (body as { choices?: Array<{ message?: Wire }> }).choices ?? [];
	return [{ type: 'text', text: choice?.message?.content ?? '' }];
}

/** The provider's own line, which the proxy hands through. */
function bedrockLine({ request, response, error }: LineParts): Wire {
	const known = { recordId: request.custom_id, modelInput: request.body };
	const status = response?.status_code;
	if (status === 200) return { ...known, modelOutput: { content: contentOf(response!.body) } };
	return {
		...known,
		error: { errorCode: status ?? 500, errorMessage: error?.message ?? 'Failed' },
	};
}

/** The statuses in which `output_file_id` names a folder, and `in_progress_at` is set. */
const UNDER_WAY = ['in_progress', 'finalizing', 'cancelling', 'failed'];

/**
 * A LiteLLM proxy in front of Amazon Bedrock.
 *
 * - batch objects: code of 2026, undated copy; `output_file_id` names a folder long before the end,
 *   `in_progress_at` goes back to null, `error_file_id` is always null, reasons of a failed batch
 *   have the HTTP status as their code, in text
 * - `GET /files/{id}` and deletions answer 500: capture; that lists of files do is a conclusion
 * - lines as Bedrock writes them: code; the line of a failed record is a guess
 */
export const litellmBedrock: Dialect = {
	...litellm,
	title: 'LiteLLM in front of Amazon Bedrock',
	lacks: {
		'GET /files/:id': unsupported('retrieval'),
		'GET /files': unsupported('listing'),
		'DELETE /files/:id': unsupported('deletion'),
	},
	batch: (batch) => {
		const status = String(batch.status);
		const isUnderWay = UNDER_WAY.includes(status);
		const errors = batch.errors as { data: Wire[] } | null;
		return {
			...without(batch, 'model', 'usage'),
			output_file_id: isUnderWay
				? `s3://bucket/litellm-batch-outputs/litellm-batch-1/`
				: batch.output_file_id,
			error_file_id: null,
			expires_at: status === 'validating' ? null : batch.expires_at,
			in_progress_at: isUnderWay ? (batch.in_progress_at ?? batch.created_at) : null,
			request_counts: status === 'validating' ? null : batch.request_counts,
			errors: errors && {
				data: errors.data.map(({ message }) => ({ code: '200', message })),
				object: 'list',
			},
		};
	},
	line: bedrockLine,
	rules: { ...compatibleRules, hasErrorFile: false, resultFiles: 'always' },
};

function unsupported(what: string) {
	const message = `BedrockFilesConfig does not support file ${what}`;
	const error = { message, type: 'None', param: 'None', code: '500' };
	return { status: 500, json: { error } };
}
