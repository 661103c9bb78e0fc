import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import { ANY_OUTCOME, ENDINGS } from '../batchEvents/batchEvent';
import {
	eventsField,
	expiredNotice,
	filtersField,
	simplifyField,
} from '../batchEvents/event.properties';
import { SUBMISSION_FINISHED } from '../batchEvents/submissionEvent';

/** The events that OpenAI sends webhooks for. The polling trigger knows more. */
const WEBHOOK_EVENTS: readonly string[] = [ANY_OUTCOME, ...ENDINGS, SUBMISSION_FINISHED];

export const webhookProperties: INodeProperties[] = [
	{
		displayName: 'Registration',
		name: 'registration',
		type: 'options',
		options: [
			{
				name: 'Automatic',
				value: 'automatic',
				description:
					'Publishing the workflow registers the address of this node with OpenAI, and unpublishing removes it',
			},
			{
				name: 'Manual',
				value: 'manual',
				description: 'You register the address and paste the signing secret into the credential',
			},
		],
		default: 'automatic',
		description: 'How OpenAI learns the address of this node',
	},
	{
		displayName:
			'Open the <a href="https://platform.openai.com/settings/project/webhooks" target="_blank">webhook settings</a> of your OpenAI project and register the Production URL above for the events below; Any Outcome and Submission Finished need all four endings: batch.completed, batch.failed, batch.expired and batch.cancelled. Then paste the signing secret (whsec_…) that OpenAI shows you into the credential, under Webhook Signing Secret.',
		name: 'manualNotice',
		type: 'notice',
		displayOptions: { show: { registration: ['manual'] } },
		default: '',
	},
	{
		...eventsField,
		options: (eventsField.options as INodePropertyOptions[]).filter(({ value }) =>
			WEBHOOK_EVENTS.includes(String(value)),
		),
	},
	expiredNotice,
	{
		...filtersField,
		options: (filtersField.options as INodeProperties[]).filter(({ name }) => name !== 'batchIds'),
	},
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [simplifyField],
	},
];
