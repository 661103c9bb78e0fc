import type {
	IHookFunctions,
	INodeType,
	INodeTypeDescription,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';
import { receive } from './receive';
import { registrationOf } from './registration';
import { webhookProperties } from './webhook.properties';

export class OpenAiBatchWebhookTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'OpenAI Batch Webhook Trigger',
		name: 'openAiBatchWebhookTrigger',
		icon: {
			light: 'file:../OpenAiBatch/openAiBatch.svg',
			dark: 'file:../OpenAiBatch/openAiBatch.dark.svg',
		},
		group: ['trigger'],
		version: 1,
		// The names of the panel. n8n's lint wants to see the text here.
		subtitle:
			'={{ $parameter["events"].map((event) => ({ ended: "Any Outcome", cancelled: "Cancelled", completed: "Completed", expired: "Expired", failed: "Failed", submission_finished: "Submission Finished" })[event]).join(", ") }}',
		description: 'Starts the workflow as soon as OpenAI reports by webhook that a batch has ended',
		defaults: { name: 'OpenAI Batch Webhook Trigger' },
		builderHint: {
			searchHint:
				'Prefer the OpenAI Batch Trigger, which needs no public address and also works with compatible servers. Use this one only when the user asks for webhooks, or needs the results within seconds of their end. Connect it to OpenAI Batch with the operation Get Results.',
			relatedNodes: [
				{
					nodeType: 'n8n-nodes-openai-batch.openAiBatch',
					relationHint: 'Get Results follows this trigger, and takes the id of the event',
				},
			],
		},
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'openAiBatchApi', required: true }],
		webhooks: [
			{
				name: 'default',
				httpMethod: 'POST',
				responseMode: 'onReceived',
				// Only this value makes n8n read the answer of `webhook`: see `startWorkflow`.
				responseData: '',
				path: 'webhook',
			},
		],
		properties: webhookProperties,
	};

	webhookMethods = {
		default: {
			async checkExists(this: IHookFunctions): Promise<boolean> {
				return await registrationOf(this).exists(this);
			},
			async create(this: IHookFunctions): Promise<boolean> {
				await registrationOf(this).create(this);
				return true;
			},
			async delete(this: IHookFunctions): Promise<boolean> {
				await registrationOf(this).remove(this);
				return true;
			},
		},
	};

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		return await receive(this);
	}
}
