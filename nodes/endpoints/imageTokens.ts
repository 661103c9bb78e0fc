import { HEAD_BYTES, imageSize, LONG_HEAD_BYTES } from './imageSize';
import type { ImageSize } from './imageSize';
import { isObject } from '../jsonl/json';
import type { JsonObject, JsonValue } from '../jsonl/json';

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
