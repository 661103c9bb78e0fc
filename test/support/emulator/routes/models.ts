import type { FastifyInstance } from 'fastify';

import { ApiError } from '../errors';

const MODELS = [
	'gpt-6-luna',
	'gpt-5-mini',
	'gpt-4o-mini',
	'gpt-3.5-turbo-instruct',
	'text-embedding-3-small',
	'text-embedding-3-large',
	'omni-moderation-latest',
	'gpt-image-1.5',
].map((id) => ({ id, object: 'model', created: 1_790_000_000, owned_by: 'system' }));

/** A few models, for clients that list them. Batches take any other name as well. */
export function modelRoutes(api: FastifyInstance): void {
	api.get('/models', async () => ({ object: 'list', data: MODELS }));

	api.get<{ Params: { id: string } }>('/models/:id', async ({ params }) => {
		const model = MODELS.find(({ id }) => id === params.id);
		if (model !== undefined) return model;
		throw new ApiError(404, {
			message: `The model '${params.id}' does not exist`,
			param: 'model',
			code: 'model_not_found',
		});
	});
}
