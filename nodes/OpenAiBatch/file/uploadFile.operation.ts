import type { IBinaryData, IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { OpenAiClient } from '../../openai/http/client';
import { MAX_FILE_BYTES, tryUploadFile } from '../../openai/api/files';
import { uploadFailed } from '../../openai/submissions/uploads';
import { binarySource } from '../shared/binary';
import { showFor } from '../shared/display';
import { expiryField, expirySeconds } from '../shared/fields';
import type { Operation } from '../shared/operation';
import { forEachItem } from '../shared/operation';

/** Purposes are the service's own, and compatible servers have others. */
function purposeOf(context: IExecuteFunctions, itemIndex: number): string {
	const purpose = context.getNodeParameter('purpose', itemIndex);
	if (typeof purpose === 'string' && purpose.trim() !== '') return purpose.trim();
	throw new NodeOperationError(context.getNode(), 'The purpose is missing', {
		itemIndex,
		description: 'Files of requests have the purpose batch.',
	});
}

export const upload: Operation = {
	option: {
		name: 'Upload',
		value: 'upload',
		action: 'Upload a file',
		description: 'Upload a binary file, for example a JSONL file of requests',
	},
	properties: showFor('file', 'upload', [
		{
			displayName: 'Input Binary Field',
			name: 'binaryPropertyName',
			type: 'string',
			default: 'data',
			required: true,
			hint: 'The name of the input field that contains the file',
		},
		{
			displayName: 'Purpose',
			name: 'purpose',
			type: 'string',
			default: 'batch',
			required: true,
			placeholder: 'e.g. batch',
			description:
				'What the file is for: batch for requests; also assistants, evals, fine-tune, user_data or vision',
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
					'How long the service keeps the file. Without it, files for batches are kept for 30 days.',
				),
				{
					displayName: 'File Name',
					name: 'fileName',
					type: 'string',
					default: '',
					placeholder: 'e.g. requests.jsonl',
					description: 'The name at the service; files for batches have to end with .jsonl',
				},
			],
		},
	]),
	execute: forEachItem(async (context, itemIndex) => {
		const property = context.getNodeParameter('binaryPropertyName', itemIndex) as
			string | IBinaryData;
		const purpose = purposeOf(context, itemIndex);
		const options = context.getNodeParameter('options', itemIndex, {}) as IDataObject;
		const { fileName, expiresAfter } = options;
		const expiresAfterSeconds = expirySeconds(context, expiresAfter, 'Expires After', itemIndex);
		const binary = await binarySource(context, itemIndex, property);
		if (binary.bytes > MAX_FILE_BYTES) {
			throw new NodeOperationError(context.getNode(), 'The file is larger than 512 MB', {
				itemIndex,
				description: 'The service does not store larger files: cut it into several.',
			});
		}
		const client = new OpenAiClient(context, { itemIndex });
		const source = { ...binary, fileName: fileName ? String(fileName) : binary.fileName };
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
