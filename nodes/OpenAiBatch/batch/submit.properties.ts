import type { INodeProperties } from 'n8n-workflow';
import { MAX_BYTES, MAX_REQUESTS } from '../../jsonl/limits';
import { completionWindowField, endpointFields, expiryField, metadataField } from '../fields';
import { requestFields } from '../requests/fields';

/** The fields of Submit, by the order in which they are needed. */
export const submitProperties: INodeProperties[] = [
	...endpointFields,
	...requestFields,
	metadataField,
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [
			completionWindowField,
			{
				displayName: 'Dry Run',
				name: 'dryRun',
				type: 'boolean',
				default: false,
				description:
					'Whether to only show what would be submitted, with an estimate of tokens and cost, and create nothing',
			},
			{
				displayName: 'File Name',
				name: 'fileName',
				type: 'string',
				default: '',
				placeholder: 'e.g. films',
				description: 'The beginning of the name of the uploaded files',
			},
			expiryField(
				'inputExpiresAfter',
				'Input File Expires After (Hours)',
				'How long the service keeps the uploaded requests. Without it they are kept for 30 days.',
			),
			{
				displayName: 'Input Price per Million Tokens',
				name: 'inputPricePerMillion',
				type: 'number',
				typeOptions: { numberPrecision: 4, minValue: 0 },
				default: 0,
				description: 'Without the batch discount; for the estimate of a dry run',
			},
			{
				displayName: 'Max Bytes per Batch',
				name: 'maxBytesPerBatch',
				type: 'number',
				typeOptions: { minValue: 1 },
				default: MAX_BYTES,
				description: 'Larger submissions become several batches',
			},
			{
				displayName: 'Max Requests per Batch',
				name: 'maxRequestsPerBatch',
				type: 'number',
				typeOptions: { minValue: 1 },
				default: MAX_REQUESTS,
				description: 'Larger submissions become several batches',
			},
			{
				displayName: 'Max Tokens per Batch',
				name: 'maxTokensPerBatch',
				type: 'number',
				typeOptions: { minValue: 1 },
				default: 2000000,
				description:
					'Cut by estimated tokens too, to stay below the enqueued token limit of your organization',
			},
			expiryField(
				'outputExpiresAfter',
				'Output Files Expire After (Hours)',
				'How long the service keeps the results. Without it they are kept for 30 days.',
			),
			{
				displayName: 'Output Price per Million Tokens',
				name: 'outputPricePerMillion',
				type: 'number',
				typeOptions: { numberPrecision: 4, minValue: 0 },
				default: 0,
				description: 'Without the batch discount; for the estimate of a dry run',
			},
			{
				displayName: 'Submission Key',
				name: 'submissionKey',
				type: 'string',
				default: '',
				placeholder: 'e.g. films-{{ $today.toISODate() }}',
				description:
					'The same content under the same key is submitted once in seven days, also over several executions. Without a key, once in an execution: running the workflow again pays again.',
			},
		],
	},
];
