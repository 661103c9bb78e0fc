import { BATCH_FIELDS, batchItem } from './batchItems';
import { getBatch } from '../../openai/api/batches';
import { batchIdField, idParameter, optionsField } from '../shared/fields';
import type { Operation } from '../shared/operation';
import { forEachItem, showFor } from '../shared/operation';
import { amountOrNull } from '../shared/outputFields';
import type { PriceOptions } from '../shared/prices';
import {
	cachedInputPriceField,
	costOf,
	inputPriceField,
	outputPriceField,
	pricesOf,
} from '../shared/prices';

export const get: Operation = {
	option: {
		name: 'Get',
		value: 'get',
		action: 'Get a batch',
		description: 'Get the status, counts and file IDs of a batch',
	},
	properties: showFor('batch', 'get', [
		batchIdField,
		{
			...optionsField,
			options: [cachedInputPriceField, inputPriceField, outputPriceField],
		},
	]),
	output: { ...BATCH_FIELDS, cost: amountOrNull },
	execute: forEachItem(async (context, itemIndex, client) => {
		const batchId = idParameter(context, 'batchId', itemIndex);
		const options = context.getNodeParameter('options', itemIndex, {}) as PriceOptions;
		const prices = pricesOf(context, options, itemIndex);
		const batch = await getBatch(client, batchId);
		const cost = prices && { cost: costOf(batch.usage, prices) };
		return { json: { ...batchItem(batch), ...cost } };
	}),
};
