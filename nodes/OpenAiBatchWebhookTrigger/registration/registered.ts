import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'crypto';
import type { IDataObject, IHookFunctions, IWebhookFunctions } from 'n8n-workflow';
import {
	deleteWebhookEndpoint,
	type CreatedWebhookEndpoint,
} from '../../openai/api/webhookEndpoints';
import { HttpClient } from '../../openai/http/httpClient';
import { CREDENTIAL } from '../../openai/http/credential';

/** How the service comes to deliver to a workflow. */
export interface Registration {
	/** Whether deliveries can start the workflow as things are. */
	exists: (context: IHookFunctions) => Promise<boolean>;
	create: (context: IHookFunctions) => Promise<void>;
	remove: (context: IHookFunctions) => Promise<void>;
	/** The secrets that sign deliveries; none when no delivery can be trusted. */
	secrets: (context: IWebhookFunctions) => Promise<string[]>;
}

/** What the node remembers of the endpoint that it registered, in its static data. */
export interface Registered {
	id: string;
	sealedSecret: string;
	/** The service's `updated_at`, which shows changes made elsewhere. */
	updatedAt: number | null;
}

type Context = IHookFunctions | IWebhookFunctions;

const CIPHER = 'aes-256-gcm';
const SALT_BYTES = 16;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = SALT_BYTES + IV_BYTES + TAG_BYTES;

function keyFrom(apiKey: string, salt: Uint8Array): Uint8Array {
	return new Uint8Array(hkdfSync('sha256', apiKey, salt, 'webhook signing secret', 32));
}

/**
 * Encrypts a signing secret with the API key. The service shows the secret only when an endpoint is
 * registered, so the node has to keep it, and n8n's static data is plain text in its database.
 *
 * @returns base64 of salt, initialization vector, tag and ciphertext
 */
export function seal(secret: string, apiKey: string): string {
	const salt = randomBytes(SALT_BYTES);
	const iv = randomBytes(IV_BYTES);
	const cipher = createCipheriv(CIPHER, keyFrom(apiKey, salt), iv);
	const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
	return Buffer.concat([salt, iv, cipher.getAuthTag(), sealed]).toString('base64');
}

/** The secret, or undefined when it was sealed with another key or is damaged. */
export function unseal(sealed: string, apiKey: string): string | undefined {
	const bytes = Buffer.from(sealed, 'base64');
	if (bytes.length < HEAD_BYTES) return undefined;
	const salt = bytes.subarray(0, SALT_BYTES);
	const iv = bytes.subarray(SALT_BYTES, SALT_BYTES + IV_BYTES);
	const tag = bytes.subarray(SALT_BYTES + IV_BYTES, HEAD_BYTES);
	try {
		const decipher = createDecipheriv(CIPHER, keyFrom(apiKey, salt), iv);
		decipher.setAuthTag(tag);
		const secret = [decipher.update(bytes.subarray(HEAD_BYTES)), decipher.final()];
		return Buffer.concat(secret).toString('utf8');
	} catch {
		return undefined;
	}
}

async function apiKeyOf(context: Context): Promise<string> {
	const { apiKey } = await context.getCredentials(CREDENTIAL);
	return String(apiKey).trim();
}

/** The endpoint that this node has registered, if any. */
export function registered(context: Context): Registered | undefined {
	const { endpoint } = context.getWorkflowStaticData('node');
	return endpoint as unknown as Registered | undefined;
}

/** The secret of the registered endpoint; undefined once the API key was changed. */
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

/** Removes the endpoint that this node has registered. @throws {NodeApiError} when that fails */
export async function removeRegistered(context: IHookFunctions): Promise<void> {
	const known = registered(context);
	if (!known) return;
	await deleteWebhookEndpoint(new HttpClient(context), known.id);
	delete context.getWorkflowStaticData('node').endpoint;
}
