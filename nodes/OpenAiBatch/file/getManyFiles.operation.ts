import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import { FILE_FIELDS } from './fileFields';
import { FILE_PAGE_SIZE, listFiles } from '../../openai/api/files';
import { optionalText, returnAllFields, wantedCount } from '../shared/fields';
import type { Operation } from '../shared/operation';
import { forEachItem, showFor } from '../shared/operation';

export const getAll: Operation = {
	option: {
		name: 'Get Many',
		value: 'getAll',
		action: 'Get many files',
		description: 'List files, newest first',
	},
	properties: showFor('file', 'getAll', [
		...returnAllFields,
		{
			displayName: 'Filters',
			name: 'filters',
			type: 'collection',
			placeholder: 'Add Filter',
			default: {},
			options: [
				{
					displayName: 'Purpose',
					name: 'purpose',
					type: 'string',
					default: 'batch',
					placeholder: 'e.g. batch',
					description:
						'Return only files with this purpose: batch for files of requests, batch_output for files of results',
				},
			],
		},
	]),
	output: FILE_FIELDS,
	execute: forEachItem(async (context, itemIndex, client) => {
		const wanted = wantedCount(context, itemIndex);
		const filters = context.getNodeParameter('filters', itemIndex, {}) as IDataObject;
		const name = { displayName: 'Purpose', itemIndex };
		const purpose = optionalText(context, filters.purpose, name);
		const pageSize = Math.min(wanted, FILE_PAGE_SIZE);
		const found: INodeExecutionData[] = [];
		for await (const file of listFiles(client, { purpose, pageSize })) {
			found.push({ json: file as unknown as IDataObject });
			if (found.length >= wanted) break;
		}
		return found;
	}),
};
