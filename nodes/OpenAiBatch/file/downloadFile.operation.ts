import type { IDataObject } from 'n8n-workflow';
import { FILE_FIELDS } from './fileFields';
import { getFile } from '../../openai/api/files';
import { binaryPropertyName, outputBinaryField, storeFile } from '../shared/binary';
import { chosenFileField, idParameter } from '../shared/fields';
import type { Operation } from '../shared/operation';
import { forEachItem, showFor } from '../shared/operation';

/** n8n finds most types by the file's name, but not this one. With undefined, n8n looks. */
function mimeTypeOf(fileName: string): string | undefined {
	return /\.jsonl$/i.test(fileName) ? 'application/jsonl' : undefined;
}

export const download: Operation = {
	option: {
		name: 'Download',
		value: 'download',
		action: 'Download a file',
		description: 'Download the content of a file into a binary field',
	},
	properties: showFor('file', 'download', [chosenFileField, outputBinaryField]),
	output: FILE_FIELDS,
	execute: forEachItem(async (context, itemIndex, client) => {
		const fileId = idParameter(context, 'fileId', itemIndex);
		const property = binaryPropertyName(context, itemIndex);
		const file = await getFile(client, fileId);
		const stream = await client.downloadStream(fileId, file.bytes);
		const fileName = file.filename || `${fileId}.jsonl`;
		const mimeType = mimeTypeOf(fileName);
		const advice =
			'The file is still at the service. The results of a batch can be read in parts: use Get Results with Offset and Limit.';
		const binary = await storeFile(context, stream, { fileName, mimeType, itemIndex, advice });
		return { json: file as unknown as IDataObject, binary: { [property]: binary } };
	}),
};
