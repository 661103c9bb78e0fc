import type { FastifyInstance } from 'fastify';

import { newBatch, type StoredBatch } from '../batches/batch';
import {
	expiresAfter,
	metadata,
	onlyKnown,
	requiredChoice,
	requiredObject,
	requiredString,
} from '../checks';
import { unixSeconds } from '../clock';
import type { Context } from '../context';
import type { Dialect } from '../dialects';
import { badRequest, batchNotFound, fileNotFound, routeNotFound } from '../errors';
import { limitOf, page } from './page';

type ById = { Params: { id: string } };

const PARAMETERS = [
	'input_file_id',
	'endpoint',
	'completion_window',
	'metadata',
	'output_expires_after',
];

/** `/batches` and below. */
export function batchRoutes(api: FastifyInstance, context: Context): void {
	const { store, lifecycle, ledger, faults, clock, spoken } = context;
	const find = (id: string): StoredBatch => {
		const batch = store.batches.get(id);
		if (batch === undefined) throw batchNotFound(id);
		return batch;
	};
	/** The batch as it is now, in the words of the dialect. */
	const shown = (batch: StoredBatch, moment: Parameters<Dialect['batch']>[1]) => {
		const { statuses, batch: shape } = spoken.dialect;
		const wire = lifecycle.view(batch);
		return shape({ ...wire, status: statuses[wire.status] ?? wire.status }, moment);
	};

	api.post('/batches', async (request, reply) => {
		if (request.body === undefined) throw badRequest('You must provide a JSON body.');
		const body = requiredObject(request.body, 'body');
		const { rules, ids, success } = spoken.dialect;
		if (rules.judgesBodies) onlyKnown(body, PARAMETERS);
		// A request can be given up while it is read: it counts from its arrival.
		const { at } = request.recorded;
		const createdAt = unixSeconds(at);
		const wire = newBatch(
			ids.batch(createdAt),
			{
				input_file_id: requiredString(body.input_file_id, 'input_file_id'),
				endpoint: requiredChoice(body.endpoint, 'endpoint', Object.keys(rules.endpoints)),
				completion_window: rules.window(body.completion_window),
				metadata: metadata(body.metadata),
			},
			createdAt,
		);
		const batch: StoredBatch = {
			wire,
			api: rules.endpoints[wire.endpoint],
			outputExpiresAfter: expiresAfter(
				body.output_expires_after,
				'output_expires_after',
				rules.expirySeconds,
			),
			callOff: () => {},
			hiddenLists: faults.hiddenLists,
			hiddenUntil: at + faults.hiddenMs,
		};
		const isMissing = store.file(wire.input_file_id) === undefined;
		if (isMissing && rules.missingInput === 'refuses the create') {
			throw fileNotFound(wire.input_file_id);
		}
		ledger.creating++;
		await lifecycle.admit(batch).finally(() => ledger.creating--);
		ledger.created(batch, request.recorded);
		lifecycle.add(batch);
		return reply.code(success.create).send(shown(batch, 'created'));
	});

	api.get<{ Querystring: Record<string, string> }>('/batches', async ({ query }) => {
		const { batchList } = spoken.dialect;
		const { after, limit, oldestFirst, isEmpty, isEverything } = batchList.query(query);
		const batches = store.newestBatches();
		const visible = batches.filter(
			({ hiddenLists, hiddenUntil = 0 }) => hiddenLists === 0 && hiddenUntil <= clock.now(),
		);
		if (after === undefined) {
			for (const batch of batches) batch.hiddenLists = Math.max(0, batch.hiddenLists - 1);
		}
		if (oldestFirst) visible.reverse();
		const { data, ...rest } = page(
			isEmpty ? [] : visible.map(({ wire }) => wire),
			{ after, limit: isEverything ? Infinity : limitOf(limit, 100, 20) },
			batchNotFound,
		);
		return batchList.page({ ...rest, data: data.map(({ id }) => shown(find(id), 'listed')) });
	});

	api.get<ById>('/batches/:id', async ({ params }) => shown(find(params.id), 'read'));

	const cancel = async (id: string) => {
		const batch = find(id);
		lifecycle.cancel(batch);
		return shown(batch, 'cancelled');
	};

	api.post<ById>('/batches/:id/cancel', async ({ params }, reply) =>
		reply.code(spoken.dialect.success.cancel).send(await cancel(params.id)),
	);

	api.delete<ById>('/batches/:id', async ({ params, method, originalUrl }) => {
		if (spoken.dialect.cancels !== 'DELETE') throw routeNotFound(method, originalUrl);
		return await cancel(params.id);
	});
}
