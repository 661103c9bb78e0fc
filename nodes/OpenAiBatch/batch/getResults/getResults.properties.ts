import type { INodeProperties } from 'n8n-workflow';
import { inputPriceField, outputPriceField } from '../../shared/prices';

/** The options of Get Results. Without any, all results come as simple items. */
export const getResultsProperties: INodeProperties = {
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [
		{
			displayName: 'Delete Files',
			name: 'deleteFiles',
			type: 'boolean',
			default: false,
			description:
				'Whether to delete the input, output and error files after reading them. The results then exist only in this execution, and are lost if a later step fails. Requests that did not succeed cannot be retried.',
		},
		{
			displayName: 'Follow Retries',
			name: 'followRetries',
			type: 'boolean',
			default: true,
			description:
				'Whether to collect the results of the whole chain of retries that this batch belongs to. The latest result of each request counts, and one that succeeded is kept. While a retry still runs this is an error.',
		},
		{
			displayName: 'Images as Binary',
			name: 'imagesAsBinary',
			type: 'boolean',
			default: true,
			description:
				'Whether to put generated images into binary fields: image, image_2 and so on. Otherwise content has them as base64 text, which makes for very large items.',
		},
		{
			displayName: 'Include Request',
			name: 'includeRequest',
			type: 'boolean',
			default: false,
			description: 'Whether to add the body of the original request to each result',
		},
		{
			displayName: 'Include Statuses',
			name: 'include',
			type: 'multiOptions',
			options: [
				{
					name: 'Cancelled',
					value: 'cancelled',
					description: 'Did not run: the batch was cancelled before',
				},
				{
					name: 'Expired',
					value: 'expired',
					description: 'Did not run within the completion window',
				},
				{ name: 'Failed', value: 'failed', description: 'Ran, and the endpoint answered an error' },
				{
					name: 'Missing',
					value: 'missing',
					description: 'Is in the input file, but in neither result file',
				},
				{
					name: 'Succeeded',
					value: 'succeeded',
					description: 'Ran, and has an answer, also one cut off at the token limit',
				},
			],
			default: ['succeeded', 'failed', 'expired', 'cancelled', 'missing'],
			description: 'Which requests to return, by what became of them',
		},
		inputPriceField,
		{
			displayName: 'Limit',
			name: 'limit',
			type: 'number',
			typeOptions: { minValue: 1 },
			default: 50,
			description: 'Max number of results to return',
		},
		{
			displayName: 'Offset',
			name: 'offset',
			type: 'number',
			typeOptions: { minValue: 0 },
			default: 0,
			description:
				'How many results to skip, in the order of the result files; missing ones come last',
		},
		outputPriceField,
		{
			displayName: 'Parse JSON',
			name: 'parseJson',
			type: 'boolean',
			default: true,
			description:
				'Whether to parse content that is JSON, so that its fields can be used as content.name. Content that is not JSON stays text, with the reason in parse_error.',
		},
		{
			displayName: 'Simplify',
			name: 'simplify',
			type: 'boolean',
			default: true,
			description: 'Whether to leave out the raw line of the result file',
		},
	],
};
