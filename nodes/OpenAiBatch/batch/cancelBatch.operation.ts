import { cancelBatch } from '../../openai/api/batches';
import { OpenAiClient } from '../../openai/http/client';
import { batchItem } from '../shared/batchItem';
import { chosenBatchField, idParameter } from '../shared/fields';
import type { Operation } from '../shared/operation';
import { forEachItem, showFor } from '../shared/operation';

export const cancel: Operation = {
	option: {
		name: 'Cancel',
		value: 'cancel',
		action: 'Cancel a batch',
		description:
			'Stop a batch that is not finished. The service keeps the results so far, and charges for them.',
	},
	properties: showFor('batch', 'cancel', [chosenBatchField]),
	execute: forEachItem(async (context, itemIndex) => {
		const batchId = idParameter(context, 'batchId', itemIndex);
		const batch = await cancelBatch(new OpenAiClient(context, { itemIndex }), batchId);
		return { json: batchItem(batch) };
	}),
};
