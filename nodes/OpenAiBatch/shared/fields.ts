import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { MAX_EXPIRY_HOURS, MIN_EXPIRY_HOURS } from '../../openai/api/files';
import { idProblem } from '../../openai/http/url';

function idLocator(
	name: string,
	displayName: string,
	placeholder: string,
	searchListMethod: string,
): INodeProperties {
	return {
		displayName,
		name,
		type: 'resourceLocator',
		default: { mode: 'list', value: '' },
		required: true,
		modes: [
			{
				displayName: 'From List',
				name: 'list',
				type: 'list',
				typeOptions: { searchListMethod, searchable: true },
			},
			{ displayName: 'By ID', name: 'id', type: 'string', placeholder },
		],
	};
}

/** As it comes from the trigger, Submit or Upload. */
const ID_OF_ITEM = { mode: 'id', value: '={{ $json.id }}' };

/** A batch that has to be chosen, since what is done to it cannot be undone. */
export const chosenBatchField: INodeProperties = idLocator(
	'batchId',
	'Batch',
	'e.g. batch_6abc00d919e081908a2139a6f0445973',
	'searchBatches',
);

/** The batch of the item, unless another one is chosen. */
export const batchIdField: INodeProperties = { ...chosenBatchField, default: ID_OF_ITEM };

/** A file that has to be chosen. */
export const chosenFileField: INodeProperties = idLocator(
	'fileId',
	'File',
	'e.g. file-V7XpECC2hkGU5DSKJpNEDr',
	'searchFiles',
);

/** The file of the item, unless another one is chosen. */
export const fileIdField: INodeProperties = { ...chosenFileField, default: ID_OF_ITEM };

/**
 * The id chosen in a locator, or given as plain text.
 *
 * @throws {NodeOperationError} before any request for what could not be an id
 */
export function idParameter(
	context: IExecuteFunctions,
	name: 'batchId' | 'fileId',
	itemIndex: number,
): string {
	const value: unknown = context.getNodeParameter(name, itemIndex, '', { extractValue: true });
	const id = typeof value === 'string' ? value.trim() : '';
	const problem = typeof value === 'string' ? idProblem(id) : 'it is not text';
	if (problem === undefined) return id;
	const kind = name === 'batchId' ? 'batch' : 'file';
	throw new NodeOperationError(context.getNode(), `This is not the id of a ${kind}: ${problem}`, {
		itemIndex,
		description: `Choose a ${kind} from the list, or enter an id such as ${kind === 'batch' ? 'batch_…' : 'file-…'}.`,
	});
}

export const returnAllFields: INodeProperties[] = [
	{
		displayName: 'Return All',
		name: 'returnAll',
		type: 'boolean',
		default: false,
		description: 'Whether to return all results or only up to a given limit',
	},
	{
		displayName: 'Limit',
		name: 'limit',
		type: 'number',
		displayOptions: { show: { returnAll: [false] } },
		typeOptions: { minValue: 1 },
		default: 50,
		description: 'Max number of results to return',
	},
];

/** How many entries the user wants. @throws {NodeOperationError} for a limit that is no count */
export function wantedCount(context: IExecuteFunctions, itemIndex: number): number {
	if (context.getNodeParameter('returnAll', itemIndex, false) === true) return Infinity;
	const limit = Number(context.getNodeParameter('limit', itemIndex));
	if (Number.isInteger(limit) && limit >= 1) return limit;
	throw new NodeOperationError(
		context.getNode(),
		'The limit has to be a whole number of at least 1',
		{ itemIndex },
	);
}

/** An optional lifetime, in hours in the panel and in seconds on the wire. */
export function expiryField(
	name: string,
	displayName: string,
	description: string,
): INodeProperties {
	return {
		displayName,
		name,
		type: 'number',
		typeOptions: { minValue: MIN_EXPIRY_HOURS, maxValue: MAX_EXPIRY_HOURS },
		default: 168,
		description,
	};
}

export const inputExpiryField = expiryField(
	'inputExpiresAfter',
	'Input File Expires After (Hours)',
	'How long the service keeps the uploaded requests; without it 30 days. Once they are gone, nothing of the batch can be retried. A day or less may end before the batch has run.',
);

export const outputExpiryField = expiryField(
	'outputExpiresAfter',
	'Output Files Expire After (Hours)',
	'How long the service keeps the results, counted from the creation of the batch; without it 30 days',
);

/**
 * The lifetime in seconds, undefined when it was not set.
 *
 * @throws {NodeOperationError} outside of 1–720 hours
 */
export function expirySeconds(
	context: IExecuteFunctions,
	hours: unknown,
	displayName: string,
	itemIndex: number,
): number | undefined {
	if (hours === undefined || hours === null || hours === '') return undefined;
	const value = Number(hours);
	if (value >= MIN_EXPIRY_HOURS && value <= MAX_EXPIRY_HOURS) return Math.round(value * 3600);
	throw new NodeOperationError(
		context.getNode(),
		`${displayName} has to be between ${MIN_EXPIRY_HOURS} and ${MAX_EXPIRY_HOURS} hours`,
		{ itemIndex },
	);
}

/** Key and value pairs that the API stores with a batch. */
export const metadataField: INodeProperties = {
	displayName: 'Metadata',
	name: 'metadata',
	type: 'fixedCollection',
	typeOptions: { multipleValues: true },
	default: {},
	placeholder: 'Add Pair',
	description:
		'Stored with the batch, to filter by later. OpenAI keeps 16 pairs, of which this node needs two.',
	options: [
		{
			displayName: 'Pair',
			name: 'pairs',
			values: [
				{ displayName: 'Key', name: 'key', type: 'string', default: '' },
				{ displayName: 'Value', name: 'value', type: 'string', default: '' },
			],
		},
	],
};

export const completionWindowField: INodeProperties = {
	displayName: 'Completion Window',
	name: 'completionWindow',
	type: 'string',
	default: '24h',
	placeholder: 'e.g. 24h',
	description: 'OpenAI has 24h only; some compatible servers have longer ones, such as 7d',
};
