import type { IN8nHttpFullResponse } from 'n8n-workflow';
import type { Fault, Headers, Result, Shape } from '../client';
import { redact } from './credential';
import { answerFault, statusFault } from './fault';
import type { JsonObject } from '../../jsonl/json';
import { isObject, tryParseJson } from '../../jsonl/json';

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

/** What came instead of the API's answer; cut only after redaction, which needs whole secrets. */
function describe(text: string, headers: Headers, secrets: readonly string[]): string {
	const type = String(headers['content-type'] ?? 'no content type');
	const start = redact(text, secrets).trim().replace(/\s+/g, ' ').slice(0, 120);
	return start === '' ? 'an empty answer' : `${type}: ${start}`;
}

/**
 * The JSON of an answer, or the fault that it stands for: an error status, an error under a good
 * status, a redirect, or something that is not the API's, such as a proxy's HTML.
 *
 * @param secrets what a server may not be quoted with
 */
export function parseAnswer<T>(
	{ statusCode, headers: rawHeaders }: IN8nHttpFullResponse,
	text: string,
	shape: Shape<T>,
	secrets: readonly string[],
): Result<T> {
	const headers = rawHeaders as Headers;
	if (statusCode >= 300 && statusCode < 400) {
		const fault = answerFault(statusCode, headers, `a redirect (HTTP status ${statusCode})`);
		return { ok: false, fault };
	}
	const parsed = tryParseJson(text);
	const body = parsed.ok ? parsed.value : text;
	if (statusCode >= 400) {
		return { ok: false, fault: statusFault(statusCode, headers, body, Date.now()) };
	}
	// A list of objects may come without anything around it.
	const given = Array.isArray(body) && body.every(isObject) ? { data: body } : body;
	const value = isObject(given) && !isErrorBody(given) ? shape(given) : undefined;
	if (value !== undefined) return { ok: true, value };
	const fault =
		isObject(body) && isErrorBody(body)
			? statusFault(statusCode, headers, body, Date.now())
			: answerFault(statusCode, headers, describe(text, headers, secrets));
	return { ok: false, fault };
}

/** Whether an answer under a good status is an error; a batch or file has an id. */
function isErrorBody(body: JsonObject): boolean {
	if ('id' in body) return false;
	const { error, object } = body;
	return object === 'error' || (error !== undefined && error !== null && error !== '');
}

/** What an error has in place of a file. A line of results has other keys too. */
const ERROR_KEYS: ReadonlySet<string> = new Set([
	'code',
	'error',
	'message',
	'object',
	'param',
	'status',
	'type',
]);

/**
 * The fault that the whole content of a file stands for, when it is an error, or an empty object,
 * and no line of it.
 */
export function errorAsContent(content: string, headers: Headers): Fault | undefined {
	const parsed = tryParseJson(content);
	if (!parsed.ok || !isObject(parsed.value)) return undefined;
	const keys = Object.keys(parsed.value);
	if (keys.length === 0) return answerFault(200, headers, describe(content, headers, []));
	const isLine = !isErrorBody(parsed.value) || keys.some((key) => !ERROR_KEYS.has(key));
	return isLine ? undefined : statusFault(200, headers, parsed.value, Date.now());
}

/** How many bytes of the file a body has by its own header; undefined where that says nothing. */
export function announcedBytes(headers: Headers): number | undefined {
	if (headers['content-encoding'] || headers['content-length'] === undefined) return undefined;
	return Number(headers['content-length']);
}

/**
 * Why the body is not the file: the API never sends one as HTML, a proxy's login page is, and what
 * is announced to be too short would only be noticed later.
 */
export function notContent(
	{ statusCode, headers }: IN8nHttpFullResponse,
	atLeastBytes = 0,
): Fault | undefined {
	const type = String(headers['content-type'] ?? '');
	if (statusCode >= 300) return answerFault(statusCode, headers, type);
	if (/^text\/html\b/i.test(type)) return answerFault(statusCode, headers, 'a page of HTML');
	const bytes = announcedBytes(headers) ?? Infinity;
	if (bytes >= atLeastBytes) return undefined;
	const message = `It ended after ${bytes} of ${atLeastBytes} bytes`;
	return { kind: 'connection', message, shortBytes: bytes, mayHaveExecuted: true };
}
