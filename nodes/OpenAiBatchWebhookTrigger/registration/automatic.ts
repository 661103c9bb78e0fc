import type { IHookFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { noticedEvents, readEventSettings } from '../../batchEvents/eventSettings';
import {
	deleteWebhookEndpoint,
	isNotOffered,
	tryCreateWebhookEndpoint,
	tryListWebhookEndpoints,
	webhookError,
	type WebhookEndpoint,
} from '../../openai/api/webhookEndpoints';
import { HttpClient } from '../../openai/http/httpClient';
import type { OpenAiClient } from '../../openai/client';
import { registered, remember, removeRegistered, secretOf, type Registration } from './registered';

/** The longest name of an endpoint, which is made from the workflow's. */
const LONGEST_NAME = 100;

function eventTypes(context: IHookFunctions): string[] {
	return [...noticedEvents(readEventSettings(context))].map((event) => `batch.${event}`);
}

/** The address of this node. @throws {NodeOperationError} when it is not HTTPS */
function httpsUrl(context: IHookFunctions): string {
	const url = context.getNodeWebhookUrl('default') ?? '';
	if (/^https:\/\//i.test(url)) return url;
	throw new NodeOperationError(
		context.getNode(),
		'OpenAI delivers webhooks to HTTPS addresses only',
		{
			description: `The address of this node is ${url}. Set the environment variable WEBHOOK_URL to the public HTTPS address of your n8n, or use the OpenAI Batch Trigger, which polls.`,
		},
	);
}

/** One spelling of an address, since a server may store it in another. */
const normalized = (url: string) => (URL.canParse(url) ? new URL(url).href : url);

function deliversHere(context: IHookFunctions): (endpoint: WebhookEndpoint) => boolean {
	const here = normalized(context.getNodeWebhookUrl('default') ?? '');
	return ({ url }) => normalized(url) === here;
}

/** All endpoints that deliver to this node's address. @throws {NodeApiError} */
async function listHere(context: IHookFunctions, client: OpenAiClient): Promise<WebhookEndpoint[]> {
	const all = await tryListWebhookEndpoints(client);
	if (!all.ok) throw webhookError(client, all.fault);
	return all.value.filter(deliversHere(context));
}

/** Removes all endpoints that deliver to this node's address, remembered or not. */
async function removeHere(context: IHookFunctions, client: OpenAiClient): Promise<void> {
	for (const { id } of await listHere(context, client)) await deleteWebhookEndpoint(client, id);
}

/** Whether the remembered secret can be read, and is the one that signs deliveries. */
async function knowsSecret(context: IHookFunctions, endpoint: WebhookEndpoint): Promise<boolean> {
	const known = registered(context);
	if (!known || known.id !== endpoint.id) return false;
	// The secret was rotated elsewhere, or other settings were changed.
	if ((endpoint.updated_at ?? null) !== known.updatedAt) return false;
	return (await secretOf(context, known)) !== undefined;
}

/** Registers an endpoint over the API, and removes it. */
export const automaticRegistration: Registration = {
	async exists(context) {
		if (!registered(context)) return false;
		const [endpoint, ...others] = await listHere(context, new HttpClient(context));
		if (!endpoint || others.length > 0) return false;
		const wanted = eventTypes(context);
		const isDelivered = (type: string) => endpoint.event_types.includes(type);
		if (endpoint.event_types.length !== wanted.length || !wanted.every(isDelivered)) return false;
		return await knowsSecret(context, endpoint);
	},

	/**
	 * Always registers a new endpoint, since the secret of an existing one may be lost. Endpoints
	 * that earlier activations left behind are removed first: they would deliver everything twice.
	 */
	async create(context) {
		const url = httpsUrl(context);
		const client = new HttpClient(context);
		await removeRegistered(context);
		await removeHere(context, client);
		const { name, id } = context.getWorkflow();
		const result = await tryCreateWebhookEndpoint(client, {
			name: `n8n: ${name ?? id}`.slice(0, LONGEST_NAME),
			url,
			event_types: eventTypes(context),
		});
		if (!result.ok) {
			// The secret is lost with the answer, so an endpoint that was created all the same is of no
			// use. If it cannot be removed now, the next activation removes it.
			if (result.fault.mayHaveExecuted) await removeHere(context, client).catch(() => undefined);
			throw webhookError(client, result.fault);
		}
		const created = result.value;
		if (typeof created.signing_secret === 'string' && created.signing_secret !== '') {
			await remember(context, created);
			return;
		}
		await deleteWebhookEndpoint(client, created.id);
		throw new NodeOperationError(context.getNode(), 'The server returned no signing secret', {
			description: 'Choose Manual under Registration, or use the OpenAI Batch Trigger.',
		});
	},

	/** Also removes an endpoint that is not remembered, as when the activation failed later on. */
	async remove(context) {
		const client = new HttpClient(context);
		await removeRegistered(context);
		const all = await tryListWebhookEndpoints(client);
		if (!all.ok && isNotOffered(all.fault)) return;
		if (!all.ok) throw webhookError(client, all.fault);
		for (const { id } of all.value.filter(deliversHere(context))) {
			await deleteWebhookEndpoint(client, id);
		}
	},

	/**
	 * @throws {NodeOperationError} for what only a person can repair: the API key was changed, or n8n
	 * was killed before it could store the secret, and treats the workflow as published all the same
	 */
	async secrets(context) {
		const known = registered(context);
		const secret = known && (await secretOf(context, known));
		if (secret !== undefined) return [secret];
		const problem = known ? 'The API key was changed' : 'n8n was stopped while it registered';
		throw new NodeOperationError(
			context.getNode(),
			`${problem}, so the webhook has to be registered again`,
			{
				description:
					'Unpublish and publish the workflow. OpenAI repeats its deliveries until then.',
			},
		);
	},
};
