import type { IDataObject, IHookFunctions, IWebhookFunctions } from 'n8n-workflow';
import { OpenAiClient } from '../../openai/http/client';
import { CREDENTIAL } from '../../openai/http/credential';
import {
	deleteWebhookEndpoint,
	type CreatedWebhookEndpoint,
} from '../../openai/api/webhookEndpoints';
import { seal, unseal } from './sealedSecret';

/** What is remembered of the endpoint that was registered, in the node's static data. */
export interface Registered {
	id: string;
	sealedSecret: string;
	/** The service's `updated_at`, by which changes from elsewhere are noticed. */
	updatedAt: number | null;
}

type Context = IHookFunctions | IWebhookFunctions;

async function apiKeyOf(context: Context): Promise<string> {
	const { apiKey } = await context.getCredentials(CREDENTIAL);
	return String(apiKey).trim();
}

/** What this node has registered, if anything. */
export function registered(context: Context): Registered | undefined {
	const { endpoint } = context.getWorkflowStaticData('node');
	return endpoint as unknown as Registered | undefined;
}

/** The secret of what this node has registered; undefined once the API key is another one. */
export async function secretOf(
	context: Context,
	{ sealedSecret }: Registered,
): Promise<string | undefined> {
	return unseal(sealedSecret, await apiKeyOf(context));
}

export async function remember(context: Context, created: CreatedWebhookEndpoint): Promise<void> {
	const endpoint: Registered = {
		id: created.id,
		sealedSecret: seal(created.signing_secret, await apiKeyOf(context)),
		updatedAt: created.updated_at ?? null,
	};
	context.getWorkflowStaticData('node').endpoint = endpoint as unknown as IDataObject;
}

/** Removes what this node has registered. @throws {NodeApiError} when the server does not */
export async function removeRegistered(context: IHookFunctions): Promise<void> {
	const known = registered(context);
	if (!known) return;
	await deleteWebhookEndpoint(new OpenAiClient(context), known.id);
	delete context.getWorkflowStaticData('node').endpoint;
}
