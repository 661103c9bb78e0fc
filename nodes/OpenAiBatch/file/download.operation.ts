import type { IDataObject } from 'n8n-workflow';
import { OpenAiClient } from '../../openai/client';
import { downloadStream } from '../../openai/download';
import { getFile } from '../../openai/files';
import { binaryPropertyName } from '../binary';
import { showFor } from '../display';
import { fileIdField, idParameter } from '../fields';
import type { Operation } from '../operation';
import { forEachItem } from '../operation';

export const download: Operation = {
	option: {
		name: 'Download',
		value: 'download',
		action: 'Download a file',
		description: 'Download the content of a file into a binary field',
	},
	properties: showFor('file', 'download', [
		fileIdField,
		{
			displayName: 'Put Output File in Field',
			name: 'binaryPropertyName',
			type: 'string',
			default: 'data',
			required: true,
			hint: 'The name of the output field to put the file in',
		},
	]),
	execute: forEachItem(async (context, itemIndex) => {
		const fileId = idParameter(context, 'fileId', itemIndex);
		const property = binaryPropertyName(context, itemIndex);
		const client = new OpenAiClient(context, { itemIndex });
		const file = await getFile(client, fileId);
		const stream = await downloadStream(client, fileId, file.bytes);
		const binary = await context.helpers.prepareBinaryData(
			stream as never,
			file.filename ?? `${fileId}.jsonl`,
			'application/jsonl',
		);
		return { json: file as unknown as IDataObject, binary: { [property]: binary } };
	}),
};
