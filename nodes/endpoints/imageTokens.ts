import { asHint, isObject } from '../jsonl/json';
import type { Issue, JsonObject, JsonValue } from '../jsonl/json';

/** The width and height of an image, in pixels. */
export interface ImageSize {
	width: number;
	height: number;
}

type SizeReader = (head: Buffer) => ImageSize | undefined;

/** The bytes of a RIFF file in which the data of its first chunk begin. */
const WEBP_DATA = 20;

/** The three forms of WebP, by the name of the first chunk. */
const WEBP_CHUNKS: Readonly<Record<string, SizeReader>> = {
	/** Extended: two numbers of 24 bits, each less one. */
	VP8X: (head) =>
		size(1 + head.readUIntLE(WEBP_DATA + 4, 3), 1 + head.readUIntLE(WEBP_DATA + 7, 3)),
	/** Lossy: behind the start code 9d 01 2a; the two highest bits are a scale. */
	'VP8 ': (head) =>
		head.readUIntBE(WEBP_DATA + 3, 3) === 0x9d012a
			? size(head.readUInt16LE(WEBP_DATA + 6) & 0x3fff, head.readUInt16LE(WEBP_DATA + 8) & 0x3fff)
			: undefined,
	/** Lossless: behind the signature 2f, two numbers of 14 bits, each less one. */
	VP8L(head) {
		if (head[WEBP_DATA] !== 0x2f) return undefined;
		const bits = head.readUInt32LE(WEBP_DATA + 1);
		return size(1 + (bits & 0x3fff), 1 + ((bits >>> 14) & 0x3fff));
	},
};

/** By what a file begins with, one character for each byte. */
const READERS: ReadonlyArray<readonly [RegExp, SizeReader]> = [
	[/^\x89PNG[^]{8}IHDR/, (head) => size(head.readUInt32BE(16), head.readUInt32BE(20))],
	[/^GIF8[79]a/, (head) => size(head.readUInt16LE(6), head.readUInt16LE(8))],
	[/^RIFF....WEBP/s, (head) => WEBP_CHUNKS[head.toString('latin1', 12, 16)]?.(head)],
	[/^\xff\xd8\xff/, jpegSize],
];

/** How many bytes nearly always have the size in them; only a JPEG may need more. */
export const HEAD_BYTES = 64 * 1024;

/** Enough for a JPEG with a preview, a color profile and notes of its editor in front. */
export const LONG_HEAD_BYTES = 1024 * 1024;

/**
 * The size of a PNG, JPEG, WebP or GIF image, from its first bytes. Undefined for anything else,
 * and when the bytes end too early, which only a JPEG needs more than `HEAD_BYTES` for.
 */
export function imageSize(head: Buffer): ImageSize | undefined {
	const start = head.toString('latin1', 0, 16);
	const read = READERS.find(([pattern]) => pattern.test(start))?.[1];
	try {
		return read?.(head);
	} catch {
		// A read behind the end of the bytes.
		return undefined;
	}
}

function size(width: number, height: number): ImageSize | undefined {
	return width > 0 && height > 0 ? { width, height } : undefined;
}

/** Frames hold the size; their markers are c0 to cf without those of tables and of a reservation. */
const isFrame = (marker: number) =>
	marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

/** Markers without a length and data behind them. */
const isBare = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);

/** Goes from segment to segment; a preview in the EXIF data is inside of one and is not seen. */
function jpegSize(head: Buffer): ImageSize | undefined {
	let at = 2;
	while (at + 9 <= head.length) {
		if (head[at] !== 0xff) return undefined;
		const marker = head[at + 1];
		// Any number of ff may stand in front of a marker.
		if (marker === 0xff) at++;
		else if (isBare(marker)) at += 2;
		else if (isFrame(marker)) return size(head.readUInt16BE(at + 7), head.readUInt16BE(at + 5));
		else at += 2 + head.readUInt16BE(at + 2);
	}
	return undefined;
}

/**
 * How many tokens an image takes, by OpenAI's guide to images and vision of November 2026. What is
 * not in its tables, or only likely, is marked.
 */

