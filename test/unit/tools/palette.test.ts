import { inflateSync } from 'node:zlib';
import { palettePng } from '../../../tools/palette';

/** The colours of a picture with one row, as numbers such as 0xff0000. */
function coloursIn(png: Buffer): number[] {
	const chunk = (type: string) => {
		const at = png.indexOf(type, 0, 'latin1');
		return png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4));
	};
	const palette = chunk('PLTE');
	const [filter, ...places] = inflateSync(chunk('IDAT'));
	expect(filter).toBe(0);
	return places.map((place) => palette.readUIntBE(place * 3, 3));
}

function drawn(colours: number[]): Buffer {
	const rgba = Buffer.alloc(colours.length * 4, 255);
	colours.forEach((colour, index) => rgba.writeUIntBE(colour, index * 4, 3));
	return palettePng(colours.length, 1, rgba);
}

describe('palettePng', () => {
	it('keeps the colours of a picture that has few', () => {
		const colours = [0xffffff, 0xff6d00, 0xffffff, 0x007f5f];
		expect(coloursIn(drawn(colours))).toEqual(colours);
	});

	it('replaces no colour by one that looks different, also if there are many greys', () => {
		const greys = Array.from({ length: 256 }, (_, value) => value * 0x010101);
		const kept = coloursIn(drawn([...greys, ...greys, 0xff6d00]));
		expect(kept.pop()).toBe(0xff6d00);
		for (const [index, grey] of [...greys, ...greys].entries())
			expect(Math.abs((kept[index] & 255) - (grey & 255))).toBeLessThan(8);
		expect(new Set(kept).size).toBeLessThan(256);
	});
});
