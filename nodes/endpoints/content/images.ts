import { objectsOf, oneOrAll } from './content';
import type { ContentReader } from './content';

/** `/v1/images/*`: the image, `{b64_json or url, revised_prompt, …}`; with `n` > 1 all of them. */
export const images: ContentReader = {
	matches: (body) =>
		objectsOf(body.data).some(
			(item) => typeof item.b64_json === 'string' || typeof item.url === 'string',
		),
	read: (body) => ({ content: oneOrAll(objectsOf(body.data)) }),
};
