import type { IN8nHttpFullResponse } from 'n8n-workflow';
import { redact } from './redact';
import type { Fault, Headers, Result } from './fault';
import { answerFault, errorEnvelope, statusFault } from './fault';

/** How much of an error answer to a download is read. */
const ERROR_BODY_LIMIT = 64 * 1024;

/** Reads the beginning of a streamed body: the API's error answers are short. */
export async function readStart(body: AsyncIterable<Uint8Array>): Promise<string> {
	const chunks: Uint8Array[] = [];
	let bytes = 0;
	try {
		for await (const chunk of body) {
			chunks.push(chunk);
			bytes += chunk.byteLength;
			if (bytes >= ERROR_BODY_LIMIT) break;
		}
	} catch {
		// What has arrived has to do: the status alone already says that the request failed.
	}
	return Buffer.concat(chunks).toString('utf8', 0, ERROR_BODY_LIMIT);
}

function tryParse(text: string): { parsed?: unknown } {
	try {
		return { parsed: JSON.parse(text) };
	} catch {
		return {};
	}
}

/** What came instead of the API's answer; cut only after redaction, which needs whole secrets. */
function describe(text: string, headers: Headers, secrets: readonly string[]): string {
	const type = String(headers['content-type'] ?? 'no content type');
	const start = redact(text, secrets).trim().replace(/\s+/g, ' ').slice(0, 120);
	return start === '' ? 'an empty answer' : `${type}: ${start}`;
}

export interface ExpectedAnswer {
	/** The field without which the answer is not the API's: an object's `id`, a list's `data`. */
	needs?: 'id' | 'data';
	/** What a server may not be quoted with. */
	secrets: readonly string[];
}

function has(body: object, field: 'id' | 'data'): boolean {
	const value = (body as Record<string, unknown>)[field];
	return field === 'data' ? Array.isArray(value) : typeof value === 'string' && value !== '';
}

/**
 * The JSON of an answer, or the fault that it stands for: an error status, an error envelope
 * under a good status, a redirect, or something that is not the API's, such as a proxy's HTML.
 */
export function parseAnswer<T>(
	response: IN8nHttpFullResponse,
	text: string,
	{ needs, secrets }: ExpectedAnswer,
): Result<T> {
	const { statusCode } = response;
	const headers = response.headers as Headers;
	if (statusCode >= 300 && statusCode < 400) {
		const fault = answerFault(statusCode, headers, `a redirect (HTTP status ${statusCode})`);
		return { ok: false, fault };
	}
	const { parsed } = tryParse(text);
	const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
	if (statusCode >= 400) {
		return { ok: false, fault: statusFault(statusCode, headers, parsed, Date.now()) };
	}
	if (isObject && errorEnvelope(parsed) !== undefined && !('id' in parsed)) {
		return { ok: false, fault: statusFault(statusCode, headers, parsed, Date.now()) };
	}
	if (!isObject || (needs && !has(parsed, needs))) {
		const what = describe(text, headers, secrets);
		return { ok: false, fault: answerFault(statusCode, headers, what) };
	}
	return { ok: true, value: parsed as T };
}

/**
 * Why the body is not the file: the API never sends one as HTML, a proxy's login page is, and what
 * is announced to be too short would only be found out later.
 */
export function notContent(
	{ statusCode, headers }: IN8nHttpFullResponse,
	atLeastBytes = 0,
): Fault | undefined {
	const type = String(headers['content-type'] ?? '');
	if (statusCode >= 300) return answerFault(statusCode, headers, type);
	if (/^text\/html\b/i.test(type)) return answerFault(statusCode, headers, 'a page of HTML');
	const length = Number(headers['content-length'] ?? Infinity);
	if (headers['content-encoding'] || length >= atLeastBytes) return undefined;
	const message = `It ended after ${length} of ${atLeastBytes} bytes`;
	return { kind: 'connection', message, mayHaveExecuted: true };
}
