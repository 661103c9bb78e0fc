import { checkText, INVALID_BASE64, type Issue } from '../jsonl/fieldChecks';
import { isObject } from '../jsonl/json';
import type { JsonObject, JsonValue } from '../jsonl/json';
import { RequestProblem } from './endpoint';
import type { Endpoint, RequestFields, Server } from './endpoint';

/**
 * The body of one request. The additional fields are merged into it, and override the others.
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
	return additionalFields ? merged(body, additionalFields) : body;
}

/**
 * A copy with other fields merged in, to any depth: where both have an object, its fields are
 * merged too, and any other value, a list for example, replaces what was there.
 */
export function merged(base: JsonObject, more: JsonObject): JsonObject {
	const result: JsonObject = { ...base };
	for (const [key, value] of Object.entries(more)) {
		const own = Object.hasOwn(base, key) ? base[key] : undefined;
		const both = isObject(own) && isObject(value) ? merged(own, value) : value;
		// An assignment would set the prototype where the key is `__proto__`.
		Object.defineProperty(result, key, {
			value: both,
			configurable: true,
			enumerable: true,
			writable: true,
		});
	}
	return result;
}

/**
 * Everything wrong with a body. Without an endpoint, when it is a compatible server's own, only
 * what every endpoint refuses in a batch.
 *
 * @param server a compatible one may accept what only OpenAI refuses, so that becomes a hint
 */
export function checkBody(
	endpoint: Endpoint | undefined,
	body: JsonObject,
	server: Server = 'openai',
): Issue[] {
	const isOpenAi = server === 'openai';
	const issues = isOpenAi ? checkStream(body) : checkStream(body).map(asHint);
	if (!endpoint) return issues;
	const shapes = endpoint.checkShapes?.(body) ?? [];
	const parameters = endpoint.checkParameters?.(body) ?? [];
	return [
		...issues,
		...checkModel(endpoint, body),
		...endpoint.checkBody(body),
		// No server can read a file from what is not base64.
		...(isOpenAi ? shapes : shapes.filter(({ code }) => code === INVALID_BASE64)),
		...(isOpenAi ? parameters : parameters.map(asHint)),
	];
}

const asHint = (issue: Issue): Issue => ({ ...issue, isHint: true });

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
