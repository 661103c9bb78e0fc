import { isObject, textOrNull, tryParseJson } from '../../jsonl/json';
import type { ByteChunks } from '../../jsonl/lines';
import { readLineBatches } from '../../jsonl/lines';
import type { TokenEstimate } from '../../endpoints/tokens';
import { estimateTokens } from '../../endpoints/tokens';
import { addTokens } from '../requests/plan';

/** A line that is no request, so that the file as a whole cannot be estimated. */
export class NotARequestError extends Error {
	constructor(line: number) {
		super(`Line ${line} of the file is not a request`);
		this.name = 'NotARequestError';
	}
}

export interface FileTokens extends TokenEstimate {
	requests: number;
}

/**
 * The requests of a file and their estimated tokens together.
 *
 * @throws {NotARequestError} for a line that is not a JSON object with a body
 */
export async function estimateFile(chunks: ByteChunks): Promise<FileTokens> {
	let requests = 0;
	let tokens: TokenEstimate = { input_tokens: 0, output_tokens: 0 };
	for await (const lines of readLineBatches(chunks)) {
		for (const { line, text } of lines) {
			const parsed = tryParseJson(text);
			const request = parsed.ok && isObject(parsed.value) ? parsed.value : {};
			if (!isObject(request.body)) throw new NotARequestError(line);
			requests++;
			tokens = addTokens(tokens, estimateTokens(request.body, textOrNull(request.url) ?? ''));
		}
	}
	return { requests, ...tokens };
}
