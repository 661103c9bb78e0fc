import type { Issue } from '../jsonl/fieldChecks';
import { checkTextOrList, invalidValue } from '../jsonl/fieldChecks';
import type { JsonObject, JsonValue } from '../jsonl/json';
import { isObject } from '../jsonl/json';
import { attachmentParts } from './attachmentParts';
import { defineEndpoint, imagesByUrl } from './endpoint';
import { withoutUnset } from './body';
import { checkModerationInput } from './messages';

const MODERATIONS = {
	label: 'Moderations',
	attachments: {
		image: imagesByUrl((url) => ({ type: 'image_url', image_url: { url } })),
		file: null,
		audio: null,
	},
};

export const moderations = defineEndpoint({
	...MODERATIONS,
	path: '/moderations',
	model: { example: 'omni-moderation-latest', isRequired: false },
	options: ['attachments'],
	makeBody: ({ model, prompt, options }) =>
		withoutUnset({
			model,
			input: inputOf(prompt, attachmentParts(MODERATIONS, options.attachments)),
		}),
	checkBody: (body) => checkTextOrList(body, 'body.input'),
	checkShapes: checkModerationInput,
	checkParameters: checkImageCount,
	embeddingInputs: () => 0,
	generates: false,
	tokens: { prompts: ['input'], definitions: [], outputLimits: [] },
});

/** OpenAI answers 400 `too_many_images` to the whole request. */
function checkImageCount({ input }: JsonObject): Issue[] {
	const parts = Array.isArray(input) ? input.filter(isObject) : [];
	const images = parts.filter(({ type }) => type === 'image_url').length;
	if (images < 2) return [];
	const message = `Moderations takes one image per request, and this one has ${images}. Make an item of each image.`;
	return [invalidValue('body.input', message)];
}

/** A text with images beside it is a list of parts. */
const inputOf = (prompt: string | JsonValue[], images: readonly JsonObject[]): JsonValue =>
	images.length === 0 ? prompt : [{ type: 'text', text: prompt }, ...images];
