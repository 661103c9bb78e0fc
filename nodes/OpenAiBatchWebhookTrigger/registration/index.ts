import type { IDataObject, IHookFunctions, IWebhookFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { CREDENTIAL } from '../../openai/http/credential';
import { automaticRegistration } from './automatic';
import { registered, removeRegistered, type Registration } from './registered';

/** The signing secrets that the user pasted into the credential; several while one is rotated. */
function pastedSecrets({ webhookSecret }: IDataObject): string[] {
	const text = typeof webhookSecret === 'string' ? webhookSecret : '';
	return text.split(/[\s,]+/).filter((secret) => secret !== '');
}

/**
 * The user registers the address, and n8n only needs the secret. An endpoint that the node
 * registered while it was set to Automatic is removed.
 */
const manualRegistration: Registration = {
	async exists(context) {
		if (pastedSecrets(await context.getCredentials(CREDENTIAL)).length === 0) {
			throw new NodeOperationError(context.getNode(), 'The webhook signing secret is missing', {
				description:
					'Register the Production URL of this node in the webhook settings of your OpenAI project, and paste the signing secret that OpenAI shows you into the credential.',
			});
		}
		return registered(context) === undefined;
	},
	create: removeRegistered,
	remove: removeRegistered,
	secrets: async (context) => pastedSecrets(await context.getCredentials(CREDENTIAL)),
};

const REGISTRATIONS: Record<string, Registration> = {
	automatic: automaticRegistration,
	manual: manualRegistration,
};

/** The registration that the user chose. */
export function registrationOf(context: IHookFunctions | IWebhookFunctions): Registration {
	const chosen = context.getNodeParameter('registration', 'automatic') as string;
	return REGISTRATIONS[chosen] ?? automaticRegistration;
}
