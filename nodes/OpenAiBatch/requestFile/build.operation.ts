import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { MAX_BYTES } from '../../jsonl/lines';
import { MAX_REQUESTS } from '../../jsonl/split';
import { submitOptions } from '../batch/submit/submit.options';
import type { PlannedPart } from '../requests/plan';
import { badItemOutput, badItemsError, pairedItemsOf, TO_BUILD } from '../requests/plan';
import { endpointFields, endpointParameter } from '../requests/fieldValues';
import { planRequests } from '../requests/itemPlan';
import { requestFields } from '../requests/request.properties';
import {
	binaryPropertyName,
	inputBinaryField,
	outputBinaryField,
	storeFile,
	streamOf,
} from '../shared/binary';
import { optionsField } from '../shared/fields';
import type { FieldsOf } from '../shared/outputFields';
import { amount, textOrNull } from '../shared/outputFields';
import type { Operation } from '../shared/operation';
import { forAllItems, showFor } from '../shared/operation';
import { serverField, serverOf } from './serverField';

/** Build has a binary field for its output, too. */
const INPUT_FIELD = 'inputBinaryPropertyName';

/** A file of requests. */
interface BuiltFile {
	part: number;
	parts: number;
	requests: number;
	bytes: number;
	model: string | null;
}

const BUILT_FIELDS: FieldsOf<BuiltFile> = {
	part: amount,
	parts: amount,
	requests: amount,
	bytes: amount,
	model: textOrNull,
};

/** The output item of a part. Its file is streamed into n8n's binary storage. */
async function fileItem(
	context: IExecuteFunctions,
	planned: PlannedPart,
	property: string,
	fileName: string,
	place: { part: number; parts: number },
): Promise<INodeExecutionData> {
	const { requests, bytes, model = null } = planned.part;
	const json: BuiltFile = { ...place, requests, bytes, model };
	const binary = await storeFile(
		context,
		streamOf(planned.open(context.getExecutionCancelSignal())),
		{
			fileName: `${fileName}.jsonl`,
			mimeType: 'application/jsonl',
			advice: 'Set Max Bytes per Batch to a lower value.',
		},
	);
	return {
		json: { ...json },
		binary: { [property]: binary },
		pairedItem: pairedItemsOf(planned),
	};
}

async function execute(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	const { fileName, limits } = submitOptions(context);
	const endpoint = endpointParameter(context, 0);
	const property = binaryPropertyName(context, 0);
	const server = serverOf(context.getNodeParameter('options.server', 0, 'openai'));
	const plan = await planRequests(context, {
		endpoint,
		server,
		estimate: false,
		limits,
		inputField: INPUT_FIELD,
	});
	const { parts } = plan;
	if (plan.isBroken || (plan.badItems.length > 0 && !context.continueOnFail())) {
		throw badItemsError(context, plan, TO_BUILD);
	}
	const output: INodeExecutionData[] = [];
	try {
		for (const [index, part] of parts.entries()) {
			const place = { part: index + 1, parts: parts.length };
			const name = parts.length > 1 ? `${fileName}-${index + 1}-of-${parts.length}` : fileName;
			output.push(await fileItem(context, part, property, name, place));
		}
	} finally {
		plan.close?.();
	}
	return [[...output, ...badItemOutput(context, plan, TO_BUILD)]];
}

export const build: Operation = {
	option: {
		name: 'Build',
		value: 'build',
		action: 'Build a request file',
		description: 'Turn all input items, or the files in them, into JSONL files, ready to upload',
	},
	properties: showFor('requestFile', 'build', [
		...endpointFields,
		...requestFields.map((field) =>
			field.name === inputBinaryField.name ? { ...field, name: INPUT_FIELD } : field,
		),
		outputBinaryField,
		{
			...optionsField,
			options: [
				{
					displayName: 'File Name',
					name: 'fileName',
					type: 'string',
					default: '',
					placeholder: 'e.g. films',
					description: 'The beginning of the file names',
				},
				{
					displayName: 'Max Bytes per Batch',
					name: 'maxBytesPerBatch',
					type: 'number',
					typeOptions: { minValue: 1 },
					default: MAX_BYTES,
					description: 'Requests above this limit go into further files',
				},
				{
					displayName: 'Max Requests per Batch',
					name: 'maxRequestsPerBatch',
					type: 'number',
					typeOptions: { minValue: 1 },
					default: MAX_REQUESTS,
					description: 'Requests above this limit go into further files',
				},
				{
					displayName: 'Max Tokens per Batch',
					name: 'maxTokensPerBatch',
					type: 'number',
					typeOptions: { minValue: 1 },
					default: 2000000,
					description:
						'Also split the requests by estimated tokens, to stay below the enqueued token limit of your organization. Attached files, audio and images by URL are not counted.',
				},
				serverField,
			],
		},
	]),
	output: BUILT_FIELDS,
	execute: forAllItems(execute),
};
