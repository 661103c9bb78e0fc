import type { IDataObject, IWebhookResponseData } from 'n8n-workflow';

/**
 * Starts the workflow with an item, and remembers that in static data. While n8n (2.41) makes the
 * execution it forgets that static data were changed, and then does not store them. When the
 * execution is stored it looks for the body of its answer, and only after that stores static data:
 * so they are changed once more when it looks. Storing them any earlier would lose the event when
 * n8n crashes in between.
 *
 * @param remember changes the static data; called more than once
 */
export function started(json: IDataObject, remember: () => void): IWebhookResponseData {
	remember();
	return {
		workflowData: [[{ json }]],
		get webhookResponse() {
			remember();
			return undefined;
		},
	};
}