/** Models that see an image as patches of 32 by 32 pixels. */
interface PatchRule {
	/** The most patches: a larger image is made smaller. */
	patches: number;
	/** The most pixels a side, to which the image is made smaller first. */
	side?: number;
}

interface PatchModel {
	/** Tokens for each patch. */
	factor: number;
	/** With the detail high, and also with auto unless that is a rule of its own. */
	high: PatchRule;
	auto?: PatchRule;
	original?: PatchRule;
}

/** Models that see an image as tiles of 512 by 512 pixels. */
interface TileModel {
	/** Tokens of an image with the detail low, and of every image. */
	base: number;
	tile: number;
}

const TILE_PIXELS = 512;
const PATCH_PIXELS = 32;

/** With the detail low, the image has at most 512 pixels a side. Likely for all patch models. */
const LOW: PatchRule = { patches: 256, side: 512 };

/** Images of up to 30,000 patches are not made smaller; larger ones are refused. */
const UNRESIZED: PatchRule = { patches: 30_000 };
const LARGE: PatchRule = { patches: 10_000, side: 6_000 };
const HIGH_5_5: PatchRule = { patches: 2_500, side: 2_048 };
const SMALL: PatchRule = { patches: 1_536 };

/** Likely for GPT-6, whose models are missing in the table. */
const NEWEST: PatchModel = {
	factor: 1.2,
	high: { patches: 2_500 },
	auto: UNRESIZED,
	original: UNRESIZED,
};

/** Exactly these models, or their versions of a day. */
const named = (...names: string[]) =>
	new RegExp(`^(?:${names.join('|').replaceAll('.', '\\.')})(?:-\\d{4}-\\d\\d-\\d\\d)?$`);

const MODELS: ReadonlyArray<readonly [RegExp, PatchModel | TileModel]> = [
	[/^gpt-(?:5\.6|6(?:\.\d+)?)-(?!.*(?:audio|chat|image|realtime|search))/, NEWEST],
	[named('gpt-5.5'), { factor: 1.2, high: HIGH_5_5, auto: LARGE, original: LARGE }],
	[named('gpt-5.4'), { factor: 1.2, high: HIGH_5_5, original: LARGE }],
	[named('gpt-5-mini', 'gpt-5.4-mini', 'gpt-4.1-mini'), { factor: 1.62, high: SMALL }],
	[named('gpt-5-nano', 'gpt-5.4-nano', 'gpt-4.1-nano'), { factor: 2.46, high: SMALL }],
	[named('o4-mini'), { factor: 1.72, high: SMALL }],
	[named('gpt-4o', 'gpt-4.1'), { base: 85, tile: 170 }],
	[named('gpt-4o-mini'), { base: 2_833, tile: 5_667 }],
	[named('gpt-5'), { base: 70, tile: 140 }],
	[named('o1', 'o3'), { base: 75, tile: 150 }],
];

/**
 * The tokens of one image; undefined for a model whose rule is not known.
 *
 * @param detail as the body has it: low, high, original or auto, which it also is when absent
 */
export function imageTokens(model: unknown, size: ImageSize, detail: unknown): number | undefined {
	const rule = MODELS.find(([models]) => models.test(String(model)))?.[1];
	if (!rule) return undefined;
	if ('tile' in rule) return detail === 'low' ? rule.base : rule.base + rule.tile * tiles(size);
	return Math.ceil(patches(size, patchRule(rule, detail)) * rule.factor);
}

function patchRule({ high, auto = high, original = auto }: PatchModel, detail: unknown): PatchRule {
	if (detail === 'low') return LOW;
	if (detail === 'high') return high;
	return detail === 'original' ? original : auto;
}

/** Fits into a square of so many pixels, with the same proportions; never larger than before. */
function within({ width, height }: ImageSize, side: number): ImageSize {
	const scale = Math.min(1, side / Math.max(width, height));
	return { width: width * scale, height: height * scale };
}

/** The image is fitted into 2,048 pixels, then its shorter side to 768. */
function tiles(size: ImageSize): number {
	const fitted = within(size, 2_048);
	const scale = Math.min(1, 768 / Math.min(fitted.width, fitted.height));
	return (
		Math.ceil(rounded((fitted.width * scale) / TILE_PIXELS)) *
		Math.ceil(rounded((fitted.height * scale) / TILE_PIXELS))
	);
}

