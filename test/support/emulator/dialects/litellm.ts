import type { ApiError } from '../errors';
import type { Dialect, Reply } from './dialect';
import { uuidId, wrapped } from './differences';
import { compatibleRules, openai } from './openai';

/** Python's way of writing a dictionary of texts and nulls. */
function python(value: unknown): string {
	if (value === null) return 'None';
	if (typeof value !== 'object') return `'${String(value)}'`;
	const pairs = Object.entries(value).map(([key, entry]) => `'${key}': ${python(entry)}`);
	return `{${pairs.join(', ')}}`;
}

/**
 * The proxy's own errors, and those of the provider as a Python dictionary inside the message; the
 * code is the HTTP status as text (captures of 2025 and 2026).
 */
export function litellmError({ status, kind, body }: ApiError): Reply {
	const code = String(status);
	if (kind === 'no key' || kind === 'wrong key') {
		const message =
			kind === 'no key'
				? 'Authentication Error, No api key passed in.'
				: 'Authentication Error, Invalid proxy server token passed.';
		return { status, json: { error: { message, type: 'auth_error', param: 'None', code } } };
	}
	if (kind === 'unknown route') return { status, json: { detail: 'Not Found' } };
	const message = `Error code: ${code} - ${python(body)}`;
	const { type, param } = body.error;
	return { status, json: { error: { message, type, param, code } } };
}

/** A managed id: hundreds of characters that hold the ids of the provider. */
const managedFile = () =>
	wrapped(
		`litellm_proxy:application/octet-stream;unified_id,${uuidId()()};target_model_names,gpt-6-luna;llm_output_file_id,file-${uuidId()()};llm_output_file_model_id,${uuidId()()}`,
	);

const managedBatch = () =>
	wrapped(`litellm_proxy;model_id:${uuidId()()};llm_batch_id:batch_${uuidId()()}`);

/**
 * A LiteLLM proxy in front of OpenAI, with managed files: objects are OpenAI's with other ids.
 *
 * - ids: code of 2026
 * - the answer to a deletion is the file object: capture of 2026-09
 * - file names are replaced: capture
 * - errors: captures
 * - that a list needs a model or a provider is not imitated
 */
export const litellm: Dialect = {
	title: 'LiteLLM in front of OpenAI',
	basePath: '/v1',
	webhooksPath: null,
	lacks: {},
	cancels: 'POST',
	success: openai.success,
	ids: { batch: managedBatch, file: managedFile },
	statuses: openai.statuses,
	batch: openai.batch,
	batchList: openai.batchList,
	file: (file) => ({ ...file, filename: 'modified_file.jsonl', status: 'uploaded' }),
	fileList: openai.fileList,
	deletedFile: (file) => ({ ...file, filename: 'modified_file.jsonl', status: 'uploaded' }),
	download: openai.download,
	line: openai.line,
	error: litellmError,
	rules: { ...compatibleRules, judgesBodies: true },
};
