import type { Endpoint, RequestFields } from './endpoint';
import { RequestProblem } from './endpoint';
import type { Issue } from '../jsonl/fieldChecks';
import { checkText } from '../jsonl/fieldChecks';
import type { JsonObject, JsonValue } from '../jsonl/json';

/**
 * The body of one request. The additional fields come last and override the others.
 *
 * @throws {RequestProblem} for fields that do not go together
 */
export function makeBody(endpoint: Endpoint, fields: RequestFields): JsonObject {
	const { additionalFields, imageUrls = [] } = fields.options;
	if (Array.isArray(fields.prompt) && imageUrls.length > 0) {
		throw new RequestProblem(
			'Image URLs need a prompt that is text. Put the images into the list instead.',
			'prompt',
		);
	}
	const body = endpoint.makeBody(fields);
	return additionalFields ? { ...body, ...additionalFields } : body;
}

/**
 * Everything wrong with a body. Without an endpoint, when it is a compatible server's own, only
 * what every endpoint refuses in a batch.
 */
export function checkBody(endpoint: Endpoint | undefined, body: JsonObject): Issue[] {
	const issues = checkStream(body);
	if (endpoint) issues.push(...checkModel(endpoint, body), ...endpoint.checkBody(body));
	return issues;
}

function checkStream(body: JsonObject): Issue[] {
	if (body.stream !== true) return [];
	const message = "Streaming is not supported in the Batch API. Remove 'stream' from the body.";
	return [{ code: 'streaming_unsupported', message, param: 'body.stream' }];
}

function checkModel({ model: { example, isRequired } }: Endpoint, body: JsonObject): Issue[] {
	const isAbsent = body.model === undefined || body.model === null;
	if (isAbsent && !isRequired) return [];
	return checkText(body, 'body.model', `Name the model, for example '${example}'.`);
}

/** A copy without what is not set, so that the server's own defaults apply. */
export function withoutUnset(body: Record<string, JsonValue | undefined>): JsonObject {
	const set: JsonObject = {};
	// A loop, because Object.entries is several times slower, and there are 50,000 requests.
	for (const name in body) {
		const value = body[name];
		if (value !== undefined && value !== '') set[name] = value;
	}
	return set;
}

/**
 * A prompt and its images as the parts of one message, which chat completions and moderations
 * write alike; the prompt itself when there are no images.
 */
export function promptWithImages(
	prompt: string | JsonValue[],
	imageUrls: readonly string[] = [],
): JsonValue {
	if (imageUrls.length === 0) return prompt;
	const images = imageUrls.map((url) => ({ type: 'image_url', image_url: { url } }));
	return [{ type: 'text', text: prompt }, ...images];
}

/** A model that both chat completions and responses take. */
export const TEXT_MODEL = 'gpt-6-luna';

/** The options that chat completions and responses share. */
export const TEXT_OPTIONS = [
	'imageUrls',
	'jsonSchema',
	'jsonSchemaName',
	'jsonSchemaStrict',
	'maxTokens',
	'reasoningEffort',
	'systemMessage',
	'temperature',
	'topP',
] as const;

export type TextFields = RequestFields<(typeof TEXT_OPTIONS)[number]>;

/** The schema of the answer, in the names that both endpoints use; undefined without a schema. */
export function namedSchema(options: TextFields['options']): JsonObject | undefined {
	const { jsonSchema, jsonSchemaName, jsonSchemaStrict } = options;
	return (
		jsonSchema && {
			name: jsonSchemaName || 'answer',
			schema: jsonSchema,
			strict: jsonSchemaStrict,
		}
	);
}
