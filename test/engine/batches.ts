import type { Batch } from '../../nodes/openai/api/objects';
import type { WireBatch } from '../support/emulator/batches/batch';
import type { Product } from './product';

export { requestLine } from '../support/emulator/client';

const line = (custom_id: unknown, response: unknown, error: unknown) =>
	JSON.stringify({ id: `batch_req_${String(custom_id)}`, custom_id, response, error });

/** A line of an output file: a chat completion that says `content`. */
export function answerLine(customId: string, content = `Answer to ${customId}`): string {
	const body = {
		object: 'chat.completion',
		model: 'gpt-6-luna-2026',
		choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
		usage: { prompt_tokens: 20, completion_tokens: 10, total_tokens: 30 },
	};
	return line(customId, { status_code: 200, request_id: `req_${customId}`, body }, null);
}

/** A line of an error file: the endpoint refused or broke. */
export function failureLine(customId: string, status: number, code: string): string {
	const error = { message: `It ended with ${code}.`, type: 'some_error', param: null, code };
	return line(customId, { status_code: status, request_id: '', body: { error } }, null);
}

/** A line of an error file: the request never ran. */
export function notRunLine(customId: string, code: 'batch_expired' | 'batch_cancelled'): string {
	return line(customId, null, { code, message: `Not run: ${code}` });
}

export interface History extends Omit<Partial<Batch>, 'status'> {
	status?: string;
	/** Lines, or the whole content. */
	input?: string[] | string;
	output?: string[] | string;
	error?: string[] | string;
}

const contentOf = (lines: string[] | string) =>
	typeof lines === 'string' ? lines : `${lines.join('\n')}\n`;

/** Puts a finished batch with these files into the project's history. */
export function addHistory(
	{ emulator }: Pick<Product, 'emulator'>,
	{ input, output, error, ...batch }: History,
): WireBatch {
	const store = (lines: string[] | string | undefined, purpose: string) =>
		lines === undefined ? undefined : emulator.addFile(contentOf(lines), { purpose }).id;
	return emulator.addBatch({
		input_file_id: store(input, 'batch') ?? 'file-gone',
		output_file_id: store(output, 'batch_output') ?? null,
		error_file_id: store(error, 'batch_output') ?? null,
		...batch,
	} as Partial<Batch>);
}
