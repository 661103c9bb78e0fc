import type { IDataObject } from 'n8n-workflow';
import { FILE_FIELDS } from './fileFields';
import { getFile } from '../../openai/api/files';
import { fileIdField, idParameter } from '../shared/fields';
import type { Operation } from '../shared/operation';
import { forEachItem, showFor } from '../shared/operation';

export const get: Operation = {
	option: {
		name: 'Get',
		value: 'get',
		action: 'Get a file',
		description: 'Get the name, size and purpose of a file',
	},
	properties: showFor('file', 'get', [fileIdField]),
	output: FILE_FIELDS,
	execute: forEachItem(async (context, itemIndex, client) => {
		const fileId = idParameter(context, 'fileId', itemIndex);
		const file = await getFile(client, fileId);
		return { json: file as unknown as IDataObject };
	}),
};
