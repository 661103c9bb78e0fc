import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { idProblem, otherKind } from '../../openai/client';

/** Which value is read, for the error about it. */
export interface ValueName {
	/** As the panel shows it. */
	displayName: string;
	itemIndex: number;
}

/** Whether the user left the value out, or an expression returned nothing. */
export const isUnset = (value: unknown) =>
	value === undefined || value === null || (typeof value === 'string' && value.trim() === '');

/**
 * A whole number from the panel or an expression; undefined when it is not set.
 *
 * @throws {NodeOperationError} for anything else, and for a number below `min`
 */
export function wholeNumber(
	context: IExecuteFunctions,
	value: unknown,
	{ displayName, itemIndex, min }: ValueName & { min: number },
): number | undefined {
	if (isUnset(value)) return undefined;
	const number = typeof value === 'string' ? Number(value) : value;
	if (typeof number === 'number' && Number.isInteger(number) && number >= min) return number;
	throw new NodeOperationError(
		context.getNode(),
		`${displayName} has to be a whole number of at least ${min}`,
		{ itemIndex },
	);
}

/**
 * Text from the panel or an expression, without spaces around it; undefined when it is empty.
 * Numbers and booleans become text.
 *
 * @throws {NodeOperationError} for a list or an object
 */
export function optionalText(
	context: IExecuteFunctions,
	value: unknown,
	{ displayName, itemIndex }: ValueName,
): string | undefined {
	if (isUnset(value)) return undefined;
	if (typeof value !== 'object') return String(value).trim();
	throw new NodeOperationError(context.getNode(), `${displayName} has to be text`, {
		itemIndex,
		description: 'The expression returned a list or an object.',
	});
}

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

/** Where an operation has what is rarely set; `options` are added to it. */
export const optionsField = {
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
} satisfies INodeProperties;

/** The id in an item of the trigger, Submit or Upload. */
const ID_OF_ITEM = { mode: 'id', value: '={{ $json.id }}' };

const batchLocator = (searchListMethod: string) =>
	idLocator('batchId', 'Batch', 'e.g. batch_6abc00d919e081908a2139a6f0445973', searchListMethod);

/**
 * A batch that the user has to choose, since a cancellation cannot be undone. The list has only those
 * that can be cancelled.
 */
export const runningBatchField: INodeProperties = batchLocator('searchRunningBatches');

/** The batch of the item, unless the user chooses another one. */
export const batchIdField: INodeProperties = {
	...batchLocator('searchBatches'),
	default: ID_OF_ITEM,
};

const fileLocator = (searchListMethod: string) =>
	idLocator('fileId', 'File', 'e.g. file-V7XpECC2hkGU5DSKJpNEDr', searchListMethod);

/** A file that the user has to choose. */
export const chosenFileField: INodeProperties = fileLocator('searchFiles');

/** The file of the item, unless the user chooses another one. */
export const fileIdField: INodeProperties = { ...chosenFileField, default: ID_OF_ITEM };

/** As `fileIdField`, where only a file of requests is of use. */
export const inputFileIdField: INodeProperties = {
	...fileLocator('searchInputFiles'),
	default: ID_OF_ITEM,
};

/** What to do about an id of the other kind. */
const ADVICE_FOR_OTHER = {
	batch: 'Submit and Create return the id of a batch; Upload returns that of a file.',
	file: 'A batch has its files in input_file_id, output_file_id and error_file_id.',
} as const;

/** Where an expression finds the id. */
const ADVICE_FOR_EMPTY = {
	batch:
		'The items of Submit, Wait for Completion and the triggers have it in id, those of Get Results in batch_id.',
	file: `The items of Upload have it in id. ${ADVICE_FOR_OTHER.file}`,
} as const;

/**
 * The id chosen in a locator, or given as plain text.
 *
 * @throws {NodeOperationError} for what cannot be an id, before any request
 */
export function idParameter(
	context: IExecuteFunctions,
	name: 'batchId' | 'fileId',
	itemIndex: number,
): string {
	const value: unknown = context.getNodeParameter(name, itemIndex, '', { extractValue: true });
	const isText = typeof value === 'string';
	const id = isText ? value.trim() : '';
	const kind = name === 'batchId' ? 'batch' : 'file';
	const isOther = otherKind(id, kind);
	// An expression on a field that the item does not have returns undefined.
	const isEmpty = id === '' && (isText || value === undefined || value === null);
	const problem = isText || isEmpty ? (idProblem(id) ?? isOther) : 'it is not text';
	if (problem === undefined) return id;
	const advice = [
		`Choose a ${kind} from the list, or enter an id such as ${kind === 'batch' ? 'batch_…' : 'file-…'}.`,
		...(isOther ? [ADVICE_FOR_OTHER[kind]] : []),
		...(isEmpty ? [ADVICE_FOR_EMPTY[kind]] : []),
	];
	throw new NodeOperationError(context.getNode(), `This is not the id of a ${kind}: ${problem}`, {
		itemIndex,
		description: advice.join(' '),
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

/**
 * How many entries to return, by the fields above.
 *
 * @throws {NodeOperationError} for a limit that is not a whole number of at least 1
 */
export function wantedCount(context: IExecuteFunctions, itemIndex: number): number {
	if (context.getNodeParameter('returnAll', itemIndex, false) === true) return Infinity;
	const value = context.getNodeParameter('limit', itemIndex);
	const limit = wholeNumber(context, value, { displayName: 'Limit', min: 1, itemIndex });
	if (limit !== undefined) return limit;
	throw new NodeOperationError(context.getNode(), 'Limit is empty', {
		itemIndex,
		description: 'Enter a whole number of at least 1, or turn on Return All.',
	});
}

/** Key-value pairs that the API stores with a batch. */
export const metadataField: INodeProperties = {
	displayName: 'Metadata',
	name: 'metadata',
	type: 'fixedCollection',
	typeOptions: { multipleValues: true },
	default: {},
	placeholder: 'Add Pair',
	description:
		'Key-value pairs to store with the batch. You can filter batches by them later. OpenAI stores 16 pairs. This node uses two of them, and one more each with Keep Fields and Max Enqueued Tokens.',
	options: [
		{
			displayName: 'Pair',
			name: 'pairs',
			values: [
				{
					displayName: 'Key',
					name: 'key',
					type: 'string',
					default: '',
					placeholder: 'e.g. job',
				},
				{
					displayName: 'Value',
					name: 'value',
					type: 'string',
					default: '',
					placeholder: 'e.g. films',
				},
			],
		},
	],
};
