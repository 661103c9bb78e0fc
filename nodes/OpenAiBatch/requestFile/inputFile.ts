import type { IBinaryData, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import type { UploadSource } from '../../openai/http/multipart';
import { binarySource } from '../shared/binary';

export const inputFileField: INodeProperties = {
	displayName: 'Input Binary Field',
	name: 'binaryPropertyName',
	type: 'string',
	default: 'data',
	required: true,
	hint: 'The name of the input field that contains the file of requests',
};

/** The file of requests that an item has. @throws {NodeOperationError} when it has none */
export async function requestFileOf(
	context: IExecuteFunctions,
	itemIndex: number,
): Promise<UploadSource> {
	const property = context.getNodeParameter('binaryPropertyName', itemIndex);
	return await binarySource(context, itemIndex, property as string | IBinaryData);
}
