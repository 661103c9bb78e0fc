import type { IBinaryKeyData, IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { extractContent } from '../../../endpoints';
import type { Content } from '../../../endpoints/content';
import type { Prices } from '../../../jsonl/cost';
import type { JsonObject } from '../../../jsonl/json';
import { isObject } from '../../../jsonl/json';
import { parseJsonContent } from '../../../jsonl/parseJson';
import { costOf } from '../../shared/prices';
import type { BatchResult } from '../results/batchFiles';

/** What became of a request; `missing` is in the input file and in neither result file. */
export type ResultStatus = BatchResult['status'] | 'missing';

/** The content of the output item for one result. */
export interface ResultItem {
	json: IDataObject;
	binary?: IBinaryKeyData;
}

/** Options of Get Results that change an item. */
export interface ItemShape {
	parseJson: boolean;
	/** When off, the line as it was sent is added under `response`. */
	simplify: boolean;
	/** With prices, the item has the cost of its tokens. */
	prices: Prices | undefined;
}

/** The item for one result. */
export function resultItem(result: BatchResult, shape: ItemShape): ResultItem {
	const { batch, body, customId, error, requestId, status, statusCode } = result;
	const succeeded = status === 'succeeded';
	const content = succeeded ? extractContent(batch.endpoint, body) : undefined;
	const json = {
		custom_id: customId,
		batch_id: batch.id,
		status,
		status_code: statusCode,
		request_id: requestId,
		model: content?.model ?? result.model,
		content: content?.content ?? null,
		...(content && shape.parseJson && parsed(content)),
		finish_reason: content?.finish_reason ?? null,
		usage: content?.usage ?? null,
		error,
		...(content?.refusal && { refusal: content.refusal }),
		...(content?.tool_calls && { tool_calls: content.tool_calls }),
		...(shape.prices && { cost: costOf(content?.usage, shape.prices) }),
		...(!shape.simplify && { response: result.raw }),
	};
	return { json: json as unknown as IDataObject };
}

/** The parsed content; or the text as it is, and why it could not be parsed. */
function parsed({ content, finish_reason, refusal }: Content): IDataObject {
	if (typeof content !== 'string' && content !== null) return { content };
	const result = parseJsonContent(content, { finish_reason, refusal });
	return result.ok
		? { content: result.value as IDataObject }
		: { content, parse_error: result.message };
}

/** The item for a request that has no result. */
export function missingItem(customId: string, batchId: string): ResultItem {
	const message = 'The request is in the input file, but in neither of the result files.';
	const json = {
		custom_id: customId,
		batch_id: batchId,
		status: 'missing',
		status_code: null,
		request_id: null,
		model: null,
		content: null,
		finish_reason: null,
		usage: null,
		error: { code: 'missing', message, type: null, param: null },
	};
	return { json };
}

/**
 * Moves the images of a result from base64 in its `content` to binary fields `image`, `image_2`, …
 */
export async function moveImages(context: IExecuteFunctions, item: ResultItem): Promise<void> {
	const { content, custom_id } = item.json;
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
	if (images.length > 0) item.binary = binary;
}

function imagesIn(content: unknown): JsonObject[] {
	const images = Array.isArray(content) ? (content as unknown[]) : [content];
	return images.filter(isObject).filter(({ b64_json }) => typeof b64_json === 'string');
}

interface ImageFormat {
	/** The first bytes of such a file, in hexadecimal. */
	magic: string;
	extension: string;
	mimeType: string;
}

/** The formats that the image endpoints send. */
const IMAGE_FORMATS: readonly ImageFormat[] = [
	{ magic: '89504e47', extension: 'png', mimeType: 'image/png' },
	{ magic: 'ffd8ff', extension: 'jpg', mimeType: 'image/jpeg' },
	{ magic: '52494646', extension: 'webp', mimeType: 'image/webp' },
];

/** Read from the bytes, since an answer need not name its format. */
function formatOf(bytes: Buffer): ImageFormat {
	const head = bytes.toString('hex', 0, 4);
	return IMAGE_FORMATS.find(({ magic }) => head.startsWith(magic)) ?? IMAGE_FORMATS[0];
}
