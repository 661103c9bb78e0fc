import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

/** The name of the credential type that all nodes of this package use. */
export const CREDENTIAL = 'openAiBatchApi';

/**
 * The values of the credential that may never be seen outside of a request's headers: the key and
 * the custom header's value, also without the scheme word in front (`Bearer …`), longest first.
 */
export function secretsOf({ apiKey, headerValue }: ICredentialDataDecryptedObject): string[] {
	return [apiKey, headerValue]
		.flatMap((value) =>
			typeof value === 'string' ? [value.trim(), value.trim().split(/\s+/).at(-1)!] : [],
		)
		.filter((secret) => secret !== '')
		.sort((a, b) => b.length - a.length);
}
