import type { IDataObject } from 'n8n-workflow';
import { getBatch } from '../../openai/batches';
import { OpenAiClient } from '../../openai/client';
import { showFor } from '../display';
import { batchIdField, idParameter } from '../fields';
import type { Operation } from '../operation';
import { forEachItem } from '../operation';

export const get: Operation = {
	option: {
		name: 'Get',
		value: 'get',
		action: 'Get a batch',
		description: 'Get the status, counts and files of a batch',
	},
	properties: showFor('batch', 'get', [batchIdField]),
	execute: forEachItem(async (context, itemIndex) => {
		const batchId = idParameter(context, 'batchId', itemIndex);
		const batch = await getBatch(new OpenAiClient(context, { itemIndex }), batchId);
		return { json: batch as unknown as IDataObject };
	}),
};
