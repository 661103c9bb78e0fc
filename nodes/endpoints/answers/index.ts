import { chatAnswer } from './chatAnswer';
import type { AnswerReader } from './content';
import { Content, objectsOf } from './content';
import { responseAnswer } from './responseAnswer';
import type { JsonObject, JsonValue } from '../../jsonl/json';
import { isObject, textOrNull } from '../../jsonl/json';
import type { EndpointPath } from '../endpoint';
import { unversionedPath } from '../endpoint';

/** The text; several with `n` > 1 or several prompts. */
const completionAnswer: AnswerReader = {
	matches: (body) => objectsOf(body.choices).some((choice) => typeof choice.text === 'string'),
	read: (body) =>
		objectsOf(body.choices).map(({ text, finish_reason }) => ({
			content: text ?? null,
			finish_reason: textOrNull(finish_reason),
		})),
};

/** The vector of each input. */
const embeddingAnswer: AnswerReader = {
	matches: (body) => objectsOf(body.data).some((item) => item.embedding !== undefined),
	read: (body) =>
		objectsOf(body.data).map(({ embedding }) => ({ content: vectorOf(embedding ?? null) })),
};

/** `encoding_format: base64` sends little-endian 32-bit floats, which become numbers again. */
function vectorOf(embedding: JsonValue): JsonValue {
	if (typeof embedding !== 'string') return embedding;
	const bytes = Buffer.from(embedding, 'base64');
	if (bytes.length === 0 || bytes.length % 4 !== 0) return embedding;
	return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}

/** The verdict on each input, `{flagged, categories, …}`. */
const moderationAnswer: AnswerReader = {
	matches: (body) => objectsOf(body.results).some((result) => typeof result.flagged === 'boolean'),
	read: (body) => objectsOf(body.results).map((content) => ({ content })),
};

/** The image, `{b64_json or url, revised_prompt, …}`; several with `n` > 1. */
const imageAnswer: AnswerReader = {
	matches: (body) =>
		objectsOf(body.data).some(
			(item) => typeof item.b64_json === 'string' || typeof item.url === 'string',
		),
	read: (body) => objectsOf(body.data).map((content) => ({ content })),
};

/**
 * How the answers of each endpoint are read. An answer that names no endpoint is read by the first
 * one that it looks like.
 */
export const ANSWERS: Readonly<Record<EndpointPath, AnswerReader>> = {
	'/chat/completions': chatAnswer,
	'/responses': responseAnswer,
	'/completions': completionAnswer,
	'/embeddings': embeddingAnswer,
	'/moderations': moderationAnswer,
	'/images/generations': imageAnswer,
	'/images/edits': imageAnswer,
};

const BY_PATH: ReadonlyMap<string | undefined, AnswerReader> = new Map(Object.entries(ANSWERS));

/**
 * What a user wants from the body of a successful answer. The endpoint decides how it is read. When
 * the endpoint is not known here, or the body does not look like one of its answers, the shape of
 * the body decides. A body of an unknown shape is the content itself, so that nothing is lost.
 * Never throws.
 *
 * @param endpoint the endpoint of the batch, with or without `/v1`; absent when the server leaves
 * it out
 * @param body the `body` of the line's `response`, parsed
 */
export function extractContent(endpoint: string | null | undefined, body: unknown): Content {
	if (!isObject(body)) return new Content({}, [{ content: (body ?? null) as JsonValue }]);
	const reader = readerFor(endpoint, body);
	return new Content(body, reader ? reader.read(body) : [{ content: body }]);
}

function readerFor(
	endpoint: string | null | undefined,
	body: JsonObject,
): AnswerReader | undefined {
	const own = BY_PATH.get(unversionedPath(endpoint));
	if (own?.matches(body)) return own;
	return Object.values(ANSWERS).find((reader) => reader.matches(body)) ?? own;
}
