import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { validateRequests } from './validateFile';
import type { Operation } from '../../shared/operation';
import { forEachItem, showFor } from '../../shared/operation';
import { breathing } from '../../shared/breather';
import { inputFileField, requestFileOf } from '../inputFile';

interface ValidateOptions {
	endpoint?: unknown;
	maxErrors?: unknown;
}

const DEFAULT_MAX_ERRORS = 100;

function optionsOf(context: IExecuteFunctions, itemIndex: number) {
	const raw = context.getNodeParameter('options', itemIndex, {}) as ValidateOptions;
	const maxErrors = Number(raw.maxErrors ?? DEFAULT_MAX_ERRORS);
	if (Number.isInteger(maxErrors) && maxErrors >= 1) {
		return { maxErrors, endpoint: String(raw.endpoint ?? '').trim() || undefined };
	}
	throw new NodeOperationError(
		context.getNode(),
		'Max Errors has to be a whole number of at least 1',
		{ itemIndex },
	);
}

export const validate: Operation = {
	option: {
		name: 'Validate',
		value: 'validate',
		action: 'Validate a request file',
		description: 'Check a JSONL file as the service will after the upload, and list what is wrong',
	},
	properties: showFor('requestFile', 'validate', [
		inputFileField,
		{
			displayName: 'Options',
			name: 'options',
			type: 'collection',
			placeholder: 'Add option',
			default: {},
			options: [
				{
					displayName: 'Endpoint',
					name: 'endpoint',
					type: 'string',
					default: '',
					placeholder: 'e.g. /v1/chat/completions',
					description:
						'The endpoint of the batch, which every request has to name. Without it they only have to name the same one.',
				},
				{
					displayName: 'Max Errors',
					name: 'maxErrors',
					type: 'number',
					typeOptions: { minValue: 1 },
					default: DEFAULT_MAX_ERRORS,
					description: 'How many errors are listed; all are counted',
				},
			],
		},
	]),
	execute: forEachItem(async (context, itemIndex) => {
		const options = optionsOf(context, itemIndex);
		const { open } = await requestFileOf(context, itemIndex);
		const report = await validateRequests(breathing(open()), options);
		const { binary } = context.getInputData()[itemIndex];
		return { json: report as unknown as IDataObject, binary };
	}),
};
