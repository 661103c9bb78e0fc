import {
	DOCUMENT_TYPES,
	fileType,
	isAnimatedGif,
	nameWithExtension,
	PDF,
	typeToSend,
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
		['MP3 with a tag', 'ID3\x04\0', '', 'audio/mpeg'],
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
		['a table whose first column is ID3', 'ID3,name,age\n1,Ada,36', 'a.csv', 'text/csv'],
		[
			'documentation that begins with a picture',
			'<svg width="1"/>\n# A',
			'README.md',
			'text/markdown',
		],
		['XML that is a drawing', '<?xml version="1.0"?>\n<svg>', 'drawing.xml', 'text/xml'],
		['SVG without a name', '<svg>', '', 'image/svg+xml'],
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

describe('typeToSend', () => {
	const ZIP = 'PK\x03\x04';
	const OLE = '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1';
	const MACROS = 'application/vnd.ms-excel.sheet.macroenabled.12';
	const ODS = 'application/vnd.oasis.opendocument.spreadsheet';

	it.each<[content: string, fileName: string, mimeType: string, name: string, sent: string]>([
		['AC1032\0\0', 'plan.dwg', '', 'plan.dwg', 'application/octet-stream'],
		['AC1032\0\0', 'plan.dwg', 'image/vnd.dwg', 'plan.dwg', 'image/vnd.dwg'],
		['AC1032\0\0', 'plan', '', 'plan.bin', 'application/octet-stream'],
		[ZIP, 'a.xlsm', MACROS, 'a.xlsm', MACROS],
		[ZIP, 'x.ods', ODS, 'x.ods', ODS],
		[ZIP, 'x.ods', '', 'x.ods', 'application/zip'],
		[ZIP, 'x', 'application/octet-stream', 'x.zip', 'application/zip'],
		// A media type that the content belies is not kept.
		[ZIP, 'x.ods', 'application/pdf', 'x.ods', 'application/zip'],
		[OLE, 'a.msg', 'application/vnd.ms-outlook', 'a.msg', 'application/vnd.ms-outlook'],
		['\0\0\0\x14ftypqt  ', 'a.mov', 'video/quicktime', 'a.mov', 'audio/mp4'],
		['%PDF-1.7', 'bill.v2', 'application/zip', 'bill.v2.pdf', 'application/pdf'],
	])('%j as %s (%s) is sent as %s (%s)', (content, fileName, mimeType, name, sent) => {
		const names = { fileName, mimeType };
		const found = typeToSend(fileType(latin1(content), names), names);
		expect([nameWithExtension(fileName, found), found.mimeType]).toEqual([name, sent]);
	});
});

describe('isAnimatedGif', () => {
	const header = 'GIF89a\x02\0\x02\0\x80\0\0aaabbb';
	const image = ',\0\0\0\0\x02\0\x02\0\0\x02\x02DD\0';
	const control = '!\xf9\x04\0\0\0\0\0';
	const loop = '!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0';

	it.each<[string, string, boolean | 'maybe']>([
		['one image', `${header}${control}${image};`, false],
		['two images', `${header}${control}${image}${control}${image};`, true],
		['one image that is repeated', `${header}${loop}${control}${image};`, false],
		['a repeated one that goes on', `${header}${loop}${control}${image.slice(0, -1)}`, 'maybe'],
		['one image that goes on', `${header}${control}${image.slice(0, -1)}`, false],
		['another file', `${header.replace('GIF', 'FIG')}${image}${image};`, false],
	])('%s', (_what, content, expected) => {
		expect(isAnimatedGif(latin1(content))).toBe(expected);
	});
});
