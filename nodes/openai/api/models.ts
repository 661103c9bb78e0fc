import type { OpenAiClient } from '../http/client';
import type { ListPage } from './types';
import { apiPath } from '../http/url';

export interface Model {
	id: string;
	created?: number | null;
	owned_by?: string | null;
}

/** All models that the key may use, newest first; the list has no pages. */
export async function listModels(client: OpenAiClient): Promise<Model[]> {
	const { data } = await client.json<ListPage<Model>>({
		method: 'GET',
		path: apiPath('models'),
		needs: 'data',
	});
	return [...data].sort((a, b) => (b.created ?? 0) - (a.created ?? 0));
}
