import type { INodeProperties } from 'n8n-workflow';
import { batchIdField } from '../../shared/fields';

/** The fields of Wait for Completion. */
export const waitProperties: INodeProperties[] = [
	{
		displayName:
			'The execution stays open while this step waits. For batches that take long, start a workflow with the OpenAI Batch Trigger instead: it fires when a batch is finished.',
		name: 'waitNotice',
		type: 'notice',
		default: '',
	},
	batchIdField,
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [
			{
				displayName: 'Max Wait (Minutes)',
				name: 'maxWait',
				type: 'number',
				typeOptions: { minValue: 0 },
				default: 60,
				description: 'How long to wait at most; a limit of n8n on executions may end it before',
			},
			{
				displayName: 'On Timeout',
				name: 'onTimeout',
				type: 'options',
				options: [
					{
						name: 'Continue',
						value: 'continue',
						description: 'Return the batch as it is then',
					},
					{ name: 'Error', value: 'error', description: 'Stop with an error' },
				],
				default: 'error',
				description: 'What to do when the batch is not finished in time',
			},
			{
				displayName: 'Poll Interval (Seconds)',
				name: 'pollInterval',
				type: 'number',
				typeOptions: { minValue: 1 },
				default: 30,
				description: 'The longest time between two looks; the first ones follow sooner',
			},
		],
	},
];
