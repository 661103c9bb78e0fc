import type { INodeProperties } from 'n8n-workflow';
import { optionsField } from '../../shared/fields';
import { cachedInputPriceField, inputPriceField, outputPriceField } from '../../shared/prices';

/** The options of Get Results. Without any, all results are returned as simple items. */
export const getResultsProperties: INodeProperties = {
	...optionsField,
	options: [
		cachedInputPriceField,
		{
			displayName: 'Delete Files',
			name: 'deleteFiles',
			type: 'boolean',
			default: false,
			description:
				'Whether to delete the input, output and error files after reading them. The results then exist only in this execution: if a later step fails, they are lost. Requests that did not succeed can no longer be retried.',
		},
		{
			displayName: 'Follow Retries',
			name: 'followRetries',
			type: 'boolean',
			default: true,
			description:
				'Whether to return the results of the original batch and of all its retries together, whichever of them you choose. For each request the newest success counts, or the newest result where none succeeded, and attempts says how many batches ran it. If a retry is not finished, the operation stops with an error.',
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
					description: 'The request did not run, because the batch was cancelled',
				},
				{
					name: 'Expired',
					value: 'expired',
					description: 'The request did not run within the completion window',
				},
				{
					name: 'Failed',
					value: 'failed',
					description: 'The request ended with an error',
				},
				{
					name: 'Missing',
					value: 'missing',
					description: 'The request is in the input file, but has no result',
				},
				{
					name: 'Succeeded',
					value: 'succeeded',
					description: 'The request has an answer, even one that was cut off at the token limit',
				},
			],
			default: ['succeeded', 'failed', 'expired', 'cancelled', 'missing'],
			description: 'Return only requests with these statuses',
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
			displayName: 'Media as Binary',
			name: 'mediaAsBinary',
			type: 'boolean',
			default: true,
			description:
				'Whether to put images and audio that the model generated into binary fields: image, image_2, audio and so on. Otherwise the item contains them as base64 text, which makes it very large.',
		},
		{
			displayName: 'Offset',
			name: 'offset',
			type: 'number',
			typeOptions: { minValue: 0 },
			default: 0,
			description:
				'How many results to skip, in the order of the result files. Missing requests come last.',
		},
		outputPriceField,
		{
			displayName: 'Parse JSON',
			name: 'parseJson',
			type: 'boolean',
			default: true,
			description:
				'Whether to parse content that is JSON, so that you can use its fields, such as content.name. Each choice of an answer with several choices is parsed. Content that is not JSON stays text, and parse_error says why.',
		},
		{
			displayName: 'Simplify',
			name: 'simplify',
			type: 'boolean',
			default: true,
			description:
				'Whether to leave out the original line of the result file. When turned off, it is returned in the field response.',
		},
		{
			displayName: 'Whole Submission',
			name: 'wholeSubmission',
			type: 'boolean',
			default: true,
			description:
				'Whether to return the results of all parts of the submission that the batch belongs to, with all their retries, in the order of the parts. When several batches of one submission come as items, they are returned once. If a part is not finished, or has no batch, the operation stops with an error.',
		},
	],
};
