import type { INodeProperties } from 'n8n-workflow';
import { MAX_BYTES, MAX_REQUESTS } from '../../../jsonl/batchLimits';
import {
	completionWindowField,
	inputExpiryField,
	outputExpiryField,
} from '../../shared/batchOptions';
import { metadataField } from '../../shared/fields';
import { createWithoutSearchField, submissionKeyField } from '../submission.properties';
import { endpointFields } from '../../requests/endpointField';
import { inputPriceField, outputPriceField } from '../../shared/prices';
import { requestFields } from '../../requests/request.properties';

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
			createWithoutSearchField,
			{
				displayName: 'Dry Run',
				name: 'dryRun',
				type: 'boolean',
				default: true,
				description:
					'Whether to only show what would be submitted and create nothing. Tokens of the input are estimated from the text. The output counts only with Max Tokens, as if every answer used all of them. The cost needs both prices, and is an estimate too: cached input, which is cheaper, is known only after the run.',
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
					'Cut by estimated tokens too, to keep each batch below the enqueued token limit of its model. All waiting batches count together, so later ones may still fail: Retry Unfinished creates them again.',
			},
			outputExpiryField,
			{ ...outputPriceField, description: PRICE_DESCRIPTION },
			submissionKeyField(
				'e.g. films-2026-11',
				'The same content under the same key is submitted once in seven days, also over several executions: the batch that exists is returned. Changed content is new. Without a key, content is submitted once in an execution: running the workflow again pays again.',
			),
		],
	},
];
