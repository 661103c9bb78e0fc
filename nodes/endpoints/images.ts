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
import type { Issue } from '../jsonl/fieldChecks';
import {
	checkAddress,
	checkObjects,
	checkText,
	invalidType,
	invalidValue,
	isAbsent,
} from '../jsonl/fieldChecks';
import type { JsonObject, JsonValue } from '../jsonl/json';
import { isObject } from '../jsonl/json';

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
	embeddingInputs: () => 0,
	generates: true,
	tokens: { prompts: ['prompt'], definitions: [], outputLimits: [] },
});

const IMAGES_HINT =
	'In a batch, images are given as [{"image_url": …}] or [{"file_id": …}]. They cannot be uploaded with the request.';

const IMAGES = imagesByUrl((image_url) => ({ image_url }), { maxDataUrl: MAX_IMAGE_URL });

/** The images to start from, each with exactly one key. */
const ATTACHMENTS: AttachmentShapes = {
	image: { ...IMAGES, write: { ...IMAGES.write, fileId: (file_id) => ({ file_id }) } },
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
