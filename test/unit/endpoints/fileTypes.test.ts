import {
	DOCUMENT_TYPES,
	fileType,
	isAnimatedGif,
	nameWithExtension,
	PDF,
} from '../../../nodes/endpoints/fileTypes';
import { PICTURES } from '../../support/emulator/pictures';

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const type = (content: Buffer | string, fileName = '', mimeType = '') =>
	fileType(typeof content === 'string' ? latin1(content) : content, { fileName, mimeType });

describe('fileType', () => {
	it.each<[string, Buffer | string, fileName: string, mimeType: string | undefined]>([
		...(['png', 'jpeg', 'webp', 'gif'] as const).map((format): [string, Buffer, string, string] => [
			format,
			Buffer.from(PICTURES[format], 'base64'),
			'a.txt',
			`image/${format}`,
		]),
		['SVG', Buffer.from(PICTURES.svg, 'base64'), 'a.svg', 'image/svg+xml'],
		['SVG behind a declaration', '<?xml version="1.0"?>\n<!-- a -->\n<svg>', '', 'image/svg+xml'],
		['PDF', '%PDF-1.7', '', 'application/pdf'],
		['PDF behind white space', '\xef\xbb\xbf\r\n%PDF-1.7', '', 'application/pdf'],
		['PDF behind other bytes', 'HTTP/1.1 200\0\r\n%PDF-1.7', 'a.pdf', 'application/pdf'],
		['a text about PDF', 'It begins with %PDF-1.7', 'a.md', 'text/markdown'],
		['WAV', 'RIFF....WAVEfmt ', '', 'audio/wav'],
		['MP3 with a tag', 'ID3\x04', '', 'audio/mpeg'],
		['MP3 without a tag', '\xff\xfb\x90', '', 'audio/mpeg'],
		['AAC', '\xff\xf1\x50', '', 'audio/aac'],
		['HEIC', '\0\0\0\x18ftypheic', 'a.jpg', 'image/heic'],
		['M4A', '\0\0\0\x18ftypM4A ', '', 'audio/mp4'],
		['docx', 'PK\x03\x04', 'A.DOCX', DOCUMENT_TYPES[1].mimeType],
		['xlsx by its media type', 'PK\x03\x04', '', DOCUMENT_TYPES[3].mimeType],
		['a ZIP archive', 'PK\x03\x04', 'a.zip', 'application/zip'],
		['doc', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'a.doc', 'application/msword'],
		[
			'an encrypted docx',
			'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1',
			'a.docx',
			'application/x-ole-storage',
		],
		['RTF', '{\\rtf1', '', 'application/rtf'],
		['CSV', 'a,b\n1,2', 'a.csv', 'text/csv'],
		['JSON by its media type', '{}', 'a', 'application/json'],
		['HTML with a picture in it', '<html><svg></svg></html>', 'a.html', 'text/html'],
		['code', 'print(1)', 'a.py', 'text/plain'],
		['a text in UTF-16', '\xff\xfea\0b\0', 'a.txt', 'text/plain'],
		['a text in Latin-1', 'caf\xe9', '', 'text/plain'],
		['a program', 'MZ\x90\0\x03', 'a.txt', undefined],
	])('%s', (_what, content, fileName, expected) => {
		const mimeType = expected !== undefined && fileName.length < 2 ? expected : '';
		expect(type(content, fileName, mimeType)?.mimeType).toBe(expected);
	});
});

it.each([
	['bill.pdf', 'bill.pdf'],
	['bill.PDF', 'bill.PDF'],
	['bill', 'bill.pdf'],
	['bill.v2', 'bill.v2.pdf'],
	['.pdf', '.pdf.pdf'],
])('the name %s of a PDF file becomes %s', (given, expected) => {
	expect(nameWithExtension(given, PDF)).toBe(expected);
});

describe('isAnimatedGif', () => {
	const header = 'GIF89a\x02\0\x02\0\x80\0\0aaabbb';
	const image = ',\0\0\0\0\x02\0\x02\0\0\x02\x02DD\0';
	const control = '!\xf9\x04\0\0\0\0\0';
	const loop = '!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0';

	it.each<[string, string, boolean]>([
		['one image', `${header}${control}${image};`, false],
		['two images', `${header}${control}${image}${control}${image};`, true],
		['one image that is repeated', `${header}${loop}${control}${image};`, false],
		['a repeated one that goes on', `${header}${loop}${control}${image.slice(0, -1)}`, true],
		['one image that goes on', `${header}${control}${image.slice(0, -1)}`, false],
		['another file', `${header.replace('GIF', 'FIG')}${image}${image};`, false],
	])('%s', (_what, content, expected) => {
		expect(isAnimatedGif(latin1(content))).toBe(expected);
	});
});
