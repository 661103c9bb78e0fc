import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { TokenEstimate } from '../../endpoints';
import { addTokens, endpointOf, estimateTokens, NO_TOKENS } from '../../endpoints';
import { FormatGuard, unparseable } from '../../jsonl/fileFormat';
import { isObject, tryParseJson } from '../../jsonl/json';
import type { ByteChunks, Line } from '../../jsonl/lines';
import { readLineBatches } from '../../jsonl/lines';
import { RequestChecker } from '../requests/requestChecker';
import { inputBinary, inputBinaryField } from '../shared/binary';
import type { FieldsOf } from '../shared/outputFields';
import { amount, amountOrNull, text } from '../shared/outputFields';
import type { Operation } from '../shared/operation';
import { breathing, forEachItem, showFor } from '../shared/operation';
import type { CostEstimate } from '../shared/prices';
import {
	estimateCost as costOfRequests,
	inputPriceField,
	outputPriceField,
	pricesOf,
} from '../shared/prices';

const description = 'The regular price, without the batch discount of one half. In any currency.';

/** The error for a line that is not a request, so that the file as a whole cannot be estimated. */
function notARequest(context: IExecuteFunctions, { line, text }: Line, itemIndex: number) {
	const parsed = tryParseJson(text);
	const issues = parsed.ok ? new RequestChecker().check(parsed.value, line) : [];
	const issue = issues.find(({ param }) => param === 'body') ?? issues[0];
	const reason = parsed.ok ? issue.message : unparseable(text, parsed.message);
	return new NodeOperationError(context.getNode(), `Line ${line} of the file is not a request`, {
		itemIndex,
		description: `${reason} Validate lists everything that is wrong with the file.`,
	});
}

/**
 * The requests of an item's file, and their estimated tokens together.
 *
 * @throws {NodeOperationError} for a file that is not JSONL, and for a line that is not a JSON
 * object with a body
 */
async function estimateFile(context: IExecuteFunctions, itemIndex: number, chunks: ByteChunks) {
	let requests = 0;
	let tokens: TokenEstimate = NO_TOKENS;
	const format = new FormatGuard();
	for await (const lines of readLineBatches(format.pass(chunks))) {
		for (const line of lines) {
			const parsed = tryParseJson(line.text);
			const request = parsed.ok && isObject(parsed.value) ? parsed.value : {};
			if (!isObject(request.body)) throw notARequest(context, line, itemIndex);
			requests++;
			tokens = addTokens(tokens, estimateTokens(request.body, endpointOf(request.url)));
		}
	}
	if (format.foreign !== undefined) {
		throw new NodeOperationError(context.getNode(), 'The file is not a request file', {
			itemIndex,
			description: format.foreign,
		});
	}
	return { requests, ...tokens };
}

const COST_FIELDS: FieldsOf<CostEstimate> = {
	requests: amount,
	estimated_tokens: amount,
	attachments_not_estimated: amount,
	regular_cost: amountOrNull,
	batch_cost: amountOrNull,
	savings: amountOrNull,
	method: text,
};

export const estimateCost: Operation = {
	option: {
		name: 'Estimate Cost',
		value: 'estimateCost',
		action: 'Estimate the cost of a request file',
		description:
			'Estimate the tokens of a JSONL file, and what they cost with a batch and without one. Files, audio and images by URL are not counted.',
	},
	properties: showFor('requestFile', 'estimateCost', [
		inputBinaryField,
		{ ...inputPriceField, description },
		{ ...outputPriceField, description },
	]),
	output: COST_FIELDS,
	execute: forEachItem(async (context, itemIndex) => {
		const { open } = await inputBinary(context, itemIndex);
		const given = {
			inputPricePerMillion: context.getNodeParameter('inputPricePerMillion', itemIndex, 0),
			outputPricePerMillion: context.getNodeParameter('outputPricePerMillion', itemIndex, 0),
		};
		const prices = pricesOf(context, given, itemIndex);
		const tokens = await estimateFile(context, itemIndex, breathing(open()));
		const { binary } = context.getInputData()[itemIndex];
		return { json: costOfRequests({ ...tokens, prices }) as unknown as IDataObject, binary };
	}),
};
