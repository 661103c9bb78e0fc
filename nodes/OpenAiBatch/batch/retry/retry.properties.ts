import type { INodeProperties } from 'n8n-workflow';
import {
	createWithoutSearchField,
	inputExpiryField,
	outputExpiryField,
	submissionKeyField,
} from '../../shared/batchOptions';
import { batchIdField, metadataField, optionsField } from '../../shared/fields';

/** The fields of Retry Unfinished. */
export const retryProperties: INodeProperties[] = [
	batchIdField,
	{
		...metadataField,
		description:
			'Stored with the new batch besides the pairs of the original one. OpenAI keeps 16 pairs, of which this node needs three.',
	},
	{
		...optionsField,
		options: [
			createWithoutSearchField,
			{
				displayName: 'Include',
				name: 'include',
				type: 'multiOptions',
				options: [
					{
						name: 'Cancelled',
						value: 'cancelled',
						description: 'Did not run; leave it out where batches are cancelled to save money',
					},
					{ name: 'Expired', value: 'expired', description: 'Did not run in time' },
					{
						name: 'Failed',
						value: 'failed',
						description: 'Failed for a transient reason, such as a rate limit or a server error',
					},
					{
						name: 'Missing',
						value: 'missing',
						description: 'Has no result; it may have run and been charged all the same',
					},
				],
				default: ['failed', 'expired', 'cancelled', 'missing'],
				description: 'Which requests to run again, by what became of them',
			},
			inputExpiryField,
			outputExpiryField,
			{
				displayName: 'Retry All Failed',
				name: 'retryAllFailed',
				type: 'boolean',
				default: true,
				description:
					'Whether to run failed requests again whatever their error, for example after adding credit or gaining access to a model',
			},
			{
				displayName: 'Retry Unreadable',
				name: 'retryUnreadable',
				type: 'boolean',
				default: true,
				description:
					'Whether to run requests again that may have an answer which this node cannot read. Without this option the operation stops with an error when the results do not match the counts of the batch, because the requests would be charged twice.',
			},
			submissionKeyField(
				'e.g. retry-films-2026-11-22',
				'The same requests under the same key run again once in seven days, also over several executions. Without a key, once in an execution: running the workflow again pays again.',
			),
		],
	},
];
