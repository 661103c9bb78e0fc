import type { IHookFunctions, IWebhookFunctions } from 'n8n-workflow';
import { automatic } from './automatic';
import { manual } from './manual';

/** How the service comes to deliver to a workflow. */
export interface Registration {
	/** Whether nothing has to be done for the workflow to be started. */
	exists: (context: IHookFunctions) => Promise<boolean>;
	create: (context: IHookFunctions) => Promise<void>;
	remove: (context: IHookFunctions) => Promise<void>;
	/** The secrets that sign deliveries; none when nothing can be trusted. */
	secrets: (context: IWebhookFunctions) => Promise<string[]>;
}

const REGISTRATIONS: Record<string, Registration> = { automatic, manual };

/** The one that the user chose. */
export function registrationOf(context: IHookFunctions | IWebhookFunctions): Registration {
	const chosen = context.getNodeParameter('registration', 'automatic') as string;
	return REGISTRATIONS[chosen] ?? automatic;
}
