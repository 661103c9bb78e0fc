import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { foreignFormat, readHead } from '../../jsonl/fileFormat';
import { MAX_FILE_BYTES, tryUploadFile, uploadFailed } from '../../openai/api/files';
import { OpenAiClient } from '../../openai/http/client';
import { expiryField, expirySeconds } from '../shared/batchOptions';
import { inputBinary, inputBinaryField } from '../shared/binary';
import type { BinarySource } from '../shared/binary';
import { optionalText } from '../shared/fields';
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

/**
 * Refuses a file of requests that the service would not take, or could not read later.
 *
 * @throws {NodeOperationError} for a name that does not end with .jsonl, and for another format
 */
async function checkRequestFile(
	context: IExecuteFunctions,
	{ fileName, isReadWhole, open }: BinarySource,
	itemIndex: number,
): Promise<void> {
	const refused = (message: string, description: string) =>
		new NodeOperationError(context.getNode(), message, { itemIndex, description });
	if (!/\.jsonl$/i.test(fileName)) {
		throw refused(
			`The name '${fileName}' does not end with .jsonl`,
			'The service takes a file of the purpose batch only with such a name. Set the option File Name, for example to requests.jsonl.',
		);
	}
	if (isReadWhole) return;
	const foreign = foreignFormat(await readHead(open()));
	if (foreign !== undefined) throw refused('The file is not a request file', foreign);
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
			displayName: 'Options',
			name: 'options',
			type: 'collection',
			placeholder: 'Add option',
			default: {},
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
	execute: forEachItem(async (context, itemIndex) => {
		const purpose = purposeOf(context, itemIndex);
		const options = context.getNodeParameter('options', itemIndex, {}) as IDataObject;
		const named = (displayName: string) => ({ displayName, itemIndex });
		const fileName = optionalText(context, options.fileName, named('File Name'));
		const expiry = named('Expires After');
		const expiresAfterSeconds = expirySeconds(context, options.expiresAfter, expiry);
		const binary = await inputBinary(context, itemIndex);
		if (binary.bytes > MAX_FILE_BYTES) {
			throw new NodeOperationError(context.getNode(), 'The file is larger than 512 MB', {
				itemIndex,
				description: 'The service does not store larger files. Split the file.',
			});
		}
		const source = { ...binary, fileName: fileName ?? binary.fileName };
		if (purpose === 'batch') await checkRequestFile(context, source, itemIndex);
		const client = new OpenAiClient(context, { itemIndex });
		const result = await tryUploadFile(client, { source, purpose, expiresAfterSeconds });
		if (!result.ok) {
			const { fault } = result;
			throw client.error(
				fault,
				fault.mayHaveExecuted ? uploadFailed({ source }, fault) : undefined,
			);
		}
		return { json: result.value as unknown as IDataObject };
	}),
};
