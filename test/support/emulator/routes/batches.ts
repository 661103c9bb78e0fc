import type { FastifyInstance } from 'fastify';

import { newBatch, type StoredBatch } from '../batches/batch';
import { ENDPOINTS } from '../batches/requestLine';
import {
	expiresAfter,
	metadata,
	onlyKnown,
	requiredChoice,
	requiredObject,
	requiredString,
} from '../checks';
import type { Context } from '../context';
import { badRequest, batchNotFound } from '../errors';
import { limitOf, page } from './page';

const PARAMETERS = [
	'input_file_id',
	'endpoint',
	'completion_window',
	'metadata',
	'output_expires_after',
];

/** `/batches` and below. */
export function batchRoutes(api: FastifyInstance, context: Context): void {
	const { store, lifecycle, ledger, faults, clock } = context;
	const find = (id: string): StoredBatch => {
		const batch = store.batches.get(id);
		if (batch === undefined) throw batchNotFound(id);
		return batch;
	};

	api.post('/batches', async (request) => {
		if (request.body === undefined) throw badRequest('You must provide a JSON body.');
		const body = requiredObject(request.body, 'body');
		onlyKnown(body, PARAMETERS);
		const wire = newBatch(
			{
				input_file_id: requiredString(body.input_file_id, 'input_file_id'),
				endpoint: requiredChoice(body.endpoint, 'endpoint', ENDPOINTS),
				completion_window: requiredChoice(body.completion_window, 'completion_window', ['24h']),
				metadata: metadata(body.metadata),
			},
			clock.now(),
		);
		const batch: StoredBatch = {
			wire,
			outputExpiresAfter: expiresAfter(body.output_expires_after, 'output_expires_after'),
			callOff: () => {},
			hiddenLists: faults.hiddenLists,
			hiddenUntil: clock.now() + faults.hiddenMs,
		};
		ledger.created(batch);
		lifecycle.add(batch);
		return lifecycle.view(batch);
	});

	api.get<{ Querystring: { after?: string; limit?: string } }>('/batches', async ({ query }) => {
		const limit = limitOf(query.limit, 100, 20);
		const batches = store.newestBatches();
		const visible = batches.filter(
			({ hiddenLists, hiddenUntil = 0 }) => hiddenLists === 0 && hiddenUntil <= clock.now(),
		);
		if (query.after === undefined) {
			for (const batch of batches) batch.hiddenLists = Math.max(0, batch.hiddenLists - 1);
		}
		const { data, ...rest } = page(
			visible.map(({ wire }) => wire),
			{ after: query.after, limit },
			batchNotFound,
		);
		return { ...rest, data: data.map(({ id }) => lifecycle.view(find(id))) };
	});

	api.get<{ Params: { id: string } }>('/batches/:id', async ({ params }) =>
		lifecycle.view(find(params.id)),
	);

	api.post<{ Params: { id: string } }>('/batches/:id/cancel', async ({ params }) => {
		const batch = find(params.id);
		lifecycle.cancel(batch);
		return lifecycle.view(batch);
	});
}
