import { deleteFile } from '../../openai/api/files';
import { chosenFileField, idParameter } from '../shared/fields';
import { text, yesOrNo } from '../shared/outputFields';
import type { Operation } from '../shared/operation';
import { forEachItem, showFor } from '../shared/operation';

export const deleteOperation: Operation = {
	option: {
		name: 'Delete',
		value: 'delete',
		action: 'Delete a file',
		description:
			'Delete a file permanently. A batch that still needs the file can no longer read it.',
	},
	properties: showFor('file', 'delete', [chosenFileField]),
	output: { id: text, deleted: yesOrNo },
	execute: forEachItem(async (context, itemIndex, client) => {
		const fileId = idParameter(context, 'fileId', itemIndex);
		const { deleted } = await deleteFile(client, fileId);
		return { json: { id: fileId, deleted } };
	}),
};
