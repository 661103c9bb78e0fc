import type { ListPage, PageStart } from './objects';
import { paginate, readPage } from './objects';
import { readTime } from './readBatch';
import type { JsonObject } from '../../jsonl/json';
import type { Fault, OpenAiClient, Result } from '../client';

/** A webhook endpoint of the project, as the API lists it: never with its secret. */
export interface WebhookEndpoint {
	id: string;
	name: string;
	url: string;
	event_types: string[];
	/** When its settings or its secret last changed, in unix seconds. */
	updated_at?: number;
}

/** The secret is in the answers to creation and rotation only. */
export interface CreatedWebhookEndpoint extends WebhookEndpoint {
	signing_secret: string;
}

/** Azure manages webhooks at the second of these. */
const PATHS = [['webhook_endpoints'], ['dashboard', 'webhook_endpoints']];

const PAGE_SIZE = 100;
const SECRET_PATTERN = /whsec_[\w+/=-]+/g;

/** Servers other than OpenAI answer so where they have no webhooks. */
const NOT_OFFERED: readonly number[] = [404, 405, 501];

const ADVICE: ReadonlyArray<readonly [statuses: readonly number[], text: string]> = [
	[
		NOT_OFFERED,
		'This server does not let n8n register webhooks. Choose Manual under Registration, or use the OpenAI Batch Trigger, which polls',
	],
	[
		[401, 403],
		'This API key may not register webhooks. Give it the permission, or choose Manual under Registration',
	],
];

/** The error to throw when endpoints cannot be listed or changed, with what the user can do. */
export function webhookError(client: OpenAiClient, fault: Fault): Error {
	const advice = ADVICE.find(([statuses]) => statuses.includes(fault.status ?? 0));
	return client.error(fault, advice?.[1] ?? 'The webhook could not be registered');
}

/** Whether a fault means that the server has no webhook endpoints. */
export function isNotOffered({ status }: Fault): boolean {
	return NOT_OFFERED.includes(status ?? 0);
}

/** Asks at the one place, and where the server does not know it, at the other. */
async function atEitherPath<T>(ask: (path: string[]) => Promise<Result<T>>): Promise<Result<T>> {
	const first = await ask(PATHS[0]);
	if (first.ok || !isNotOffered(first.fault)) return first;
	const second = await ask(PATHS[1]);
	return second.ok || !isNotOffered(second.fault) ? second : first;
}

function readEndpoint(body: JsonObject): CreatedWebhookEndpoint | undefined {
	const { id, event_types, signing_secret } = body;
	if (typeof id !== 'string' || id === '') return undefined;
	return {
		id,
		name: typeof body.name === 'string' ? body.name : '',
		url: typeof body.url === 'string' ? body.url : '',
		event_types: Array.isArray(event_types) ? event_types.map(String) : [],
		updated_at: readTime(body.updated_at) ?? undefined,
		signing_secret: typeof signing_secret === 'string' ? signing_secret : '',
	};
}

/** All webhook endpoints of the project. */
export async function tryListWebhookEndpoints(
	client: OpenAiClient,
): Promise<Result<WebhookEndpoint[]>> {
	return await atEitherPath(async (path) => {
		const found: WebhookEndpoint[] = [];
		let failed: { ok: false; fault: Fault } | undefined;
		const fetchPage = async (start: PageStart, limit: number) => {
			const result = await client.tryJson<ListPage<WebhookEndpoint>>({
				method: 'GET',
				path,
				query: { ...start, limit },
				shape: (body) => readPage(body, readEndpoint),
			});
			if (result.ok) return result.value;
			failed = result;
			return { data: [] };
		};
		for await (const endpoint of paginate(fetchPage, PAGE_SIZE)) found.push(endpoint);
		return failed ?? { ok: true, value: found };
	});
}

/**
 * Registers an endpoint. Not repeated blindly: each would deliver every event once more. A fault
 * never quotes a secret from an answer that could not be read.
 *
 * @returns an empty `signing_secret` when the server gave none
 */
export async function tryCreateWebhookEndpoint(
	client: OpenAiClient,
	body: { name: string; url: string; event_types: string[] },
): Promise<Result<CreatedWebhookEndpoint>> {
	const result = await atEitherPath(
		async (path) =>
			await client.tryJson({ method: 'POST', path, json: body, shape: readEndpoint, once: true }),
	);
	if (result.ok) return result;
	const message = result.fault.message.replace(SECRET_PATTERN, 'whsec_***');
	return { ok: false, fault: { ...result.fault, message } };
}

/** Removes an endpoint; one that is gone already is as good. @throws {NodeApiError} otherwise */
export async function deleteWebhookEndpoint(client: OpenAiClient, id: string): Promise<void> {
	const result = await atEitherPath(
		async (path) =>
			await client.tryJson({
				method: 'DELETE',
				path: [...path, id],
				shape: (body) => body,
			}),
	);
	if (!result.ok && result.fault.status !== 404) throw client.error(result.fault);
}
