import { familyOf } from '../paths';
import type { EndpointFamily } from '../paths';
import { isObject } from '../../jsonl/json';
import type { JsonObject, JsonValue } from '../../jsonl/json';
import { chat } from './chat';
import { completions } from './completions';
import { complete } from './content';
import type { Content, ContentReader } from './content';
import { embeddings } from './embeddings';
import { images } from './images';
import { moderations } from './moderations';
import { responses } from './responses';

const READERS: Record<EndpointFamily, ContentReader> = {
	'/chat/completions': chat,
	'/responses': responses,
	'/completions': completions,
	'/embeddings': embeddings,
	'/moderations': moderations,
	'/images/generations': images,
	'/images/edits': images,
};

/**
 * What a user wants of the body of a successful answer. The endpoint decides how it is read; an
 * endpoint that is not OpenAI's, or a body that does not look like its endpoint's, is read by its
 * shape; a body of an unknown shape is the content itself, so that nothing is lost. Never throws.
 *
 * @param endpoint the endpoint of the batch, with or without `/v1`; '' when not known
 * @param body the `body` of the line's `response`, parsed
 */
export function extractContent(endpoint: string, body: unknown): Content {
	if (!isObject(body)) return complete({}, { content: (body ?? null) as JsonValue });
	const reader = readerFor(endpoint, body);
	return complete(body, reader ? reader.read(body) : { content: body });
}

function readerFor(endpoint: string, body: JsonObject): ContentReader | undefined {
	const family = familyOf(endpoint);
	if (family && READERS[family].matches(body)) return READERS[family];
	const byShape = Object.values(READERS).find((reader) => reader.matches(body));
	return byShape ?? (family && READERS[family]);
}
