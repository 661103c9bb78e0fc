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
