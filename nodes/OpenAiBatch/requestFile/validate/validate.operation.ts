import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { DEFAULT_MAX_ERRORS, validateRequests } from './validateFile';
import type { FileReport, ValidateOptions } from './validateFile';
import { urlFault } from '../../../endpoints';
import { MAX_REQUESTS } from '../../../jsonl/split';
import { inputBinary, inputBinaryField } from '../../shared/binary';
import { optionalText, optionsField, wholeNumber } from '../../shared/fields';
import type { FieldsOf } from '../../shared/outputFields';
import {
	amount,
	amountOrNull,
	listOf,
	text,
	textOrNull,
	texts,
	yesOrNo,
} from '../../shared/outputFields';
import type { Operation } from '../../shared/operation';
import { breathing, forEachItem, showFor } from '../../shared/operation';
import { serverField, serverOf } from '../serverField';

function optionsOf(context: IExecuteFunctions, itemIndex: number): ValidateOptions {
	const raw = context.getNodeParameter('options', itemIndex, {}) as IDataObject;
	const amount = (value: unknown, displayName: string) =>
		wholeNumber(context, value, { displayName, min: 1, itemIndex });
	return {
		endpoint: endpointOption(context, raw.endpoint, itemIndex),
		maxErrors: amount(raw.maxErrors, 'Max Errors'),
		maxRequests: amount(raw.maxRequestsPerBatch, 'Max Requests per Batch'),
		server: serverOf(raw.server),
	};
}

/** The endpoint of the batch, when it is given. @throws {NodeOperationError} when it cannot be one */
function endpointOption(context: IExecuteFunctions, value: unknown, itemIndex: number) {
	const endpoint = optionalText(context, value, { displayName: 'Endpoint', itemIndex });
	const fault = endpoint === undefined ? undefined : urlFault(endpoint, 'endpoint');
	if (fault === undefined) return endpoint;
	throw new NodeOperationError(context.getNode(), 'Endpoint has to be the path of an endpoint', {
		itemIndex,
		description: fault,
	});
}

const REPORT_FIELDS: FieldsOf<Omit<FileReport, 'hints'>> = {
	valid: yesOrNo,
	requests: amount,
	bytes: amount,
	models: texts,
	endpoints: texts,
	error_count: amount,
	errors: listOf({ line: amountOrNull, custom_id: textOrNull, code: text, message: text }),
};

export const validate: Operation = {
	option: {
		name: 'Validate',
		value: 'validate',
		action: 'Validate a request file',
		description:
			'Check a JSONL file by the rules that the service applies after the upload, and list all errors',
	},
	properties: showFor('requestFile', 'validate', [
		inputBinaryField,
		{
			...optionsField,
			options: [
				{
					displayName: 'Endpoint',
					name: 'endpoint',
					type: 'string',
					default: '',
					placeholder: 'e.g. /v1/chat/completions',
					description:
						'The endpoint of the batch. Every request has to name it. If empty, all requests only have to name the same endpoint.',
				},
				{
					displayName: 'Max Errors',
					name: 'maxErrors',
					type: 'number',
					typeOptions: { minValue: 1 },
					default: DEFAULT_MAX_ERRORS,
					description: 'How many errors to list. All errors are counted.',
				},
				{
					displayName: 'Max Requests per Batch',
					name: 'maxRequestsPerBatch',
					type: 'number',
					typeOptions: { minValue: 1 },
					default: MAX_REQUESTS,
					description:
						'How many requests the file can have. OpenAI takes 50,000 in a batch, and Azure 100,000.',
				},
				serverField,
			],
		},
	]),
	output: REPORT_FIELDS,
	execute: forEachItem(async (context, itemIndex) => {
		const options = optionsOf(context, itemIndex);
		const { open } = await inputBinary(context, itemIndex);
		const { hints, ...report } = await validateRequests(breathing(open()), options);
		for (const message of hints) {
			context.addExecutionHints({ message, location: 'outputPane' });
		}
		const { binary } = context.getInputData()[itemIndex];
		return { json: report as unknown as IDataObject, binary };
	}),
};
