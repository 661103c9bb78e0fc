import type { EndpointFamily } from './paths';
import type { JsonObject } from '../jsonl/json';
import { checkEmbeddingInput } from './embeddingInputs';
import { checkInput, checkObjects, checkText, invalidType, missing } from './fieldChecks';
import type { Issue } from '../jsonl/issue';

type BodyCheck = (body: JsonObject) => Issue[];

const MODEL_HINT = "Name the model, for example 'gpt-6-luna'.";
const IMAGES_HINT =
	'In a batch, images are given as [{"image_url": …}] or [{"file_id": …}]; they cannot be uploaded with the request.';

const checkModel: BodyCheck = (body) => checkText(body, 'body.model', MODEL_HINT);

/** `input`, unless a stored prompt template stands in for it. */
const checkResponseInput: BodyCheck = (body) =>
	body.prompt === undefined || body.prompt === null ? checkInput(body, 'body.input') : [];

const checkOptionalModel: BodyCheck = (body) =>
	body.model === undefined || body.model === null ? [] : checkModel(body);

/** What each endpoint of OpenAI requires of a body; everything else is left to the API. */
export const BODY_CHECKS: Record<EndpointFamily, readonly BodyCheck[]> = {
	'/chat/completions': [checkModel, (body) => checkObjects(body, 'body.messages')],
	'/responses': [checkModel, checkResponseInput],
	'/completions': [checkModel, (body) => checkInput(body, 'body.prompt')],
	'/embeddings': [checkModel, checkEmbeddingInput],
	'/moderations': [checkOptionalModel, (body) => checkInput(body, 'body.input')],
	'/images/generations': [checkModel, (body) => checkText(body, 'body.prompt')],
	'/images/edits': [
		checkModel,
		(body) => checkText(body, 'body.prompt'),
		(body) => checkObjects(body, 'body.images', IMAGES_HINT),
	],
};

/** What every endpoint refuses in a batch. */
export function checkStream(body: JsonObject): Issue[] {
	if (body.stream !== true) return [];
	const message = "Streaming is not supported in the Batch API. Remove 'stream' from the body.";
	return [{ code: 'streaming_unsupported', message, param: 'body.stream' }];
}

/** The body itself: an object. */
export function checkIsBody(value: unknown): Issue[] {
	if (value === undefined || value === null) return [missing('body')];
	return [invalidType('body', 'an object', value)];
}
