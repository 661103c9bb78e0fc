import type { FastifyInstance } from 'fastify';
import type { WebhookEndpointWithSecret } from 'openai/resources/webhooks';

import { onlyKnown, requiredObject } from '../checks';
import type { Context } from '../context';
import { ApiError } from '../errors';
import { limitOf, page } from '../routes/page';
import { checkedSettings, eventType, SETTINGS } from './settings';
import type { EndpointSettings, StoredEndpoint } from './endpoints';

type ById = { Params: { id: string } };

const KEEP_OLD = 'keep_old_secret_active_for_24_hours';

const notFound = (id: string) =>
	new ApiError(404, { message: `No webhook endpoint found with id '${id}'.`, param: 'id' });

function bodyOf(body: unknown, known: readonly string[]): Record<string, unknown> {
	const object = body === undefined ? {} : requiredObject(body, 'body');
	onlyKnown(object, known);
	return object;
}

/** The secret is told at creation and rotation only. */
function withSecret({ wire, secrets: [{ secret }] }: StoredEndpoint): WebhookEndpointWithSecret {
	return { ...wire, signing_secret: secret };
}

/** `/webhook_endpoints` and below. */
export function webhookRoutes(api: FastifyInstance, { webhooks }: Context): void {
	const { endpoints, deliveries } = webhooks;
	const find = (id: string): StoredEndpoint => {
		const endpoint = endpoints.get(id);
		if (endpoint === undefined) throw notFound(id);
		return endpoint;
	};

	api.post('/webhook_endpoints', async (request) => {
		const settings = checkedSettings(bodyOf(request.body, SETTINGS), SETTINGS);
		return withSecret(endpoints.create(settings as EndpointSettings));
	});

	api.get<{ Querystring: { after?: string; limit?: string } }>(
		'/webhook_endpoints',
		async ({ query: { after, limit } }) => {
			const all = endpoints.all().map(({ wire }) => wire);
			return page(all, { after, limit: limitOf(limit, 100, 20) }, notFound);
		},
	);

	api.get<ById>('/webhook_endpoints/:id', async ({ params }) => find(params.id).wire);

	api.post<ById>('/webhook_endpoints/:id', async ({ params, body }) => {
		const endpoint = find(params.id);
		const changes = bodyOf(body, SETTINGS);
		const names = SETTINGS.filter((name) => changes[name] !== undefined);
		endpoints.update(endpoint, checkedSettings(changes, names));
		return endpoint.wire;
	});

	api.delete<ById>('/webhook_endpoints/:id', async ({ params: { id } }) => {
		find(id);
		endpoints.delete(id);
		return { id, object: 'webhook_endpoint.deleted', deleted: true };
	});

	api.post<ById>('/webhook_endpoints/:id/rotate_secret', async ({ params, body }) => {
		const endpoint = find(params.id);
		endpoints.rotate(endpoint, bodyOf(body, [KEEP_OLD])[KEEP_OLD] === true);
		return withSecret(endpoint);
	});

	api.post<ById>('/webhook_endpoints/:id/test', async ({ params, body }) => {
		const endpoint = find(params.id);
		const type = eventType(bodyOf(body, ['event_type']).event_type, 'event_type');
		const event = webhooks.newEvent(type, `${type.split('.')[0]}_abc123`);
		const message = { id: `wh_${event.id}`, endpointId: params.id, event, tries: 0 };
		const { status } = await deliveries.attempt(message, endpoint);
		if (status === null) {
			// What the service answers then has not been seen.
			throw new ApiError(400, { message: 'The webhook endpoint could not be reached.' });
		}
		return {
			object: 'webhook_endpoint.test',
			webhook_endpoint_id: params.id,
			event_type: type,
			status_code: status,
			success: true,
		};
	});
}
