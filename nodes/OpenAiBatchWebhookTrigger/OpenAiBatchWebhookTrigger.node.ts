import type {
	IHookFunctions,
	INodeType,
	INodeTypeDescription,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';
import { properties } from './webhook.properties';
import { receive } from './receive';
import { registrationOf } from './registration/registration';

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
		subtitle: '={{ $parameter["events"].join(", ") }}',
		description: 'Starts the workflow as soon as OpenAI tells that a batch has ended',
		defaults: { name: 'OpenAI Batch Webhook Trigger' },
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'openAiBatchApi', required: true }],
		webhooks: [
			{
				name: 'default',
				httpMethod: 'POST',
				responseMode: 'onReceived',
				// Of its choices only this one makes n8n look at the answer of `webhook`: see started.ts.
				responseData: '',
				path: 'webhook',
			},
		],
		properties,
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
