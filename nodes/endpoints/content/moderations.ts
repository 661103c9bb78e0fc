import { objectsOf, oneOrAll } from './content';
import type { ContentReader } from './content';

/** `/v1/moderations`: the verdict, `{flagged, categories, …}`; with several inputs one each. */
export const moderations: ContentReader = {
	matches: (body) => objectsOf(body.results).some((result) => typeof result.flagged === 'boolean'),
	read: (body) => ({ content: oneOrAll(objectsOf(body.results)) }),
};
