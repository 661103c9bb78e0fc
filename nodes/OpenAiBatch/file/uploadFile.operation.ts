import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { FILE_FIELDS } from './fileFields';
import { foreignFormat, readHead } from '../../jsonl/fileFormat';
import { MAX_FILE_BYTES, tryUploadFile, uploadFailed } from '../../openai/api/files';
import { expiryField, expirySeconds } from '../shared/batchOptions';
import type { BinarySource } from '../shared/binary';
import { inputBinary, inputBinaryField } from '../shared/binary';
import { optionalText, optionsField } from '../shared/fields';
import type { Operation } from '../shared/operation';
import { forEachItem, showFor } from '../shared/operation';

/** The purposes are the service's own, and compatible servers have others. */
function purposeOf(context: IExecuteFunctions, itemIndex: number): string {
	const value = context.getNodeParameter('purpose', itemIndex);
	const purpose = optionalText(context, value, { displayName: 'Purpose', itemIndex });
	if (purpose !== undefined) return purpose;
	throw new NodeOperationError(context.getNode(), 'The purpose is missing', {
		itemIndex,
		description: 'Enter what the file is for: batch for a file of requests.',
	});
}

/** What to do about the name of a file of requests; undefined for one that every server takes. */
function nameAdvice(purpose: string, fileName: string): string | undefined {
	if (purpose !== 'batch' || /\.jsonl$/i.test(fileName)) return undefined;
	return 'A file of requests needs a name that ends with .jsonl. Set the option File Name, for example to requests.jsonl.';
}

/**
 * Refuses a file that OpenAI or Azure would not take. Other servers have other limits, and some
 * take files of many gigabytes.
 *
 * @throws {NodeOperationError} for a file that is too large, and for a name without .jsonl
 */
function checkLimits(
	context: IExecuteFunctions,
	{ fileName, bytes }: BinarySource,
	{ purpose, itemIndex }: { purpose: string; itemIndex: number },
): void {
	const refused = (message: string, description: string) =>
		new NodeOperationError(context.getNode(), message, { itemIndex, description });
	if (bytes > MAX_FILE_BYTES) {
		throw refused(
			'The file is larger than 512 MB',
			'The service does not store larger files. Split the file.',
		);
	}
	const advice = nameAdvice(purpose, fileName);
	if (advice) throw refused(`The name '${fileName}' does not end with .jsonl`, advice);
}

/** Refuses a file of requests that no server can read. @throws {NodeOperationError} */
async function checkFormat(
	context: IExecuteFunctions,
	{ isReadWhole, open }: BinarySource,
	itemIndex: number,
): Promise<void> {
	if (isReadWhole) return;
	const description = foreignFormat(await readHead(open()));
	if (description === undefined) return;
	const message = 'The file is not a request file';
	throw new NodeOperationError(context.getNode(), message, { itemIndex, description });
}

export const upload: Operation = {
	option: {
		name: 'Upload',
		value: 'upload',
		action: 'Upload a file',
		description: 'Upload a binary file, for example a JSONL file of requests',
	},
	properties: showFor('file', 'upload', [
		inputBinaryField,
		{
			displayName: 'Purpose',
			name: 'purpose',
			type: 'string',
			default: 'batch',
			required: true,
			placeholder: 'e.g. batch',
			description:
				'What the file is for: batch for a file of requests. OpenAI also knows assistants, evals, fine-tune, user_data and vision.',
		},
		{
			...optionsField,
			options: [
				expiryField(
					'expiresAfter',
					'Expires After (Hours)',
					'How long the service keeps the file. Without this option, files with the purpose batch are kept for 30 days.',
				),
				{
					displayName: 'File Name',
					name: 'fileName',
					type: 'string',
					default: '',
					placeholder: 'e.g. requests.jsonl',
					description:
						'The name of the file at the service. With the purpose batch it has to end with .jsonl.',
				},
			],
		},
	]),
	output: FILE_FIELDS,
	execute: forEachItem(async (context, itemIndex, client) => {
		const purpose = purposeOf(context, itemIndex);
		const options = context.getNodeParameter('options', itemIndex, {}) as IDataObject;
		const named = (displayName: string) => ({ displayName, itemIndex });
		const fileName = optionalText(context, options.fileName, named('File Name'));
		const expiry = named('Expires After');
		const expiresAfterSeconds = expirySeconds(context, options.expiresAfter, expiry);
		const binary = await inputBinary(context, itemIndex);
		const source = { ...binary, fileName: fileName ?? binary.fileName };
		if ((await client.provider()) !== 'other') checkLimits(context, source, { purpose, itemIndex });
		if (purpose === 'batch') await checkFormat(context, source, itemIndex);
		const result = await tryUploadFile(client, { source, purpose, expiresAfterSeconds });
		if (!result.ok) {
			const { fault } = result;
			const prefix = fault.mayHaveExecuted ? uploadFailed({ source }, fault) : undefined;
			const error = client.error(fault, prefix);
			const advice = fault.status === 400 ? nameAdvice(purpose, source.fileName) : undefined;
			throw advice
				? Object.assign(error, { description: `${advice} ${error.description}` })
				: error;
		}
		return { json: result.value as unknown as IDataObject };
	}),
};
