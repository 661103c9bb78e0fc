import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

/** The name of the credential type that all nodes of this package use. */
export const CREDENTIAL = 'openAiBatchApi';

/** The values of the credential that may never be seen outside of a request's headers. */
export function secretsOf(credential: ICredentialDataDecryptedObject): string[] {
	return [credential.apiKey, credential.headerValue].filter(
		(secret): secret is string => typeof secret === 'string' && secret !== '',
	);
}
