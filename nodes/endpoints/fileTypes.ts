/** A kind of file that an attachment can be, and how it is known. */
export interface FileType {
	/** What people call it, with its article: 'a PNG image'. */
	label: string;
	mimeType: string;
	/** The first is given to files that have none of them. */
	extensions: readonly string[];
}

const type = (label: string, mimeType: string, ...extensions: string[]): FileType => ({
	label,
	mimeType,
	extensions,
});

/** What the models of OpenAI look at. */
export const IMAGE_TYPES = {
	png: type('a PNG image', 'image/png', 'png'),
	jpeg: type('a JPEG image', 'image/jpeg', 'jpg', 'jpeg', 'jpe', 'jfif'),
	webp: type('a WebP image', 'image/webp', 'webp'),
	gif: type('a GIF image', 'image/gif', 'gif'),
} as const;

/** What the models of OpenAI listen to. */
export const SOUND_TYPES = {
	wav: type('a WAV file', 'audio/wav', 'wav', 'wave'),
	mp3: type('an MP3 file', 'audio/mpeg', 'mp3'),
} as const;

export const PDF = type('a PDF file', 'application/pdf', 'pdf');

/** What a model of OpenAI does not take, and what people attach all the same. */
const FOREIGN_TYPES = {
	svg: type('an SVG image', 'image/svg+xml', 'svg'),
	heic: type('a HEIC image', 'image/heic', 'heic', 'heif'),
	avif: type('an AVIF image', 'image/avif', 'avif'),
	tiff: type('a TIFF image', 'image/tiff', 'tif', 'tiff'),
	bmp: type('a BMP image', 'image/bmp', 'bmp'),
	ogg: type('an Ogg file', 'audio/ogg', 'ogg', 'oga', 'opus'),
	flac: type('a FLAC file', 'audio/flac', 'flac'),
	aac: type('an AAC file', 'audio/aac', 'aac'),
	mp4: type('an MP4 file', 'audio/mp4', 'm4a', 'mp4'),
	webm: type('a WebM file', 'audio/webm', 'webm'),
	gzip: type('a gzip archive', 'application/gzip', 'gz'),
	zip: type('a ZIP archive', 'application/zip', 'zip'),
	ole: type('an old Office document', 'application/x-ole-storage', 'ole'),
} as const;

const OOXML = 'application/vnd.openxmlformats-officedocument';

/** Documents in a ZIP archive. */
const ZIPPED: readonly FileType[] = [
	type('a Word document', `${OOXML}.wordprocessingml.document`, 'docx'),
	type('a PowerPoint presentation', `${OOXML}.presentationml.presentation`, 'pptx'),
	type('an Excel workbook', `${OOXML}.spreadsheetml.sheet`, 'xlsx'),
	type('an OpenDocument text', 'application/vnd.oasis.opendocument.text', 'odt'),
];

/** Documents of Office before 2007. */
const OLE: readonly FileType[] = [
	type('a Word document', 'application/msword', 'doc'),
	type('a PowerPoint presentation', 'application/vnd.ms-powerpoint', 'ppt'),
	type('an Excel workbook', 'application/vnd.ms-excel', 'xls'),
];

const RTF = type('an RTF document', 'application/rtf', 'rtf');
const PLAIN_TEXT = type('a text file', 'text/plain', 'txt', 'text', 'log');

/** Texts that have a media type of their own. All others are sent as plain text. */
const TEXTS: readonly FileType[] = [
	PLAIN_TEXT,
	type('a CSV file', 'text/csv', 'csv'),
	type('a TSV file', 'text/tab-separated-values', 'tsv'),
	type('a Markdown file', 'text/markdown', 'md', 'markdown'),
	type('a JSON file', 'application/json', 'json'),
	type('an HTML file', 'text/html', 'html', 'htm'),
	type('an XML file', 'text/xml', 'xml'),
];

/** What the models of OpenAI read in the Responses API, by its guide to file inputs. */
export const DOCUMENT_TYPES: readonly FileType[] = [PDF, ...ZIPPED, ...OLE, RTF, ...TEXTS];

