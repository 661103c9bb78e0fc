import type { INodeProperties, INodePropertyCollection } from 'n8n-workflow';
import { endpointValues } from './fieldValues';
import { requestOptionsField } from './requestOptions';
import { inputBinaryField } from '../shared/binary';
import { DEFAULT_MODEL } from '../../endpoints';

const withMessages = endpointValues(({ takesMessages }) => takesMessages === true);
const withoutText = endpointValues(({ takesAttachmentsAlone }) => takesAttachmentsAlone === true);
const withText = endpointValues(({ takesAttachmentsAlone }) => takesAttachmentsAlone !== true);

/** The sources for which the panel has the fields of a request. */
const FROM_FIELDS = ['fields', 'rowsFile'];

/** The custom id that the panel starts with, of an item and of a row. */
export const ITEM_ID = '=item-{{ $itemIndex }}';
export const ROW_ID = 'line-{$line}';

const promptField: INodeProperties = {
	displayName: 'Prompt',
	name: 'prompt',
	type: 'string',
	typeOptions: { rows: 4 },
	default: '',
	required: true,
};

/** What the model gets: a text, or for the endpoints that take them, messages. */
const promptFields: INodeProperties[] = [
	{
		displayName: 'Prompt As',
		name: 'promptType',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { requestSource: FROM_FIELDS, endpoint: withMessages } },
		options: [
			{ name: 'Text', value: 'text', description: 'One user message' },
			{
				name: 'Messages',
				value: 'messages',
				description: 'Several messages, for example questions with the answers that you expect',
			},
		],
		default: 'text',
		description: 'Whether each request has one message or several',
	},
	{
		...promptField,
		displayOptions: {
			// n8n shows a field as soon as it comes to an expression, so the endpoint is the last.
			show: { requestSource: FROM_FIELDS, promptType: ['text'], endpoint: withMessages },
		},
		placeholder: 'e.g. Which genre is the film {{ $json.title }}? (Rows File: {title})',
		description:
			'The message for the model. It is sent once for each item or row. Insert fields of the item as expressions, and columns of a Rows File in braces: {title}.',
	},
	{
		...promptField,
		displayOptions: {
			show: { requestSource: FROM_FIELDS },
			// For an expression, the field above is shown.
			hide: { endpoint: [...withMessages, ...withoutText, { _cnd: { startsWith: '=' } }] },
		},
		placeholder: 'e.g. {{ $json.text }} (Rows File: {text})',
		description:
			'The text to embed or to continue, or the description of the image. It is sent once for each item or row. Insert fields of the item as expressions, and columns of a Rows File in braces: {title}.',
	},
	{
		...promptField,
		required: false,
		displayOptions: {
			show: { requestSource: FROM_FIELDS },
			hide: { endpoint: [...withText, { _cnd: { startsWith: '=' } }] },
		},
		placeholder: 'e.g. {{ $json.text }} (Rows File: {text})',
		description:
			'The text to moderate. It may be empty when an image is attached. Insert fields of the item as expressions, and columns of a Rows File in braces: {text}.',
	},
	{
		displayName: 'Messages',
		name: 'messages',
		type: 'fixedCollection',
		typeOptions: { multipleValues: true, sortable: true },
		displayOptions: {
			show: { requestSource: FROM_FIELDS, promptType: ['messages'], endpoint: withMessages },
		},
		placeholder: 'Add Message',
		default: { values: [{ role: 'user', content: '' }] },
		description:
			'The messages of each request, in this order. The last one is usually the question about the item. Put pairs of a user and an assistant message before it to show the model what you expect (few-shot).',
		options: [
			{
				displayName: 'Message',
				name: 'values',
				values: [
					{
						displayName: 'Role',
						name: 'role',
						type: 'options',
						options: [
							{ name: 'User', value: 'user', description: 'A question or a task' },
							{ name: 'Assistant', value: 'assistant', description: 'An answer of the model' },
							{
								name: 'System',
								value: 'system',
								description:
									'Instructions for the model. The option System Message comes before all messages.',
							},
							{
								name: 'Developer',
								value: 'developer',
								description: 'The name that newer OpenAI models use for system messages',
							},
						],
						default: 'user',
						description: 'Whose message it is',
					},
					{
						displayName: 'Content',
						name: 'content',
						type: 'string',
						typeOptions: { rows: 3 },
						default: '',
						placeholder: 'e.g. Which genre is the film {{ $json.title }}? (Rows File: {title})',
						description:
							'The text of the message. Insert fields of the item as expressions, and columns of a Rows File in braces: {title}.',
					},
				],
			},
		],
	},
];

/** How a file of rows is read. */
const rowsOptionsField: INodeProperties = {
	displayName: 'Rows File Options',
	name: 'rowsOptions',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	displayOptions: { show: { requestSource: ['rowsFile'] } },
	options: [
		{
			displayName: 'Encoding',
			name: 'encoding',
			type: 'options',
			options: [
				{
					name: 'Detect',
					value: 'auto',
					description: 'UTF-8 or UTF-16. The file is refused if it is neither.',
				},
				{ name: 'UTF-16 (Big Endian)', value: 'utf-16be' },
				{ name: 'UTF-16 (Little Endian)', value: 'utf-16le' },
				{ name: 'UTF-8', value: 'utf-8' },
				{
					name: 'Windows-1252 (Latin-1)',
					value: 'windows-1252',
					description: 'What Excel on Windows saves as CSV in Western Europe and America',
				},
			],
			default: 'auto',
			description: 'How the characters of the file are stored',
		},
		{
			displayName: 'Format',
			name: 'format',
			type: 'options',
			options: [
				{ name: 'CSV', value: 'csv', description: 'The first line names the columns' },
				{ name: 'Detect', value: 'auto', description: 'JSONL if the file begins with a brace' },
				{ name: 'JSONL', value: 'jsonl', description: 'A JSON object on each line' },
			],
			default: 'auto',
			description: 'How the rows are written in the file',
		},
		{
			displayName: 'Separator',
			name: 'separator',
			type: 'options',
			options: [
				{ name: 'Comma', value: ',' },
				{ name: 'Detect', value: 'auto', description: 'The separator that the header has most' },
				{ name: 'Semicolon', value: ';' },
				{ name: 'Tab', value: '\t' },
				{ name: 'Vertical Bar', value: '|' },
			],
			default: 'auto',
			description: 'What separates the cells of CSV',
		},
	],
};

