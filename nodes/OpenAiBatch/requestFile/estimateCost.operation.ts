import type { IDataObject } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { estimateCost as costOfRequests } from '../../jsonl/cost';
import type { Operation } from '../shared/operation';
import { asNodeError, forEachItem, showFor } from '../shared/operation';
import { inputPriceField, outputPriceField, pricesOf } from '../shared/prices';
import { breathing } from '../shared/breather';
import { estimateFile, NotARequestError } from './estimate';
import { inputFileField, requestFileOf } from './inputFile';

const description = 'Without the batch discount, which is half; in any currency';

export const estimateCost: Operation = {
	option: {
		name: 'Estimate Cost',
		value: 'estimateCost',
		action: 'Estimate the cost of a request file',
		description: 'Estimate the tokens of a JSONL file, and what they cost with and without a batch',
	},
	properties: showFor('requestFile', 'estimateCost', [
		inputFileField,
		{ ...inputPriceField, description },
		{ ...outputPriceField, description },
	]),
	execute: forEachItem(async (context, itemIndex) => {
		const { open } = await requestFileOf(context, itemIndex);
		const given = {
			inputPricePerMillion: context.getNodeParameter('inputPricePerMillion', itemIndex, 0),
			outputPricePerMillion: context.getNodeParameter('outputPricePerMillion', itemIndex, 0),
		};
		const prices = pricesOf(context, given, itemIndex);
		const { binary } = context.getInputData()[itemIndex];
		try {
			const tokens = await estimateFile(breathing(open()));
			return { json: costOfRequests({ ...tokens, prices }) as unknown as IDataObject, binary };
		} catch (error) {
			const node = context.getNode();
			if (!(error instanceof NotARequestError)) throw asNodeError(node, error, itemIndex);
			throw new NodeOperationError(node, error.message, {
				itemIndex,
				description: 'Validate the file first: it lists everything that is wrong with it.',
			});
		}
	}),
};
