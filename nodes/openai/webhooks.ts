import type { OpenAiClient } from './client';
import type { Result } from './fault';
import { paginate } from './paginate';
import type { ListPage } from './types';
import { apiPath } from './url';

/** A webhook endpoint of the project, as the API lists it: never with its secret. */
export interface WebhookEndpoint {
	id: string;
	name: string;
	url: string;
	event_types: string[];
	created_at: number;
	/** When its settings or its secret last changed, in unix seconds. */
	updated_at?: number;
}

/** The secret is in the answers to creation and rotation only. */
export interface CreatedWebhookEndpoint extends WebhookEndpoint {
	signing_secret: string;
}

const PAGE_SIZE = 100;

/** Servers other than OpenAI answer so where they have no webhooks. */
const NOT_OFFERED = [404, 405, 501];

const NOT_OFFERED_TEXT =
	'This server cannot register webhooks by itself. Choose to register the address by hand, or use the OpenAI Batch Trigger';

/** All webhook endpoints of the project. @throws {NodeApiError} also where the server has none */
export async function listWebhookEndpoints(client: OpenAiClient): Promise<WebhookEndpoint[]> {
	const found: WebhookEndpoint[] = [];
	const pages = paginate(async (after: string | undefined, limit) => {
		const request = { method: 'GET', path: apiPath('webhook_endpoints') } as const;
		const result = await client.tryJson<ListPage<WebhookEndpoint>>({
			...request,
			query: { after, limit },
		});
		if (result.ok) return result.value;
		const isOffered = !NOT_OFFERED.includes(result.fault.status ?? 0);
		throw client.error(result.fault, isOffered ? undefined : NOT_OFFERED_TEXT);
	}, PAGE_SIZE);
	for await (const endpoint of pages) found.push(endpoint);
	return found;
}

/** Registers an endpoint. Not repeated blindly: each would deliver every event once more. */
export async function tryCreateWebhookEndpoint(
	client: OpenAiClient,
	body: { name: string; url: string; event_types: string[] },
): Promise<Result<CreatedWebhookEndpoint>> {
	return await client.tryJson<CreatedWebhookEndpoint>({
		method: 'POST',
		path: apiPath('webhook_endpoints'),
		json: body,
		once: true,
	});
}

/** Removes an endpoint; one that is gone already is as good. @throws {NodeApiError} otherwise */
export async function deleteWebhookEndpoint(client: OpenAiClient, id: string): Promise<void> {
	const result = await client.tryJson({
		method: 'DELETE',
		path: apiPath('webhook_endpoints', id),
	});
	if (!result.ok && result.fault.status !== 404) throw client.error(result.fault);
}
