import type { EndpointFamily } from '../paths';
import { familyOf } from '../paths';
import type { JsonObject } from '../../jsonl/json';
import type { BodyBuilder, RequestFields } from './body';
import { defined } from './body';
import { RequestProblem } from '../problem';
import { chat } from './chat';
import { responses } from './responses';

const completions: BodyBuilder = ({ model, prompt, options }) =>
	defined({
		model,
		prompt,
		max_tokens: options.maxTokens,
		temperature: options.temperature,
		top_p: options.topP,
	});

const embeddings: BodyBuilder = ({ model, prompt, options }) =>
	defined({ model, input: prompt, dimensions: options.dimensions });

const moderations: BodyBuilder = ({ model, prompt, options: { imageUrls = [] } }) => {
	const images = imageUrls.map((url) => ({ type: 'image_url', image_url: { url } }));
	const withImages = [{ type: 'text', text: prompt as string }, ...images];
	return defined({ model, input: images.length > 0 ? withImages : prompt });
};

const imageGenerations: BodyBuilder = ({ model, prompt, options }) =>
	defined({
		model,
		prompt,
		n: options.imageCount,
		quality: options.imageQuality,
		size: options.imageSize,
	});

const imageEdits: BodyBuilder = (fields) => {
	const { additionalFields, imageUrls = [] } = fields.options;
	if (imageUrls.length === 0 && additionalFields?.images === undefined) {
		throw new RequestProblem('There is no image to edit: add the option Image URLs', 'images');
	}
	return { ...imageGenerations(fields), images: imageUrls.map((image_url) => ({ image_url })) };
};

const BUILDERS: Record<EndpointFamily, BodyBuilder> = {
	'/chat/completions': chat,
	'/responses': responses,
	'/completions': completions,
	'/embeddings': embeddings,
	'/moderations': moderations,
	'/images/generations': imageGenerations,
	'/images/edits': imageEdits,
};

/**
 * How to make a body for the endpoint from the panel's fields; undefined for an endpoint whose
 * bodies are not known here. `additionalFields` stand last and win.
 *
 * @throws {RequestProblem} from the returned function, for fields that do not go together
 */
export function bodyBuilder(endpoint: string): ((fields: RequestFields) => JsonObject) | undefined {
	const family = familyOf(endpoint);
	if (!family) return undefined;
	const build = BUILDERS[family];
	return (fields) => {
		const { additionalFields, imageUrls = [] } = fields.options;
		if (Array.isArray(fields.prompt) && imageUrls.length > 0) {
			const message = 'Image URLs need a prompt that is text; put the images into the list instead';
			throw new RequestProblem(message, 'prompt');
		}
		return additionalFields ? { ...build(fields), ...additionalFields } : build(fields);
	};
}
