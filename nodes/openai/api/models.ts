import type { JsonRequest, OpenAiClient } from '../client';
import type { ListPage } from './objects';
import { readPage } from './objects';
import { readTime } from './readBatch';

export interface Model {
	id: string;
	/** Unix seconds. */
	created: number | null;
}

const LIST: JsonRequest<ListPage<Model>> = {
	method: 'GET',
	path: ['models'],
	shape: (body) =>
		readPage<Model>(body, ({ id, created }) =>
			typeof id === 'string' ? { id, created: readTime(created) } : undefined,
		),
};

/** All models that the key may use, newest first; the list has no pages. */
export async function listModels(client: OpenAiClient): Promise<Model[]> {
	const { data } = await client.json(LIST);
	return data.sort((a, b) => (b.created ?? 0) - (a.created ?? 0));
}

/** A list that takes longer is not waited for, since it is only for a hint. */
const LIST_WITHIN_MS = 5_000;

/**
 * Which of the models the server does not list. Asks once, and never rejects.
 *
 * @returns an empty list also where nothing is certain: the server has no list, does not answer in
 * time, or is Azure, where requests name deployments and the list has models
 */
export async function unlistedModels(
	client: OpenAiClient,
	models: readonly string[],
): Promise<string[]> {
	try {
		if (models.length === 0 || (await client.provider()) === 'azure') return [];
		const deadline = Date.now() + LIST_WITHIN_MS;
		const result = await client.with({ deadline }).tryJson(LIST);
		const known = result.ok ? result.value.data.map(({ id }) => id) : [];
		// Gateways list patterns, and put the name of a provider in front.
		if (known.length === 0 || known.some((id) => id.includes('*'))) return [];
		return models.filter((model) => !known.some((id) => id === model || id.endsWith(`/${model}`)));
	} catch {
		return [];
	}
}
