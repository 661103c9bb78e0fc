import { attachmentParts } from './attachmentParts';
import { withoutUnset } from './body';
import { defineEndpoint, imagesByUrl, NO_ATTACHMENTS } from './endpoint';
import { checkModerationInput } from './messages';
import type { Issue } from '../jsonl/fieldChecks';
import { checkTextOrList, invalidValue } from '../jsonl/fieldChecks';
import type { JsonObject, JsonValue } from '../jsonl/json';
import { isObject } from '../jsonl/json';

/** How many inputs one request may have. */
const MAX_INPUTS = 2_048;

export const embeddings = defineEndpoint({
	path: '/embeddings',
	label: 'Embeddings',
	model: { example: 'text-embedding-3-small', isRequired: true },
	attachments: NO_ATTACHMENTS,
	options: ['dimensions'],
	makeBody: ({ model, prompt, options }) =>
		withoutUnset({ model, input: prompt, dimensions: options.dimensions }),
	checkBody: (body) => {
		const issues = checkTextOrList(body, 'body.input');
		return issues.length > 0 ? issues : checkNotEmpty(body.input);
	},
	checkShapes: ({ input }) => (Array.isArray(input) ? checkInputs(input) : []),
	/** A text or a list of token numbers is one input; any other list has one for each entry. */
	embeddingInputs({ input }) {
		if (!Array.isArray(input)) return input === undefined || input === null ? 0 : 1;
		return isTokens(input) ? 1 : input.length;
	},
	generates: false,
	tokens: { prompts: ['input'], definitions: [], outputLimits: [] },
});

function checkNotEmpty(input: JsonValue | undefined): Issue[] {
	if (input === '') return [invalidValue('body.input', "'input' is empty.")];
	const isEmptyList = Array.isArray(input) && input.length === 0;
	return isEmptyList ? [invalidValue('body.input', "'input' is an empty array.")] : [];
}

/** Checks that a list has at most 2,048 inputs, and no empty one. */
function checkInputs(input: JsonValue[]): Issue[] {
	if (isTokens(input)) return [];
	if (input.length > MAX_INPUTS) {
		const message = `'input' has ${input.length} inputs, more than the ${MAX_INPUTS} that one request may have. Spread them over several requests.`;
		return [invalidValue('body.input', message)];
	}
	const at = input.findIndex((one) => one === '' || (Array.isArray(one) && one.length === 0));
	if (at === -1) return [];
	return [invalidValue(`body.input[${at}]`, `'input[${at}]' is empty. Leave empty texts out.`)];
}

function isTokens(input: JsonValue[]): boolean {
	return input.length > 0 && input.every((token) => typeof token === 'number');
}

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
	takesAttachmentsAlone: true,
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

/** A text with images beside it is a list of parts; images may also stand alone. */
function inputOf(prompt: string | JsonValue[], images: readonly JsonObject[]): JsonValue {
	if (images.length === 0) return prompt;
	return prompt === '' ? [...images] : [{ type: 'text', text: prompt }, ...images];
}
