import { createHash } from 'node:crypto';
import { PICTURES } from './emulator/pictures';
import { writePng } from './png';

/** Bytes that are the same in every run, and as many as are asked for. */
export function noise(bytes: number, seed = 'noise'): Buffer {
	const blocks: Buffer[] = [];
	for (let made = 0, index = 0; made < bytes; made += 32, index++) {
		blocks.push(createHash('sha256').update(`${seed} ${index}`).digest());
	}
	return Buffer.concat(blocks).subarray(0, bytes);
}

const picture = (format: keyof typeof PICTURES, more = 0) =>
	Buffer.concat([Buffer.from(PICTURES[format], 'base64'), noise(more, format)]);

/** A PNG of these dimensions, as far as its header goes. */
export function png(width: number, height: number, more = 0): Buffer {
	const head = Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR........\x08\x06\0\0\0', 'latin1');
	head.writeUInt32BE(width, 16);
	head.writeUInt32BE(height, 20);
	return Buffer.concat([head, noise(more)]);
}

/** A whole PNG that any program can show: a square of one colour, as red, green and blue. */
export function solidPng(side: number, colour: readonly [number, number, number]): Buffer {
	const points = Buffer.alloc(side * side * 3, Buffer.from(colour));
	return writePng({ width: side, height: side, points });
}

/** A whole PDF of one page with lines of plain text, which any program can show. */
export function pdf(lines: readonly string[]): Buffer {
	const shown = lines.map((line) => `(${line.replace(/[()\\]/g, '\\$&')}) Tj T*`).join('\n');
	const content = `BT /F1 14 Tf 20 TL 72 740 Td\n${shown}\nET`;
	const objects = [
		'<< /Type /Catalog /Pages 2 0 R >>',
		'<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
		'<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
		`<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
		'<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
	];
	let file = '%PDF-1.4\n';
	const places = objects.map((object, index) => {
		const place = file.length;
		file += `${index + 1} 0 obj\n${object}\nendobj\n`;
		return `${String(place).padStart(10, '0')} 00000 n \n`;
	});
	const size = objects.length + 1;
	const table = `xref\n0 ${size}\n0000000000 65535 f \n${places.join('')}`;
	const trailer = `trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${file.length}\n%%EOF\n`;
	return Buffer.from(file + table + trailer, 'latin1');
}

/** A JPEG of these dimensions, behind so many bytes of EXIF data and the like. */
export function jpeg(width: number, height: number, before = 0): Buffer {
	const segments: Buffer[] = [Buffer.from([0xff, 0xd8])];
	for (let left = before; left > 0; left -= 65_000) {
		const segment = Buffer.alloc(2 + Math.max(2, Math.min(left, 65_000)), 0xff);
		segment.writeUInt16BE(0xffe1, 0);
		segment.writeUInt16BE(segment.length - 2, 2);
		segments.push(segment);
	}
	const frame = Buffer.from([0xff, 0xc2, 0, 17, 8, 0, 0, 0, 0, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11]);
	frame.writeUInt16BE(height, 5);
	frame.writeUInt16BE(width, 7);
	return Buffer.concat([...segments, frame, Buffer.from([1, 0xff, 0xd9])]);
}

/** Files of every kind that can be attached, some of them longer than a chunk. */
export const FILES = {
	'cat.png': { content: picture('png', 200_000), mimeType: 'image/png' },
	'cat.jpg': { content: picture('jpeg', 1), mimeType: 'image/jpeg' },
	'cat.webp': { content: picture('webp', 2), mimeType: 'image/webp' },
	'cat.gif': { content: picture('gif'), mimeType: 'image/gif' },
	'bill.pdf': {
		content: Buffer.concat([Buffer.from('%PDF-1.7\n'), noise(150_000)]),
		mimeType: 'application/pdf',
	},
	'sums.csv': { content: Buffer.from('name;sum\nÄpfel;3\n'), mimeType: 'text/csv' },
	'letter.docx': {
		content: Buffer.concat([Buffer.from('PK\x03\x04'), noise(1_000)]),
		mimeType: 'application/octet-stream',
	},
	'call.wav': {
		content: Buffer.concat([Buffer.from('RIFF....WAVEfmt ', 'latin1'), noise(70_001)]),
		mimeType: 'audio/wav',
	},
	'call.mp3': {
		content: Buffer.concat([Buffer.from('ID3\x04\0'), noise(5)]),
		mimeType: 'audio/mpeg',
	},
} as const;

export type FileName = keyof typeof FILES;

export const base64 = (name: FileName) => FILES[name].content.toString('base64');

/** What the data URL of a file has to be, to the letter. */
export const dataUrl = (name: FileName, mimeType: string = FILES[name].mimeType) =>
	`data:${mimeType};base64,${base64(name)}`;
