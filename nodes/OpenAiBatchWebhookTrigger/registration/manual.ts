import type { IDataObject } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { CREDENTIAL } from '../../openai/http/credential';
import { registered, removeRegistered } from './registered';
import type { Registration } from './registration';

/** The signing secrets that the user pasted into the credential; several while one is rotated. */
function pastedSecrets({ webhookSecret }: IDataObject): string[] {
	const text = typeof webhookSecret === 'string' ? webhookSecret : '';
	return text.split(/[\s,]+/).filter((secret) => secret !== '');
}

/**
 * The user registers the address, and n8n only has to have the secret. What the node registered
 * while it was set to Automatic goes.
 */
export const manual: Registration = {
	async exists(context) {
		if (pastedSecrets(await context.getCredentials(CREDENTIAL)).length === 0) {
			throw new NodeOperationError(context.getNode(), 'The webhook signing secret is missing', {
				description:
					'Register the Production URL of this node as a webhook of your OpenAI project, and paste the signing secret that you get into the credential.',
			});
		}
		return registered(context) === undefined;
	},
	create: removeRegistered,
	remove: removeRegistered,
	secrets: async (context) => pastedSecrets(await context.getCredentials(CREDENTIAL)),
};