const WITH_SIGNATURE = { ...IMAGE_TYPES, ...FOREIGN_TYPES, ...SOUND_TYPES, pdf: PDF, rtf: RTF };

/** What files begin with, one character for each byte. The first entry that matches holds. */
const SIGNATURES: ReadonlyArray<readonly [RegExp | string, keyof typeof WITH_SIGNATURE]> = [
	['\x89PNG\r\n\x1a\n', 'png'],
	[/^\xff\xd8\xff/, 'jpeg'],
	[/^RIFF....WEBP/s, 'webp'],
	[/^GIF8[79]a/, 'gif'],
	[/^RIFF....WAVE/s, 'wav'],
	[/^(?:\xef\xbb\xbf)?\s*%PDF-/, 'pdf'],
	['PK\x03\x04', 'zip'],
	['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'ole'],
	[/^\{\\rtf/, 'rtf'],
	[/^....ftyp(?:hei[cfmsx]|hev[cx]|mif1|msf1)/s, 'heic'],
	[/^....ftypavi[fs]/s, 'avif'],
	[/^....ftyp/s, 'mp4'],
	[/^(?:II\*\0|MM\0\*)/, 'tiff'],
	[/^BM[^]{4}\0\0\0\0/, 'bmp'],
	[/^OggS/, 'ogg'],
	[/^fLaC/, 'flac'],
	['\x1a\x45\xdf\xa3', 'webm'],
	['\x1f\x8b', 'gzip'],
	// After a byte order mark, an XML declaration, a document type or comments.
	[/^(?:\xef\xbb\xbf)?\s*(?:<[?!][^>]*>\s*)*<svg[\s/>]/, 'svg'],
	// Both begin with a frame: eleven bits, then version and layer. AAC has 00 as its layer.
	// A tag has its version behind its name, so that a table with the column ID3 is not one.
	[/^(?:ID3[^ -\xff]\0|\xff[\xe2\xe3\xf2\xf3\xfa\xfb])/, 'mp3'],
	[/^\xff[\xf0\xf1\xf8\xf9]/, 'aac'],
];

/** Enough for what can stand in front of a PDF, or of the root of an SVG. */
const SIGNATURE_BYTES = 1_024;

/** What a file is called, '' for what it is not. */
export interface FileNames {
	fileName: string;
	mimeType: string;
}

/**
 * What a file is, by its first bytes. Its names decide only where the bytes leave a choice: between
 * the documents in a ZIP archive, between texts, and between an SVG image and a text. Undefined for bytes that nothing here knows.
 *
 * @param head the whole file, or at least its first 1,024 bytes
 */
export function fileType(head: Buffer, names: FileNames): FileType | undefined {
	const start = head.toString('latin1', 0, SIGNATURE_BYTES);
	const found = SIGNATURES.find(([signature]) =>
		typeof signature === 'string' ? start.startsWith(signature) : signature.test(start),
	)?.[1];
	if (found === 'zip') return named(ZIPPED, names) ?? FOREIGN_TYPES.zip;
	if (found === 'ole') return named(OLE, names) ?? FOREIGN_TYPES.ole;
	// Documentation may begin with a picture, and XML may be a drawing.
	if (found === 'svg' && named(TEXTS, names) && isText(head)) return textType(names);
	if (found !== undefined) return WITH_SIGNATURE[found];
	// Readers of PDF allow other bytes in front.
	if (named([PDF], names) && start.includes('%PDF-')) return PDF;
	return isText(head) ? textType(names) : undefined;
}

/** Control characters that texts have: white space, escape and the end of files of old. */
const isControl = (byte: number) => byte < 9 || (byte > 13 && byte < 26);

/** Whether bytes may be text: in UTF-16 with its mark, or in an encoding of bytes. */
function isText(head: Buffer): boolean {
	const isUtf16 = /^(?:\xfe\xff|\xff\xfe)/.test(head.toString('latin1', 0, 2));
	return isUtf16 || !head.some(isControl);
}

/** A text by its names. Code is named by its extension, which the service knows. */
function textType(names: FileNames): FileType {
	const extension = extensionOf(names.fileName);
	const own = extension === '' ? PLAIN_TEXT : { ...PLAIN_TEXT, extensions: [extension] };
	return named(TEXTS, names) ?? own;
}

/** The type that a file is called by its extension, or else by its media type. */
function named(types: readonly FileType[], names: FileNames): FileType | undefined {
	const extension = extensionOf(names.fileName);
	return (
		types.find(({ extensions }) => extensions.includes(extension)) ??
		types.find(({ mimeType }) => mimeType === names.mimeType)
	);
}

const PROMISED: readonly FileType[] = [
	...Object.values(IMAGE_TYPES),
	...Object.values(SOUND_TYPES),
	...DOCUMENT_TYPES,
	...Object.values(FOREIGN_TYPES),
];

/** What the name or the media type of a file says that it is; undefined when they say nothing. */
export function promisedType(names: FileNames): FileType | undefined {
	return named(PROMISED, names);
}

/** Whether a file is a text by its type, so that its bytes have no signature. */
export const isTextType = ({ mimeType }: FileType) =>
	TEXTS.some((text) => text.mimeType === mimeType);

const { zip, ole, gzip, mp4, webm, ogg, tiff } = FOREIGN_TYPES;

/** What many formats are made of: a drawing of CAD, a workbook with macros, a raw photo. */
const CONTAINERS: readonly FileType[] = [zip, ole, gzip, mp4, webm, ogg, tiff];

/** Says nothing about a file. */
const ANY_BYTES = 'application/octet-stream';

/**
 * What a file is sent as: its type, but what is not known here, or only as a container, goes to a
 * compatible server as it is called.
 *
 * @param found from `fileType`
 */
export function typeToSend(found: FileType | undefined, names: FileNames): FileType {
	if (found && !CONTAINERS.includes(found)) return found;
	const { label, mimeType, extensions } = found ?? UNKNOWN_TYPE;
	const extension = extensionOf(names.fileName) || extensions[0];
	const keepsMimeType =
		!found || ((found === zip || found === ole) && !isKnownMimeType(names.mimeType));
	const own = names.mimeType === ANY_BYTES ? '' : names.mimeType;
	return { label, mimeType: (keepsMimeType && own) || mimeType, extensions: [extension] };
}

const UNKNOWN_TYPE = type('a file of an unknown type', ANY_BYTES, 'bin');

const isKnownMimeType = (mimeType: string) => PROMISED.some((one) => one.mimeType === mimeType);

/** The name with an extension of its type, which the service reads the type from. */
export function nameWithExtension(fileName: string, { extensions }: FileType): string {
	return extensions.includes(extensionOf(fileName)) ? fileName : `${fileName}.${extensions[0]}`;
}

/** Without the dot, in lower case; '' when there is none. */
export function extensionOf(fileName: string): string {
	return /[^/\\]\.([a-z0-9]{1,10})$/i.exec(fileName)?.[1].toLowerCase() ?? '';
}

const IMAGE_DESCRIPTOR = 0x2c;
const EXTENSION = 0x21;

/**
 * Whether a GIF has more than one image: yes or no, as far as its first bytes show; 'maybe' for one
 * that says that it is repeated, and whose first image is longer than these bytes.
 */
export function isAnimatedGif(head: Buffer): boolean | 'maybe' {
	const start = head.toString('latin1', 0, SIGNATURE_BYTES);
	if (!/^GIF8[79]a/.test(start)) return false;
	let at = 13 + colorTable(head[10]);
	for (let images = 0; at < head.length;) {
		if (head[at] === IMAGE_DESCRIPTOR) {
			if (++images > 1) return true;
			at = afterBlocks(head, at + 11 + colorTable(head[at + 9]));
		} else if (head[at] === EXTENSION) {
			at = afterBlocks(head, at + 2);
		} else return false;
	}
	return start.includes('NETSCAPE2.0') && 'maybe';
}

/** The bytes of a color table, by the flags in front of it. */
const colorTable = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);

/** Where a list of blocks ends, each of which says its length. */
function afterBlocks(head: Buffer, start: number): number {
	let at = start;
	while (at < head.length && head[at] !== 0) at += 1 + head[at];
	return at + 1;
}
