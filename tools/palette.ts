import { writePng } from '../test/support/png';

/** As many colours as one byte can name. */
const MOST = 256;

/** How many colours are kept although others are of the same shade. */
const EXACT = 64;

const channelsOf = (colour: number) => [colour >> 16, (colour >> 8) & 255, colour & 255];

/** The place of the colour in the palette that is most like the given one. */
function nearest(colour: number, palette: readonly number[]): number {
	const wanted = channelsOf(colour);
	const distances = palette.map((one) =>
		channelsOf(one).reduce((sum, channel, index) => sum + (channel - wanted[index]) ** 2, 0),
	);
	return distances.indexOf(Math.min(...distances));
}

/** Colours of the same shade cannot be told apart. */
const shadeOf = (colour: number) => colour & 0xf8f8f8;

/**
 * The colours that a picture has most, and then one of each further shade, so that rare shades are
 * not replaced by the many greys of its texts.
 */
function commonColours(points: readonly number[]): number[] {
	const counts = new Map<number, number>();
	for (const point of points) counts.set(point, (counts.get(point) ?? 0) + 1);
	const colours = [...counts].sort(([, one], [, other]) => other - one).map(([colour]) => colour);
	const common = colours.slice(0, EXACT);
	const shades = new Set(common.map(shadeOf));
	for (const colour of colours.slice(EXACT)) {
		if (shades.has(shadeOf(colour))) continue;
		shades.add(shadeOf(colour));
		common.push(colour);
	}
	return common.slice(0, MOST);
}

/**
 * Writes a PNG with at most 256 colours. A screenshot looks the same, and has less than half the
 * size. `rgba` has four bytes for each point.
 */
export function palettePng(width: number, height: number, rgba: Buffer): Buffer {
	const points = Array.from({ length: width * height }, (_, index) =>
		rgba.readUIntBE(index * 4, 3),
	);
	const palette = commonColours(points);
	const places = new Map(palette.map((colour, index) => [colour, index]));
	for (const colour of new Set(points)) {
		if (!places.has(colour)) places.set(colour, nearest(colour, palette));
	}
	return writePng({
		width,
		height,
		points: Buffer.from(points.map((point) => places.get(point)!)),
		palette: Buffer.from(palette.flatMap(channelsOf)),
	});
}
