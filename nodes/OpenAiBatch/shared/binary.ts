import type { IBinaryData, IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { UploadSource } from '../../openai/http/multipart';
import { openStored } from './binaryStorage';

/**
 * A binary field of an item as content to upload: read from n8n's binary storage piece by piece,
 * or from memory in the mode that keeps it there.
 *
 * @param property the field's name, or the binary itself in workflows that keep binaries in JSON
 * @throws {NodeOperationError} when the item has no such field
 */
export async function binarySource(
	context: IExecuteFunctions,
	itemIndex: number,
	property: string | IBinaryData,
): Promise<UploadSource> {
	const binary = context.helpers.assertBinaryData(itemIndex, property);
	const common = {
		fileName: binary.fileName ?? 'requests.jsonl',
		contentType: binary.mimeType || 'application/octet-stream',
	};
	const { id } = binary;
	if (id === undefined) {
		const buffer = await context.helpers.getBinaryDataBuffer(itemIndex, property);
		return { ...common, bytes: buffer.byteLength, open: () => inOneChunk(buffer) };
	}
	const { fileSize } = await context.helpers.getBinaryMetadata(id);
	return { ...common, bytes: fileSize, open: () => fromStorage(context, id, fileSize) };
}

async function* inOneChunk(buffer: Buffer): AsyncGenerator<Uint8Array> {
	yield buffer;
}

async function* fromStorage(
	context: IExecuteFunctions,
	id: string,
	bytes: number,
): AsyncGenerator<Uint8Array> {
	yield* await openStored(context, id, bytes);
}

/** The name of an output binary field. @throws {NodeOperationError} when it is empty */
export function binaryPropertyName(context: IExecuteFunctions, itemIndex: number): string {
	const name = context.getNodeParameter('binaryPropertyName', itemIndex);
	if (typeof name === 'string' && name.trim() !== '') return name.trim();
	throw new NodeOperationError(context.getNode(), 'The name of the binary field is missing', {
		itemIndex,
		description: 'Enter the name under which the file is kept in the item, usually data.',
	});
}
