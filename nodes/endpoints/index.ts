import { isObject } from '../jsonl/json';
import type { JsonObject, JsonValue } from '../jsonl/json';
import { chatCompletions } from './chatCompletions';
import { completions } from './completions';
import { together } from './content';
import type { AnswerReader, Content } from './content';
import { embeddings } from './embeddings';
import type { Endpoint } from './endpoint';
import { imageEdits } from './imageEdits';
import { imageGenerations } from './imageGenerations';
import { moderations } from './moderations';
import { unversionedPath } from './path';
import { responses } from './responses';

/**
 * The endpoints whose requests and answers are known here. An answer that names no endpoint is read
 * by the first one that it looks like.
 */
export const ENDPOINTS: readonly Endpoint[] = [
	chatCompletions,
	responses,
	completions,
	embeddings,
	moderations,
	imageGenerations,
	imageEdits,
];

/** The endpoint that the panel starts with. */
export const DEFAULT_ENDPOINT = chatCompletions;

/** The model that the panel starts with. It stays there when the user chooses another endpoint. */
export const DEFAULT_MODEL = DEFAULT_ENDPOINT.model.example;

const BY_PATH: ReadonlyMap<string | undefined, Endpoint> = new Map(
	ENDPOINTS.map((endpoint) => [endpoint.path, endpoint]),
);

/** The endpoint with this path, with or without `/v1`; undefined for one that is not known here. */
export function endpointOf(path: unknown): Endpoint | undefined {
	return BY_PATH.get(unversionedPath(path));
}

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
	if (!isObject(body)) return together({}, [{ content: (body ?? null) as JsonValue }]);
	const reader = readerFor(endpoint, body);
	return together(body, reader ? reader.read(body) : [{ content: body }]);
}

function readerFor(
	endpoint: string | null | undefined,
	body: JsonObject,
): AnswerReader | undefined {
	const own = endpointOf(endpoint)?.answer;
	if (own?.matches(body)) return own;
	return ENDPOINTS.find(({ answer }) => answer.matches(body))?.answer ?? own;
}
