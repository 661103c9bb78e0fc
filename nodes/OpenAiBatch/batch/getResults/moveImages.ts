import type { IBinaryKeyData, IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { isObject } from '../../../jsonl/json';
import type { JsonObject } from '../../../jsonl/json';

interface Format {
	/** How such a file begins, in hexadecimal. */
	magic: string;
	extension: string;
	mimeType: string;
}

/** What the image endpoints can send. */
const FORMATS: readonly Format[] = [
	{ magic: '89504e47', extension: 'png', mimeType: 'image/png' },
	{ magic: 'ffd8ff', extension: 'jpg', mimeType: 'image/jpeg' },
	{ magic: '52494646', extension: 'webp', mimeType: 'image/webp' },
];

/** An answer is told by its bytes, since the format it names may be absent. */
function formatOf(bytes: Buffer): Format {
	const head = bytes.toString('hex', 0, 4);
	return FORMATS.find(({ magic }) => head.startsWith(magic)) ?? FORMATS[0];
}

function imagesIn(content: unknown): JsonObject[] {
	const images = Array.isArray(content) ? (content as unknown[]) : [content];
	return images.filter(isObject).filter(({ b64_json }) => typeof b64_json === 'string');
}

/**
 * Moves the images of a result from base64 in its `content` to binary fields `image`, `image_2`, …
 *
 * @returns the binary fields, undefined when there is no image
 */
export async function moveImages(
	context: IExecuteFunctions,
	{ content, custom_id }: IDataObject,
): Promise<IBinaryKeyData | undefined> {
	const images = imagesIn(content);
	const name = String(custom_id ?? 'image').replace(/[^\w.-]+/g, '_');
	const binary: IBinaryKeyData = {};
	for (const [index, image] of images.entries()) {
		const bytes = Buffer.from(image.b64_json as string, 'base64');
		delete image.b64_json;
		const number = index === 0 ? '' : `_${index + 1}`;
		const { extension, mimeType } = formatOf(bytes);
		const fileName = `${name}${number}.${extension}`;
		binary[`image${number}`] = await context.helpers.prepareBinaryData(bytes, fileName, mimeType);
	}
	return images.length > 0 ? binary : undefined;
}
