import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

/** The name of the credential type that all nodes of this package use. */
export const CREDENTIAL = 'openAiBatchApi';

/**
 * The values of the credential that may never be seen outside of a request's headers: the key, the
 * custom header's value, also without the scheme word in front (`Bearer …`), and the signing
 * secrets of webhooks; longest first.
 */
export function secretsOf(credential: ICredentialDataDecryptedObject): string[] {
	const words = (value: unknown) =>
		typeof value === 'string' ? value.split(/\s+/).filter((word) => word !== '') : [];
	const { apiKey, headerName, headerValue, webhookSecret } = credential;
	// Such a header says where a request goes, as LiteLLM's `x-litellm-model` does. Its value is also
	// the name of the model, which has to stay as it is in batches, metadata and ids.
	const isSecret = !/model|provider/i.test(String(headerName ?? ''));
	return [
		...[apiKey, isSecret && headerValue].flatMap((value) => [
			typeof value === 'string' ? value.trim() : '',
			...words(value).slice(-1),
		]),
		...words(webhookSecret),
	]
		.filter((secret) => secret !== '')
		.sort((a, b) => b.length - a.length);
}

/**
 * The hosts that the credential may be used with, as n8n's HTTP helper takes them; undefined for
 * any. n8n adds these fields to every credential, and leaves it to nodes with code to obey them.
 * `none` keeps a credential out of the HTTP Request node; here it changes nothing, as in n8n's own
 * OpenAI node, since the address is the credential's own.
 */
export function allowedDomainsOf(credential: ICredentialDataDecryptedObject): string | undefined {
	if (credential.allowedHttpRequestDomains !== 'domains') return undefined;
	const { allowedDomains } = credential;
	const list = typeof allowedDomains === 'string' ? allowedDomains.trim() : '';
	// The helper takes an empty list for none at all; no host is called this.
	return list === '' ? NO_DOMAIN : list;
}

/** Reserved by RFC 2606 for names that do not exist. */
const NO_DOMAIN = 'none.invalid';

/** Secrets shorter than this are not looked for: they would garble ordinary words. */
const SHORTEST_SECRET = 4;

const KEY_PATTERN = /\bsk-[A-Za-z0-9_-]{6,}/g;

/** Replaces the given secrets, and everything that looks like an OpenAI key, in a text. */
export function redact(text: string, secrets: readonly string[]): string {
	return secrets
		.filter((secret) => secret.length >= SHORTEST_SECRET)
		.reduce((clean, secret) => clean.split(secret).join('***'), text)
		.replace(KEY_PATTERN, 'sk-***');
}

/** Data are searched only for secrets so long that they are nothing else by chance. */
const SHORTEST_IN_DATA = 12;

/**
 * The text of a JSON answer without the given secrets, for servers that echo them. Only here: a
 * key such as `batch`, which servers without keys are given, must not garble ids.
 */
export function redactJson(text: string, secrets: readonly string[]): string {
	return secrets
		.filter((secret) => secret.length >= SHORTEST_IN_DATA)
		.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
		.reduce(
			(clean, secret) => (clean.includes(secret) ? clean.split(secret).join('***') : clean),
			text,
		);
}
