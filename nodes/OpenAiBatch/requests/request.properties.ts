import type { INodeProperties } from 'n8n-workflow';

const TEXT_ENDPOINTS = ['/v1/chat/completions', '/v1/responses'];
/** For chat completions and responses. It stays in the field when another endpoint is chosen. */
export const DEFAULT_MODEL = 'gpt-6-luna';

const SAMPLING_ENDPOINTS = [...TEXT_ENDPOINTS, '/v1/completions'];
const IMAGE_ENDPOINTS = ['/v1/images/edits', '/v1/images/generations'];

/** Shows an option for endpoints that take it, and for one that is typed: it may be any of them. */
function on(endpoints: string[]): INodeProperties['displayOptions'] {
	return { show: { '/endpoint': [...endpoints, 'other'] } };
}

const requestOptions: INodeProperties = {
	displayName: 'Request Options',
	name: 'requestOptions',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	displayOptions: { show: { requestSource: ['fields'] } },
	options: [
		{
			displayName: 'Additional Body Fields',
			name: 'additionalFields',
			type: 'json',
			default: '{}',
			description: 'Anything else that the endpoint takes; these fields win over the others',
		},
		{
			displayName: 'Dimensions',
			name: 'dimensions',
			type: 'number',
			typeOptions: { minValue: 1 },
			displayOptions: on(['/v1/embeddings']),
			default: 1536,
			description: 'The length of each vector, for models that can shorten it',
		},
		{
			displayName: 'Image Quality',
			name: 'imageQuality',
			type: 'string',
			displayOptions: on(IMAGE_ENDPOINTS),
			default: '',
			placeholder: 'e.g. medium',
			description: 'As the model names it. Without it the model decides.',
		},
		{
			displayName: 'Image Size',
			name: 'imageSize',
			type: 'string',
			displayOptions: on(IMAGE_ENDPOINTS),
			default: '',
			placeholder: 'e.g. 1024x1024',
			description: 'As the model takes it. Without it the model decides.',
		},
		{
			displayName: 'Image URLs',
			name: 'imageUrls',
			type: 'string',
			displayOptions: on([...TEXT_ENDPOINTS, '/v1/images/edits', '/v1/moderations']),
			default: '',
			placeholder: 'e.g. https://example.com/cat.png',
			description:
				'Images that belong to the prompt: public addresses or data: URLs, separated by commas or lines, or a list from an expression. Image Edits needs at least one.',
		},
		{
			displayName: 'JSON Schema',
			name: 'jsonSchema',
			type: 'json',
			displayOptions: on(TEXT_ENDPOINTS),
			default:
				'{\n  "type": "object",\n  "properties": {\n    "answer": { "type": "string" }\n  },\n  "required": ["answer"],\n  "additionalProperties": false\n}',
			description:
				'The answer will be JSON of this shape (structured output); Get Results can parse it',
		},
		{
			displayName: 'JSON Schema Name',
			name: 'jsonSchemaName',
			type: 'string',
			displayOptions: on(TEXT_ENDPOINTS),
			default: 'answer',
			description: 'What the model is told that the answer is; letters, digits, _ and -',
		},
		{
			displayName: 'JSON Schema Strict',
			name: 'jsonSchemaStrict',
			type: 'boolean',
			displayOptions: on(TEXT_ENDPOINTS),
			default: true,
			description:
				'Whether the answer has to follow the schema to the letter. The schema then has to list all properties as required and allow no others. Without this option it is on.',
		},
		{
			displayName: 'Max Tokens',
			name: 'maxTokens',
			type: 'number',
			typeOptions: { minValue: 1 },
			displayOptions: on(SAMPLING_ENDPOINTS),
			default: 1000,
			description:
				'The most tokens to generate for each request, reasoning included. With too few, answers are cut off or empty, and are charged all the same.',
		},
		{
			displayName: 'Number of Images',
			name: 'imageCount',
			type: 'number',
			typeOptions: { minValue: 1 },
			displayOptions: on(IMAGE_ENDPOINTS),
			default: 1,
			description: 'How many images to make for each prompt; every one is charged',
		},
		{
			displayName: 'Reasoning Effort',
			name: 'reasoningEffort',
			type: 'options',
			displayOptions: on(TEXT_ENDPOINTS),
			options: [
				{ name: 'Extra High', value: 'xhigh' },
				{ name: 'High', value: 'high' },
				{ name: 'Low', value: 'low' },
				{ name: 'Medium', value: 'medium' },
				{ name: 'Minimal', value: 'minimal' },
				{ name: 'None', value: 'none' },
			],
			default: 'medium',
			description: 'Only for reasoning models; which values are allowed depends on the model',
		},
		{
			displayName: 'System Message',
			name: 'systemMessage',
			type: 'string',
			typeOptions: { rows: 3 },
			displayOptions: on(TEXT_ENDPOINTS),
			default: '',
			placeholder: 'e.g. You classify films by genre.',
			description: 'What holds for all requests; the same text each time is also cheapest',
		},
		{
			displayName: 'Temperature',
			name: 'temperature',
			type: 'number',
			typeOptions: { minValue: 0, maxValue: 2, numberPrecision: 2 },
			displayOptions: on(SAMPLING_ENDPOINTS),
			default: 1,
			description: 'Not for reasoning models: there every request with it fails',
		},
		{
			displayName: 'Top P',
			name: 'topP',
			type: 'number',
			typeOptions: { minValue: 0, maxValue: 1, numberPrecision: 2 },
			displayOptions: on(SAMPLING_ENDPOINTS),
			default: 1,
			description: 'Not for reasoning models: there every request with it fails',
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
				description: 'A model and a prompt for each item',
			},
			{
				name: 'JSON Body',
				value: 'json',
				description: 'The whole body of each request, as JSON',
			},
			{
				name: 'Ready-Made Lines',
				value: 'lines',
				description: 'Each item already is a request: custom_id, method, URL and body',
			},
		],
		default: 'fields',
	},
	{
		displayName: 'Model',
		name: 'model',
		type: 'resourceLocator',
		displayOptions: { show: { requestSource: ['fields'] } },
		default: { mode: 'id', value: DEFAULT_MODEL },
		required: true,
		description: 'Requests of different models become batches of their own',
		modes: [
			{ displayName: 'By ID', name: 'id', type: 'string', placeholder: 'e.g. gpt-6-luna' },
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
			'Choose a model of this endpoint, such as text-embedding-3-small for Embeddings. With one of another endpoint every request of the batch fails, hours later.',
		name: 'modelNotice',
		type: 'notice',
		displayOptions: {
			show: { requestSource: ['fields'] },
			hide: { endpoint: [...TEXT_ENDPOINTS, 'other'] },
		},
		default: '',
	},
	{
		displayName: 'Prompt',
		name: 'prompt',
		type: 'string',
		typeOptions: { rows: 4 },
		displayOptions: { show: { requestSource: ['fields'] } },
		default: '',
		required: true,
		placeholder: 'e.g. Which genre is the film {{ $json.title }}?',
		description:
			'What is asked of each item: the message, or the text to embed, moderate or draw. Insert fields of the item as expressions.',
	},
	{
		displayName: 'Body',
		name: 'body',
		type: 'json',
		displayOptions: { show: { requestSource: ['json'] } },
		default:
			'={{ { "model": "gpt-6-luna", "messages": [{ "role": "user", "content": $json.prompt }] } }}',
		required: true,
		description:
			'The body of each request as the endpoint takes it: an expression that gives an object',
	},
	{
		displayName: 'Custom ID',
		name: 'customId',
		type: 'string',
		displayOptions: { hide: { requestSource: ['lines'] } },
		default: '=item-{{ $itemIndex }}',
		required: true,
		description:
			'By what each result is matched to its row; unique in the submission. Use a key of your rows when the results are read in another workflow: an index is not known there.',
	},
	requestOptions,
];
