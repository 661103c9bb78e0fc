import type { INodeProperties } from 'n8n-workflow';

/** The options of Get Results. Without any, all results come as simple items. */
export const getResultsOptions: INodeProperties = {
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
				'Whether to delete the input, output and error files after reading them. The results then exist only in this execution.',
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
				{ name: 'Succeeded', value: 'succeeded' },
			],
			default: ['succeeded', 'failed', 'expired', 'cancelled', 'missing'],
			description: 'Which requests to return, by what became of them',
		},
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
			description: 'How many results to skip, in the order of the result files',
		},
		{
			displayName: 'Parse JSON',
			name: 'parseJson',
			type: 'boolean',
			default: true,
			description:
				'Whether to turn content that is JSON into fields, for structured output. Content that is not stays text, with the reason in parse_error.',
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
