import type { JsonValue } from '../../jsonl/json';
import { objectsOf, oneOrAll } from './content';
import type { ContentReader } from './content';

/** `/v1/embeddings`: the vector of the input; with several inputs one vector each. */
export const embeddings: ContentReader = {
	matches: (body) => objectsOf(body.data).some((item) => item.embedding !== undefined),
	read: (body) => ({
		content: oneOrAll(objectsOf(body.data).map((item) => vectorOf(item.embedding ?? null))),
	}),
};

/** `encoding_format: base64` sends little-endian 32-bit floats; they become numbers again. */
function vectorOf(embedding: JsonValue): JsonValue {
	if (typeof embedding !== 'string') return embedding;
	const bytes = Buffer.from(embedding, 'base64');
	if (bytes.length === 0 || bytes.length % 4 !== 0) return embedding;
	return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}
