import { crc32, deflateSync } from 'node:zlib';

export interface Bitmap {
	width: number;
	height: number;
	/** One row after the other, three bytes for each point; with a palette one byte, a place in it. */
	points: Buffer;
	/** Three bytes for each colour: red, green and blue. */
	palette?: Buffer;
}

function chunk(type: string, data: Buffer): Buffer {
	const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
	const length = Buffer.alloc(4);
	length.writeUInt32BE(data.length);
	const check = Buffer.alloc(4);
	check.writeUInt32BE(crc32(body));
	return Buffer.concat([length, body, check]);
}

/** Writes a PNG that any program can show. https://www.w3.org/TR/png-3/ */
export function writePng({ width, height, points, palette }: Bitmap): Buffer {
	const header = Buffer.alloc(13);
	header.writeUInt32BE(width, 0);
	header.writeUInt32BE(height, 4);
	header.set([8, palette ? 3 : 2], 8);
	const length = points.length / height;
	// Each row begins with how it is filtered: not at all.
	const rows = Array.from({ length: height }, (_, row) => [
		Buffer.alloc(1),
		points.subarray(row * length, (row + 1) * length),
	]);
	return Buffer.concat([
		Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
		chunk('IHDR', header),
		palette ? chunk('PLTE', palette) : Buffer.alloc(0),
		chunk('IDAT', deflateSync(Buffer.concat(rows.flat()), { level: 9 })),
		chunk('IEND', Buffer.alloc(0)),
	]);
}
