import {
	checkAddress,
	checkObjects,
	invalidType,
	invalidValue,
	isAbsent,
} from '../jsonl/fieldChecks';
import type { Issue } from '../jsonl/fieldChecks';
import { isObject } from '../jsonl/json';
import type { JsonObject, JsonValue } from '../jsonl/json';
import { defineEndpoint, RequestProblem } from './endpoint';
import { imageGenerations } from './imageGenerations';

const IMAGES_HINT =
	'In a batch, images are given as [{"image_url": …}] or [{"file_id": …}]. They cannot be uploaded with the request.';

/** An edit is a generation that starts from images. */
export const imageEdits = defineEndpoint({
	...imageGenerations,
	path: '/images/edits',
	label: 'Image Edits',
	options: [...imageGenerations.options, 'imageUrls'],
	makeBody(fields) {
		const { additionalFields, imageUrls = [] } = fields.options;
		if (imageUrls.length === 0 && additionalFields?.images === undefined) {
			throw new RequestProblem('There is no image to edit. Add the option Image URLs.', 'images');
		}
		const images = imageUrls.map((image_url) => ({ image_url }));
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
