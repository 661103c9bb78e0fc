import type { INodeProperties, INodePropertyCollection } from 'n8n-workflow';
import { DEFAULT_MODEL } from '../../endpoints';
import { endpointValues } from './endpointField';
import { promptFields } from './promptMessages';
import { requestOptionsField } from './requestOptions';

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
		],
		default: 'fields',
		description: 'How each input item becomes a request',
	},
	{
		displayName: 'Model',
		name: 'model',
		type: 'resourceLocator',
		displayOptions: { show: { requestSource: ['fields'] } },
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
			'Choose a model that is made for this endpoint, such as text-embedding-3-small for Embeddings. With any other model, every request of the batch fails, hours later.',
		name: 'modelNotice',
		type: 'notice',
		displayOptions: {
			show: { requestSource: ['fields'] },
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
		displayOptions: { hide: { requestSource: ['lines'] } },
		default: '=item-{{ $itemIndex }}',
		required: true,
		description:
			'Identifies the request in the results. Must be unique. Use a key of your rows when another workflow reads the results, because the item index is not known there.',
	},
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
