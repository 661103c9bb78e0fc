import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import { events, expiredNotice, filters, simplify } from '../batchEvents/event.properties';

/** What OpenAI tells by webhook, other than what the polling trigger finds out. */
const TOLD = ['cancelled', 'completed', 'expired', 'failed'];

export const properties: INodeProperties[] = [
	{
		displayName: 'Registration',
		name: 'registration',
		type: 'options',
		options: [
			{
				name: 'Automatic',
				value: 'automatic',
				description:
					'Publishing the workflow registers its address at OpenAI, unpublishing removes it',
			},
			{
				name: 'Manual',
				value: 'manual',
				description: 'You register the address, and paste the signing secret into the credential',
			},
		],
		default: 'automatic',
		description: 'How OpenAI comes to know the address of this node',
	},
	{
		displayName:
			'In the <a href="https://platform.openai.com/settings/project/webhooks" target="_blank">webhook settings</a> of your OpenAI project, register the Production URL above for the events below. Paste the signing secret that you get (whsec_…) into the credential, under Webhook Signing Secret.',
		name: 'manualNotice',
		type: 'notice',
		displayOptions: { show: { registration: ['manual'] } },
		default: '',
	},
	{
		...events,
		options: (events.options as INodePropertyOptions[]).filter(({ value }) =>
			TOLD.includes(String(value)),
		),
		default: TOLD,
	},
	expiredNotice,
	{
		...filters,
		options: (filters.options as INodeProperties[]).filter(({ name }) => name !== 'batchIds'),
	},
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [simplify],
	},
];
