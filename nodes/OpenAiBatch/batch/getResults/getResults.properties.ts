import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { Separator } from '../../../jsonl/lines';
import { outputBinaryField } from '../../shared/binary';
import { optionsField } from '../../shared/fields';
import { cachedInputPriceField, inputPriceField, outputPriceField } from '../../shared/prices';

/** How the results are returned. */
export type ReturnAs = 'items' | 'jsonl' | 'csv';

const RETURN_AS: ReadonlyArray<{ name: string; value: ReturnAs; description: string }> = [
	{
		name: 'Items',
		value: 'items',
		description: 'One item for each request. All of them are in memory at the same time.',
	},
	{
		name: 'JSONL File',
		value: 'jsonl',
		description: 'One file with a line for each request, as the item would be',
	},
	{
		name: 'CSV File',
		value: 'csv',
		description: 'One file with a row for each request, for a spreadsheet or a database',
	},
];

const returnAsField: INodeProperties = {
	displayName: 'Return As',
	name: 'returnAs',
	type: 'options',
	options: [...RETURN_AS],
	default: 'items',
	description:
		'Whether to return an item for each request or one file. A file needs little memory, however many results there are: choose one for more than about 20,000 requests.',
};

/** How the results are returned. @throws {NodeOperationError} for a value that is not in the list */
export function returnAsParameter(context: IExecuteFunctions, itemIndex: number): ReturnAs {
	const value = context.getNodeParameter('returnAs', itemIndex, 'items');
	const known = RETURN_AS.find((one) => one.value === value);
	if (known) return known.value;
	throw new NodeOperationError(context.getNode(), 'Return As has to be items, jsonl or csv', {
		itemIndex,
	});
}

const SEPARATORS_OF_RESULTS: ReadonlyArray<{ name: string; value: Separator }> = [
	{ name: 'Comma', value: ',' },
	{ name: 'Semicolon', value: ';' },
	{ name: 'Tab', value: '\t' },
];

/** What separates the cells. @throws {NodeOperationError} for a value that is not in the list */
export function separatorOption(
	context: IExecuteFunctions,
	value: unknown,
	itemIndex: number,
): Separator {
	const known = SEPARATORS_OF_RESULTS.find((one) => one.value === (value ?? ','));
	if (known) return known.value;
	throw new NodeOperationError(
		context.getNode(),
		'Separator has to be a comma, a semicolon or a tab',
		{ itemIndex },
	);
}

const showForFormats = (...formats: ReturnAs[]) => ({ show: { '/returnAs': formats } });

/** The options of Get Results. Without any, all results are returned as simple items. */
const getResultsOptionsField: INodeProperties = {
	...optionsField,
	options: [
		{
			displayName: 'Add Byte Order Mark',
			name: 'byteOrderMark',
			type: 'boolean',
			default: true,
			displayOptions: showForFormats('csv'),
			description:
				'Whether the file begins with a byte order mark, by which Excel knows that it is UTF-8. Without it, Excel may show other characters in place of accents and umlauts.',
		},
		cachedInputPriceField,
		{
			displayName: 'Parse JSON',
			name: 'parseJson',
			type: 'boolean',
			default: true,
			description:
				'Whether to parse content that is JSON, so that you can use its fields, such as content.name. Each choice of an answer with several choices is parsed. Content that is not JSON stays text, and parse_error says why.',
		},
		{
			displayName: 'Delete Files',
			name: 'deleteFiles',
			type: 'boolean',
			default: false,
			description:
				'Whether to delete the input, output and error files, and the kept rows, after reading them. The results then exist only in this execution: if a later step fails, they are lost. Requests that did not succeed can no longer be retried, and a batch that was retried and its retries have the same kept rows.',
		},
		{
			displayName: 'Escape Formulas',
			name: 'escapeFormulas',
			type: 'boolean',
			default: true,
			displayOptions: showForFormats('csv'),
			description:
				'Whether to put an apostrophe before text that a spreadsheet would run as a formula: text that begins with =, +, -, @, a tab or a line break. Numbers stay as they are. Turn it off when a program reads the file, and not a spreadsheet.',
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
			displayOptions: showForFormats('items', 'jsonl'),
			description: 'Whether to add the body of the original request to each result',
		},
		{
			displayName: 'Include Row',
			name: 'includeRow',
			type: 'boolean',
			default: true,
			description:
				'Whether to add to each result the fields of its row that Submit has kept (Keep Fields): as row, or as the first columns of a CSV file. Input Order then puts the results in the order of the rows.',
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
		{
			displayName: 'Input Order',
			name: 'inputOrder',
			type: 'boolean',
			default: true,
			displayOptions: { show: { includeRow: [true] } },
			description:
				'Whether to return the results in the order of the rows that were submitted. Otherwise they come in the order of the result files, which is any order. Results without a row come last.',
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
			displayOptions: showForFormats('items'),
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
			displayName: 'Separator',
			name: 'separator',
			type: 'options',
			options: SEPARATORS_OF_RESULTS.map(({ name, value }) => ({ name, value })),
			default: ',',
			displayOptions: showForFormats('csv'),
			description:
				'What separates the cells. Excel expects semicolons in countries that write decimals with a comma.',
		},
		{
			displayName: 'Simplify',
			name: 'simplify',
			type: 'boolean',
			default: true,
			displayOptions: showForFormats('items', 'jsonl'),
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

/** The fields of Get Results, beside the batch. */
export const getResultsProperties: INodeProperties[] = [
	returnAsField,
	{ ...outputBinaryField, displayOptions: { show: { returnAs: ['jsonl', 'csv'] } } },
	getResultsOptionsField,
];
