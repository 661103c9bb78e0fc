import type { INodeProperties } from 'n8n-workflow';
import { MAX_BYTES, MAX_REQUESTS } from '../../jsonl/limits';
import {
	completionWindowField,
	endpointFields,
	inputExpiryField,
	outputExpiryField,
	metadataField,
} from '../fields';
import { inputPriceField, outputPriceField } from '../prices';
import { requestFields } from '../requests/fields';

const PRICE_DESCRIPTION = 'Without the batch discount; for the estimate of a dry run';

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
			inputExpiryField,
			{ ...inputPriceField, description: PRICE_DESCRIPTION },
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
			outputExpiryField,
			{ ...outputPriceField, description: PRICE_DESCRIPTION },
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
