import type { OpenAiClient } from '../client';
import { readPage } from './objects';
import { readTime } from './readBatch';

export interface Model {
	id: string;
	/** Unix seconds. */
	created: number | null;
}

/** All models that the key may use, newest first; the list has no pages. */
export async function listModels(client: OpenAiClient): Promise<Model[]> {
	const { data } = await client.json({
		method: 'GET',
		path: ['models'],
		shape: (body) =>
			readPage<Model>(body, ({ id, created }) =>
				typeof id === 'string' ? { id, created: readTime(created) } : undefined,
			),
	});
	return data.sort((a, b) => (b.created ?? 0) - (a.created ?? 0));
}
