import type { IDataObject, IHookFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { OpenAiClient } from '../openai/client';
import { CREDENTIAL } from '../openai/credential';
import {
	deleteWebhookEndpoint,
	listWebhookEndpoints,
	tryCreateWebhookEndpoint,
	type WebhookEndpoint,
} from '../openai/webhooks';
import { seal, unseal } from './sealedSecret';

/** What is remembered of an endpoint that was registered, in the node's static data. */
export interface Registered {
	id: string;
	sealedSecret: string;
	updatedAt: number | null;
}

/** How a workflow's endpoint comes to be. */
export interface Registration {
	exists: (context: IHookFunctions) => Promise<boolean>;
	create: (context: IHookFunctions) => Promise<void>;
	remove: (context: IHookFunctions) => Promise<void>;
}

/** What is registered for this node, if anything. */
export function registered(staticData: IDataObject): Registered | undefined {
	return staticData.endpoint as unknown as Registered | undefined;
}

function eventTypes(context: IHookFunctions): string[] {
	return (context.getNodeParameter('events') as string[]).map((event) => `batch.${event}`);
}

function webhookUrl(context: IHookFunctions): string {
	const url = context.getNodeWebhookUrl('default') ?? '';
	if (url.startsWith('https://')) return url;
	throw new NodeOperationError(
		context.getNode(),
		'OpenAI delivers webhooks to HTTPS addresses only',
		{
			description: `This n8n is reached at ${url}. Set its public HTTPS address (WEBHOOK_URL), or use the OpenAI Batch Trigger, which polls.`,
		},
	);
}

function isCurrent(
	{ url, event_types: types, updated_at: updatedAt }: WebhookEndpoint,
	context: IHookFunctions,
	known: Registered,
): boolean {
	const wanted = eventTypes(context);
	return (
		url === context.getNodeWebhookUrl('default') &&
		types.length === wanted.length &&
		wanted.every((type) => types.includes(type)) &&
		// A secret that was rotated elsewhere is not known here.
		(updatedAt ?? null) === known.updatedAt
	);
}

async function removeAll(
	client: OpenAiClient,
	isMeant: (endpoint: WebhookEndpoint) => boolean,
): Promise<void> {
	for (const endpoint of await listWebhookEndpoints(client)) {
		if (isMeant(endpoint)) await deleteWebhookEndpoint(client, endpoint.id);
	}
}

/** Registers over the API, and removes what it registered. */
const automatic: Registration = {
	async exists(context) {
		const known = registered(context.getWorkflowStaticData('node'));
		if (!known) return false;
		const { apiKey } = await context.getCredentials(CREDENTIAL);
		if (unseal(known.sealedSecret, String(apiKey)) === undefined) return false;
		const all = await listWebhookEndpoints(new OpenAiClient(context));
		const own = all.find(({ id }) => id === known.id);
		return own !== undefined && isCurrent(own, context, known);
	},

	async create(context) {
		const url = webhookUrl(context);
		const client = new OpenAiClient(context);
		const staticData = context.getWorkflowStaticData('node');
		const known = registered(staticData);
		// What an earlier activation left behind, here or at this address, would deliver twice.
		await removeAll(client, ({ id, url: other }) => other === url || id === known?.id);
		const { apiKey } = await context.getCredentials(CREDENTIAL);
		const result = await tryCreateWebhookEndpoint(client, {
			name: `n8n: ${context.getWorkflow().name ?? context.getWorkflow().id}`.slice(0, 100),
			url,
			event_types: eventTypes(context),
		});
		if (!result.ok) {
			// Its secret is lost with the answer, so an endpoint that was made all the same is no use.
			if (result.fault.mayHaveExecuted) await removeAll(client, (one) => one.url === url);
			throw client.error(result.fault, 'The webhook could not be registered');
		}
		const created = result.value;
		const endpoint: Registered = {
			id: created.id,
			sealedSecret: seal(created.signing_secret, String(apiKey)),
			updatedAt: created.updated_at ?? null,
		};
		staticData.endpoint = endpoint as unknown as IDataObject;
	},

	async remove(context) {
		const staticData = context.getWorkflowStaticData('node');
		const known = registered(staticData);
		if (!known) return;
		await deleteWebhookEndpoint(new OpenAiClient(context), known.id);
		delete staticData.endpoint;
	},
};

/** The signing secrets that the user pasted into the credential; several while one is rotated. */
export function pastedSecrets(credential: IDataObject): string[] {
	const text = typeof credential.webhookSecret === 'string' ? credential.webhookSecret : '';
	return text.split(/[\s,]+/).filter((secret) => secret !== '');
}

/** The user registers the address; only the secret has to be there. */
const manual: Registration = {
	async exists(context) {
		if (pastedSecrets(await context.getCredentials(CREDENTIAL)).length > 0) return true;
		throw new NodeOperationError(context.getNode(), 'The webhook signing secret is missing', {
			description:
				'Register the Production URL of this node as a webhook in your OpenAI project, and paste its signing secret into the credential.',
		});
	},
	create: async () => undefined,
	remove: async () => undefined,
};

/** By the `registration` parameter. */
export const REGISTRATIONS: Record<string, Registration> = { automatic, manual };