/** How the input items become requests. */
export const requestFields: INodeProperties[] = [
	{
		displayName: 'Requests From',
		name: 'requestSource',
		type: 'options',
		options: [
			{
				name: 'Fields',
				value: 'fields',
				description: 'Enter a model and a prompt. The node makes the body for the endpoint.',
			},
			{
				name: 'JSON Body',
				value: 'json',
				description: 'Enter the whole body of each request as JSON',
			},
			{
				name: 'Ready-Made Lines',
				value: 'lines',
				description: 'Each item is already a request with custom_id, method, URL and body',
			},
			{
				name: 'Requests File',
				value: 'requestsFile',
				description:
					'A file in the item holds ready-made lines, in JSONL. It may have any size, and is sent as it is.',
			},
			{
				name: 'Rows File',
				value: 'rowsFile',
				description:
					'A file in the item holds rows, in CSV or JSONL. It may have any size. Enter a model and a prompt.',
			},
		],
		default: 'fields',
		description: 'How each input item, or each line of its file, becomes a request',
	},
	{
		...inputBinaryField,
		displayOptions: { show: { requestSource: ['requestsFile', 'rowsFile'] } },
	},
	{
		displayName:
			'Insert columns of the file in braces, such as {title}, in Prompt or Messages, System Message, Custom ID, and the URL or File ID of attachments. {$line} is the line of the row in the file. Write \\{ and \\} for braces that stay as they are.',
		name: 'rowsNotice',
		type: 'notice',
		displayOptions: { show: { requestSource: ['rowsFile'] } },
		default: '',
	},
	{
		displayName: 'Model',
		name: 'model',
		type: 'resourceLocator',
		displayOptions: { show: { requestSource: FROM_FIELDS } },
		default: { mode: 'id', value: DEFAULT_MODEL },
		required: true,
		description: 'Requests for different models go into separate batches',
		modes: [
			{ displayName: 'By ID', name: 'id', type: 'string', placeholder: `e.g. ${DEFAULT_MODEL}` },
			{
				displayName: 'From List',
				name: 'list',
				type: 'list',
				typeOptions: { searchListMethod: 'searchModels', searchable: true },
			},
		],
	},
	{
		displayName:
			'Choose a model that is made for this endpoint, such as text-embedding-3-small for Embeddings or gpt-image-1.5 for images. With any other model, every request of the batch fails, hours later.',
		name: 'modelNotice',
		type: 'notice',
		displayOptions: {
			show: { requestSource: FROM_FIELDS },
			hide: { endpoint: endpointValues(({ model }) => model.example === DEFAULT_MODEL) },
		},
		default: '',
	},
	...promptFields,
	{
		displayName: 'Body',
		name: 'body',
		type: 'json',
		displayOptions: { show: { requestSource: ['json'] } },
		default: `={{ { "model": "${DEFAULT_MODEL}", "messages": [{ "role": "user", "content": $json.prompt }] } }}`,
		required: true,
		description:
			'The body of each request, in the form that the endpoint expects. Use an expression that returns an object.',
	},
	{
		displayName: 'Custom ID',
		name: 'customId',
		type: 'string',
		displayOptions: { hide: { requestSource: ['lines', 'requestsFile', 'rowsFile'] } },
		default: ITEM_ID,
		required: true,
		placeholder: 'e.g. {{ $json.key }}',
		description:
			'Identifies the request in the results. Must be unique. Use a key of your rows when another workflow reads the results, because the item index is not known there.',
	},
	{
		displayName: 'Custom ID',
		name: 'customId',
		type: 'string',
		displayOptions: { show: { requestSource: ['rowsFile'] } },
		default: ROW_ID,
		required: true,
		placeholder: 'e.g. {film}',
		description:
			'Identifies the request in the results. Must be unique. Insert a key of your rows in braces, such as {film}. {$line} is the line of the row in the file.',
	},
	rowsOptionsField,
	requestOptionsField,
];

/**
 * What the panel calls a field, by its path among the parameters: 'Top P' for `requestOptions.topP`,
 * 'Content of message 2' for `messages.values.1.content`.
 */
export function fieldLabel(parameter: string): string {
	const [name, ...path] = parameter.split('.');
	return labelIn(requestFields, name, path) ?? name;
}

function labelIn(
	fields: INodeProperties[],
	name: string,
	[next, row, ...path]: string[],
): string | undefined {
	const field = fields.find((one) => one.name === name);
	if (field?.type === 'collection' && next !== undefined) {
		const more = row === undefined ? [] : [row, ...path];
		return labelIn(field.options as INodeProperties[], next, more) ?? field.displayName;
	}
	const groups = field?.type === 'fixedCollection' ? field.options : [];
	const group = (groups as INodePropertyCollection[]).find((one) => one.name === next);
	const label =
		group && path.length > 0 ? labelIn(group.values, path[0], path.slice(1)) : undefined;
	return label === undefined
		? field?.displayName
		: `${label} of ${group!.displayName.toLowerCase()} ${Number(row) + 1}`;
}
