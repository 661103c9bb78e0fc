import type { ByteChunks } from './lines';
import { bufferOf, inPieces, lineFeedsIn, SLICE_BYTES } from './lines';

/** The encodings that are read. Windows-1252 is what most programs call Latin-1 or ANSI. */
export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** How many bytes of a file are looked at, at most; of text, its first line. */
const HEAD_BYTES = 1_024;

const UTF8_ADVICE = 'Save it as UTF-8.';

const IMAGE =
	'The file is an image. A request file is plain text in JSONL; an image goes into a request as an address or a data URL.';

const BASE64 =
	'The file is the base64 of another file. Decode it first, for example with the operation Base64 String to File of the Convert to File node.';

/** The first bytes of files that people upload by mistake. JSONL starts with `{` or a UTF-8 BOM. */
const MAGIC: ReadonlyArray<readonly [readonly number[], string]> = [
	[[0x1f, 0x8b], 'The file is compressed with gzip. Unpack it first.'],
	[[0x28, 0xb5, 0x2f, 0xfd], 'The file is compressed with Zstandard. Unpack it first.'],
	[[0x42, 0x5a, 0x68], 'The file is compressed with bzip2. Unpack it first.'],
	[[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'The file is compressed with xz. Unpack it first.'],
	[[0x37, 0x7a, 0xbc, 0xaf], 'The file is a 7-Zip archive. Unpack it first.'],
	[
		[0x50, 0x4b, 0x03, 0x04],
		'The file is a ZIP archive or an Excel workbook. JSONL is plain text: unpack the archive, or save the rows as JSONL.',
	],
	[
		[0xd0, 0xcf, 0x11, 0xe0],
		'The file is an Excel workbook or a Word document of the old format. Read its rows with the Extract from File node, and make the requests from them with Submit or Build.',
	],
	[
		[0x50, 0x41, 0x52, 0x31],
		'The file is in the Parquet format. JSONL is plain text: save the rows as JSONL.',
	],
	[[0x89, 0x50, 0x4e, 0x47], IMAGE],
	[[0xff, 0xd8, 0xff], IMAGE],
	[[0x47, 0x49, 0x46, 0x38], IMAGE],
	[
		[0x25, 0x50, 0x44, 0x46],
		'The file is a PDF. A request file is plain text in JSONL, with one request on each line.',
	],
	[[0xff, 0xfe], `The file is encoded in UTF-16. ${UTF8_ADVICE}`],
	[[0xfe, 0xff], `The file is encoded in UTF-16. ${UTF8_ADVICE}`],
	[[0x7b, 0x00], `The file is encoded in UTF-16. ${UTF8_ADVICE}`],
	[[0x00, 0x7b], `The file is encoded in UTF-16. ${UTF8_ADVICE}`],
];

const JSONL = 'A request file is JSONL: one JSON object on each line.';

/** How lines are made from items, in this node or with n8n's own. */
const FROM_ITEMS =
	"Submit and Build make it from your items, with Requests From set to Ready-Made Lines. With n8n's own nodes: put {{ $input.all().map((item) => JSON.stringify(item.json)).join('\\n') }} into a field, once for all items, and use Convert to Text File on it.";

const OBJECT_TEXT =
	"'[object Object]' stands where a request should: an object was inserted into text. Write it with JSON.stringify().";
const PYTHON =
	'It is written as Python prints a dictionary, with single quotes or None, True and False. Write it with json.dumps().';

/** A line that could be the names of columns: at least two, of letters, digits and a little more. */
const CSV_HEADER =
	/^(?:"[^"{}\n]{1,100}"|[\p{L}\p{N}_ .#()/-]{1,100})(?:[,;\t](?:"[^"{}\n]{0,100}"|[\p{L}\p{N}_ .#()/-]{0,100}))+(?=\r?\n|$)/u;

/** What a file is by its start, where that is not a request. */
const FORMATS: ReadonlyArray<readonly [test: RegExp, message: string]> = [
	[/^\[object Object\]/, `${OBJECT_TEXT} ${JSONL}`],
	[
		/^\[/,
		`The file is one JSON document, a list, as Convert to JSON of n8n's Convert to File node makes it. ${JSONL} ${FROM_ITEMS}`,
	],
	[/^\{[ \t\r]*\n/, `The file is one JSON document over several lines. ${JSONL} ${FROM_ITEMS}`],
	[/^\{\s*'/, `The file is not JSON. ${PYTHON} ${JSONL}`],
	[/^</, `The file is HTML or XML. ${JSONL}`],
	[/^data:[^,\s]{1,200};base64,|^eyJ[\w+/=-]{20,}\s*$/i, `${BASE64} ${JSONL}`],
	[
		CSV_HEADER,
		`The file looks like CSV. ${JSONL} Submit and Build make requests from its rows, with Requests From set to Rows File.`,
	],
];

/**
 * What a file is instead of JSONL, in whole sentences; undefined if it may be JSONL.
 *
 * @param head its first bytes: the first line, or as much of it as there is up to some kilobyte
 */
export function foreignFormat(head: Uint8Array): string | undefined {
	const magic = MAGIC.find(([bytes]) => bytes.every((byte, at) => head[at] === byte));
	if (magic) return magic[1];
	const text = Buffer.from(head)
		.toString('utf8')
		.replace(/^\ufeff/, '')
		.trimStart();
	return FORMATS.find(([test]) => test.test(text))?.[1];
}

const ROWS =
	'Rows are read from plain text: CSV with a header, or JSONL with an object on each line. Spreadsheet programs can save a table as CSV.';

/**
 * What a file is instead of rows, in whole sentences; undefined if it may be rows.
 *
 * @param head its first bytes as they are
 * @param text the same as text; left out where it is known to be CSV
 */
export function foreignRows(head: Uint8Array, text?: string): string | undefined {
	const magic = MAGIC.find(([bytes]) => bytes.every((byte, at) => head[at] === byte))?.[1];
	const isUtf16 = magic?.includes('UTF-16');
	const start = text?.trimStart();
	const format =
		start === undefined
			? undefined
			: FORMATS.find(([test]) => test !== CSV_HEADER && test.test(start))?.[1];
	const found = magic !== undefined && !isUtf16 ? magic : format;
	// What follows the first sentence is about files of requests.
	return found && `${/^.*?\.(?= |$)/.exec(found)![0]} ${ROWS}`;
}

/** Whether the first bytes of a file are enough for `foreignFormat`: they have a whole line. */
const isEnough = (head: Uint8Array) =>
	head.length >= HEAD_BYTES || /\S[^\n]*\n/.test(Buffer.from(head).toString('latin1'));

/** Reads as much of a file as `foreignFormat` needs, and closes it. */
export async function readHead(chunks: ByteChunks): Promise<Uint8Array> {
	let head: Uint8Array = new Uint8Array();
	for await (const chunk of chunks) {
		head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES)]);
		if (isEnough(head)) break;
	}
	return head;
}

/** Passes the bytes of a file on, but reads those of a file that is not JSONL only to their end. */
export class FormatGuard {
	/** What the file is instead of JSONL; undefined if it may be JSONL, and before it is known. */
	foreign: string | undefined;

	async *pass(chunks: ByteChunks): AsyncGenerator<Uint8Array, void, undefined> {
		let head: Uint8Array | undefined = new Uint8Array();
		for await (const chunk of chunks) {
			if (head === undefined) {
				if (this.foreign === undefined) yield chunk;
				continue;
			}
			head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
			if (!isEnough(head)) continue;
			yield* this.judged(head);
			head = undefined;
		}
		if (head !== undefined) yield* this.judged(head);
	}

	private judged(head: Uint8Array): Uint8Array[] {
		this.foreign = foreignFormat(head.subarray(0, HEAD_BYTES));
		return this.foreign === undefined && head.length > 0 ? [head] : [];
	}
}

/** Why a line cannot be parsed, and how to correct it. @param parserMessage of `JSON.parse` */
export function unparseable(text: string, parserMessage: string): string {
	const trimmed = text.trim();
	// Some of the tests take long on long lines, whose ends show as much.
	const line =
		trimmed.length > MAX_TESTED ? `${trimmed.slice(0, 1_000)}${trimmed.slice(-1_000)}` : trimmed;
	const hint = LINE_HINTS.find(([test]) => test.test(line))?.[1];
	if (line === '[object Object]') return `This line is not JSON. ${OBJECT_TEXT}`;
	// The parser counts lines inside of this one, which is not the line of the file.
	const reason = parserMessage.replace(/ \(line \d+ column \d+\)/g, '');
	return `This line is not parseable as valid JSON: ${reason}.${hint ? ` ${hint}` : ''}`;
}

/** The longest line, in characters, that the hints are found in as a whole. */
const MAX_TESTED = 10_000;

const LINE_HINTS: ReadonlyArray<readonly [test: RegExp, hint: string]> = [
	[
		/^[[{]$/,
		'The file looks like one JSON document. In JSONL, each request is complete on one line, without a list around them.',
	],
	[/\},$/, 'Remove the commas between the lines.'],
	[/^\{.*\}\s*\{.*\}$/s, 'Put a line break between two requests.'],
	[/^\{\s*'|[^\\]"\s*:\s*(?:None|True|False)\s*[,}]/, PYTHON],
	[/[:,[]\s*-?(?:NaN|Infinity)\s*[,\]}]/, 'JSON has no NaN and no Infinity: write null.'],
	[/^[^{]/, 'Each line of JSONL is a JSON object, which starts with {.'],
];

/** The encoding of a file by its first bytes: a byte order mark, or the zeros of UTF-16. */
export function encodingOf(head: Uint8Array): Exclude<Encoding, 'windows-1252'> {
	const [first, second, third, fourth] = head;
	if (first === 0xff && second === 0xfe) return 'utf-16le';
	if (first === 0xfe && second === 0xff) return 'utf-16be';
	if (first > 0 && second === 0 && third > 0 && fourth === 0) return 'utf-16le';
	if (first === 0 && second > 0 && third === 0 && fourth > 0) return 'utf-16be';
	return 'utf-8';
}

/** A file has bytes that its encoding does not have. */
export class WrongEncodingError extends Error {
	/** @param where the 1-based line, in words */
	constructor(encoding: Encoding, where: string) {
		super(`The file has bytes that are not ${encoding.toUpperCase()}, ${where}.`);
		this.name = 'WrongEncodingError';
	}
}

/**
 * The content of a file in UTF-8, without a byte order mark, in small pieces.
 *
 * @throws {WrongEncodingError} for bytes that are not in UTF-16; in UTF-8 they are passed on
 */
export async function* inUtf8(chunks: ByteChunks, encoding: Encoding): AsyncGenerator<Buffer> {
	if (encoding === 'utf-8') {
		yield* inPieces(chunks);
		return;
	}
	const decode = decoderOf(encoding);
	for await (const chunk of chunks) {
		for (let start = 0; start < chunk.length; start += SLICE_BYTES) {
			yield decode(bufferOf(chunk.subarray(start, start + SLICE_BYTES)));
		}
	}
	yield decode();
}

/** Decodes one piece after another; without one, what is left at the end. */
function decoderOf(encoding: Exclude<Encoding, 'utf-8'>): (bytes?: Buffer) => Buffer {
	if (encoding === 'windows-1252') return (bytes) => Buffer.from(fromWindows(bytes));
	const decoder = new TextDecoder(encoding, { fatal: true });
	let line = 1;
	return (bytes) => {
		const text = decoded(decoder, bytes);
		if (text === undefined) {
			// Half a character at the end is one that was cut off.
			const where = bytes ? `in line ${line} or behind it` : `at its end, in line ${line}`;
			throw new WrongEncodingError(encoding, where);
		}
		const piece = Buffer.from(text);
		line += lineFeedsIn(piece);
		return piece;
	};
}

function decoded(decoder: TextDecoder, bytes: Buffer | undefined): string | undefined {
	try {
		return decoder.decode(bytes, { stream: bytes !== undefined });
	} catch {
		return undefined;
	}
}

/** What Windows-1252 has from 0x80 to 0x9f, where Latin-1 has control characters (WHATWG). */
const WINDOWS = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/** Some versions of Node.js decode it as Latin-1. */
const fromWindows = (bytes: Buffer = Buffer.alloc(0)) =>
	bytes
		.toString('latin1')
		.replace(/[\x80-\x9f]/g, (control) => WINDOWS[control.charCodeAt(0) - 0x80]);
