import { checkObjects } from '../jsonl/fieldChecks';
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
	checkBody: (body) => [
		...imageGenerations.checkBody(body),
		...checkObjects(body, 'body.images', IMAGES_HINT),
	],
});
