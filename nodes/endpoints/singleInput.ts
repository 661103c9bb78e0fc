import { attachmentParts } from './attachmentParts';
import { withoutUnset } from './body';
import type { AttachmentShapes } from './endpoint';
import {
	defineEndpoint,
	imagesByUrl,
	MAX_IMAGE_URL,
	NO_ATTACHMENTS,
	RequestProblem,
} from './endpoint';
import { IMAGE_TYPES } from './fileTypes';
import { checkModerationInput } from './messages';
import { checkEmbeddingsTypes, checkImageTypes } from './parameters';
import type { Issue, JsonObject, JsonValue } from '../jsonl/json';
import {
	checkAddress,
	checkObjects,
	checkText,
	checkTextOrList,
	invalidType,
	invalidValue,
	isAbsent,
	isObject,
} from '../jsonl/json';

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
	checkParameters: checkEmbeddingsTypes,
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
	checkPrompts: checkImageCount,
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

export const imageGenerations = defineEndpoint({
	path: '/images/generations',
	label: 'Image Generations',
	model: { example: 'gpt-image-1.5', isRequired: true },
	attachments: NO_ATTACHMENTS,
	options: ['imageCount', 'imageQuality', 'imageSize'],
	makeBody: ({ model, prompt, options }) =>
		withoutUnset({
			model,
			prompt,
			n: options.imageCount,
			quality: options.imageQuality,
			size: options.imageSize,
		}),
	checkBody: (body) => checkText(body, 'body.prompt'),
	checkParameters: checkImageTypes,
	embeddingInputs: () => 0,
	generates: true,
	tokens: { prompts: ['prompt'], definitions: [], outputLimits: [] },
});

const IMAGES_HINT =
	'In a batch, images are given as [{"image_url": …}] or [{"file_id": …}]. They cannot be uploaded with the request.';

const IMAGES = imagesByUrl((image_url) => ({ image_url }), { maxDataUrl: MAX_IMAGE_URL });

/**
 * The images to start from, each with exactly one key. By OpenAI's SDK (7.57) they are of these
 * three types; a GIF image was seen to be refused here, with the code `invalid_image_file`:
 * https://github.com/yuji-hatakeyama/opencode-gpt-imagegen/pull/82.
 */
const ATTACHMENTS: AttachmentShapes = {
	image: {
		...IMAGES,
		takes: [IMAGE_TYPES.png, IMAGE_TYPES.jpeg, IMAGE_TYPES.webp],
		takesLabel: 'PNG, JPEG and WebP images',
		write: { ...IMAGES.write, fileId: (file_id) => ({ file_id }) },
	},
	file: null,
	audio: null,
};

const EDITS = { label: 'Image Edits', attachments: ATTACHMENTS };

/** An edit is a generation that starts from images. */
export const imageEdits = defineEndpoint({
	...imageGenerations,
	...EDITS,
	path: '/images/edits',
	options: [...imageGenerations.options, 'attachments'],
	makeBody(fields) {
		const { additionalFields, attachments } = fields.options;
		const images = attachmentParts(EDITS, attachments);
		if (images.length === 0 && additionalFields?.images === undefined) {
			throw new RequestProblem('There is no image to edit. Add the option Attachments.', 'images');
		}
		return { ...imageGenerations.makeBody(fields), images };
	},
	checkShapes: (body) => [
		...(Array.isArray(body.images) ? checkImages(body.images) : []),
		...(isObject(body.mask) ? checkImage(body.mask, 'body.mask') : []),
	],
	checkBody: (body) => [
		...imageGenerations.checkBody(body),
		...checkObjects(body, 'body.images', IMAGES_HINT),
	],
});

/** How many images one request may start from. */
const MAX_IMAGES = 16;

function checkImages(images: JsonValue[]): Issue[] {
	if (images.length > MAX_IMAGES) {
		const message = `'images' has ${images.length} images, more than the ${MAX_IMAGES} that one request may have.`;
		return [invalidValue('body.images', message)];
	}
	return images.flatMap((image, index) =>
		isObject(image) ? checkImage(image, `body.images[${index}]`) : [],
	);
}

/** Checks that an image has an address or the id of a stored file, and not both. */
function checkImage(image: JsonObject, param: string): Issue[] {
	const given = ['image_url', 'file_id'].filter((name) => !isAbsent(image[name]));
	if (given.length !== 1) {
		const message = `'${param.slice('body.'.length)}' has to have either 'image_url' or 'file_id'.`;
		return [invalidValue(param, message)];
	}
	const place = `${param}.${given[0]}`;
	const value = image[given[0]];
	if (typeof value === 'string') {
		return given[0] === 'image_url' ? checkAddress(value, place) : [];
	}
	const hint = given[0] === 'image_url' ? 'The address of the image stands there itself.' : '';
	return [invalidType(place, 'a string', value, hint)];
}