/**
 * An image with too many patches is made smaller until they are few enough, and then until one of
 * its sides has no patch that it fills only in part.
 */
function patches(size: ImageSize, { patches: most, side = Infinity }: PatchRule): number {
	const { width, height } = within(size, side);
	const across = rounded(width / PATCH_PIXELS);
	const down = rounded(height / PATCH_PIXELS);
	const needed = Math.ceil(across) * Math.ceil(down);
	if (needed <= most) return needed;
	const scale = Math.sqrt(most / (across * down));
	const fill = (side: number) => Math.max(1, Math.floor(rounded(side * scale))) / (side * scale);
	const final = scale * Math.min(fill(across), fill(down));
	const left = Math.ceil(rounded(across * final)) * Math.ceil(rounded(down * final));
	return Math.min(left, most);
}

/** Without what floating point adds, as in 3.0000000000000004, which would be a patch more. */
const rounded = (value: number) => Math.round(value * 1e6) / 1e6;

/** The size of an inline image; undefined where it is not known. */
export type SizeOfImage = (url: string) => ImageSize | undefined;

const DATA_URL = /^data:[^,]*;base64,/i;

/** The size of the image in a data URL, from its first bytes. */
export const sizeOfDataUrl: SizeOfImage = (url) => {
	const start = DATA_URL.exec(url.slice(0, 200))?.[0].length;
	if (start === undefined) return undefined;
	const head = (bytes: number) =>
		Buffer.from(url.slice(start, start + Math.ceil(bytes / 3) * 4), 'base64');
	return imageSize(head(HEAD_BYTES)) ?? imageSize(head(LONG_HEAD_BYTES));
};

/** What is attached to a body, with as many tokens as can be told. */
export interface AttachmentTokens {
	tokens: number;
	/** How many attachments are not among the tokens. */
	unknown: number;
}

interface Image {
	url: JsonValue | undefined;
	detail: JsonValue | undefined;
}

/** The parts of a message that are not text, by type, and where an image has its address. */
const PARTS: ReadonlyMap<unknown, (part: JsonObject) => Image | undefined> = new Map([
	[
		'image_url',
		({ image_url }: JsonObject) =>
			isObject(image_url) ? { url: image_url.url, detail: image_url.detail } : undefined,
	],
	['input_image', ({ image_url: url, detail }: JsonObject) => ({ url, detail })],
	['file', () => undefined],
	['input_file', () => undefined],
	['input_audio', () => undefined],
]);

/**
 * Counts one part of a message; undefined for a part that is text.
 *
 * @param model whose rules hold
 */
export function partTokens(
	part: JsonObject,
	model: unknown,
	sizeOf: SizeOfImage,
): AttachmentTokens | undefined {
	const read = PARTS.get(part.type);
	if (!read) return undefined;
	const image = read(part);
	const size = typeof image?.url === 'string' ? sizeOf(image.url) : undefined;
	const tokens = size && imageTokens(model, size, image?.detail);
	return { tokens: tokens ?? 0, unknown: tokens === undefined ? 1 : 0 };
}

/**
 * What a model does not have of the detail of images: `original`, by the same guide, which does not
 * say what becomes of such a request.
 *
 * @param name the field of the body with the messages
 */
export function checkDetail(body: JsonObject, name: 'messages' | 'input'): Issue[] {
	const { model, [name]: messages } = body;
	const at = Array.isArray(messages) ? messages.findIndex(hasOriginal) : -1;
	if (at === -1) return [];
	const rule = MODELS.find(([models]) => models.test(String(model)))?.[1];
	if (!rule || 'tile' in rule || rule.original) return [];
	const message = `${String(model)} does not have the detail 'original' for images. Use 'high'.`;
	return [asHint({ code: 'unsupported_value', param: `body.${name}[${at}].content`, message })];
}

const hasOriginal = (message: JsonValue) =>
	isObject(message) && Array.isArray(message.content) && message.content.some(isOriginal);

const isOriginal = (part: JsonValue) =>
	isObject(part) && PARTS.get(part.type)?.(part)?.detail === 'original';
