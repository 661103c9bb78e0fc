import type { ByteChunks } from './lines';
import { isUtf8 } from './lines';
import { MAX_BYTES } from './split';

/** The encodings that are read. Windows-1252 is what most programs call Latin-1 or ANSI. */
export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** What separates the cells of CSV. */
export const SEPARATORS = [',', ';', '\t', '|'] as const;
export type Separator = (typeof SEPARATORS)[number];

/** A line of JSONL or a row of CSV, as it stands in the file. */
export interface TextRecord {
	/** The 1-based line on which it begins, as an editor shows it. */
	line: number;
	/** Without the line break at its end. */
	text: string;
	/** Its bytes were not valid UTF-8; `text` has U+FFFD in place of the wrong ones. */
	invalidUtf8?: true;
	/** Why nothing behind it can be read: its quote is never closed, or it is far too long. */
	broken?: 'unclosed' | 'endless';
}

/** Where a record begins, so that a file can be read from there. */
export interface Checkpoint {
	/** How many bytes of UTF-8, without a byte order mark, are before it. */
	byte: number;
	/** 1-based. */
	line: number;
}

/** Some records that follow each other. */
export interface RecordBatch {
	/** Where the first of them begins. */
	start: Checkpoint;
	records: TextRecord[];
}

export interface RecordOptions {
	/** Of CSV, in which quoted cells may have line breaks. Without it, each line is a record. */
	separator?: Separator;
	/** The beginning of the file by default. */
	from?: Checkpoint;
}

/** The pieces that a chunk is read in: n8n's memory and its database give a file as one chunk. */
export const SLICE_BYTES = 65_536;

/** The longest row of CSV. A quote that is never closed would make one row of the whole file. */
export const MAX_ROW_BYTES = 33_554_432;

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const REPLACEMENT = '\ufffd';
const START: Checkpoint = { byte: 0, line: 1 };

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
	constructor(readonly encoding: Encoding) {
		super(`The file has bytes that are not ${encoding.toUpperCase()}.`);
		this.name = 'WrongEncodingError';
	}
}

/**
 * The content of a file in UTF-8, without a byte order mark, in small pieces.
 *
 * @throws {WrongEncodingError} for bytes that are not in UTF-16; in UTF-8 they are passed on
 */
export async function* inUtf8(chunks: ByteChunks, encoding: Encoding): AsyncGenerator<Buffer> {
	const decode = encoding === 'utf-8' ? undefined : decoderOf(encoding);
	let head: Buffer | undefined = Buffer.alloc(0);
	for await (const chunk of chunks) {
		for (let start = 0; start < chunk.length; start += SLICE_BYTES) {
			const slice = bufferOf(chunk.subarray(start, start + SLICE_BYTES));
			if (decode) {
				yield decode(slice);
				continue;
			}
			if (head === undefined) {
				yield slice;
				continue;
			}
			head = head.length === 0 ? slice : Buffer.concat([head, slice]);
			if (head.length < 3) continue;
			yield withoutMark(head);
			head = undefined;
		}
	}
	if (decode) yield decode();
	else if (head?.length) yield withoutMark(head);
}

/** Decodes one piece after another; without one, what is left at the end. */
function decoderOf(encoding: Exclude<Encoding, 'utf-8'>): (bytes?: Buffer) => Buffer {
	if (encoding === 'windows-1252') return (bytes) => Buffer.from(fromWindows(bytes));
	const decoder = new TextDecoder(encoding, { fatal: true });
	return (bytes) => {
		const text = decoded(decoder, bytes);
		if (text === undefined) throw new WrongEncodingError(encoding);
		return Buffer.from(text);
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

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
	Buffer.from(buffer, byteOffset, byteLength);

const withoutMark = (head: Buffer) =>
	head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? head.subarray(3) : head;

/**
 * Reads the records of a file, as many together as a chunk has. Lines end at a line feed, with or
 * without a carriage return before it; lines without anything are left out. A quote opens a cell of
 * CSV only at its beginning, as spreadsheet programs read it (RFC 4180).
 *
 * @param chunks in UTF-8, from the beginning of the file, in pieces as `inUtf8` makes them
 */
export async function* readRecords(
	chunks: AsyncIterable<Buffer>,
	{ separator, from = START }: RecordOptions = {},
): AsyncGenerator<RecordBatch, void, undefined> {
	const splitter = new RecordSplitter(separator, from);
	let toSkip = from.byte;
	for await (const chunk of chunks) {
		if (toSkip >= chunk.length) {
			toSkip -= chunk.length;
			continue;
		}
		const { checkpoint: start } = splitter;
		const records = splitter.push(toSkip > 0 ? chunk.subarray(toSkip) : chunk);
		toSkip = 0;
		if (records.length > 0) yield { start, records };
		if (records.at(-1)?.broken) return;
	}
	const { checkpoint: start } = splitter;
	const last = splitter.end();
	if (last.length > 0) yield { start, records: last };
}

/** Where the splitter is: in a cell of quotes, behind a quote that may close it, or elsewhere. */
type State = 'open' | 'quoted' | 'closing';

/** The state between two chunks: where the unfinished record begins, and its bytes so far. */
export class RecordSplitter {
	private byte: number;
	private line: number;
	private pending: Buffer[] = [];
	private pendingBytes = 0;
	private state: State = 'open';
	private hasQuotes = false;
	/** A line feed stands before the first record, since a quote behind one opens a cell. */
	private lastByte = LF;
	private readonly separatorByte: number | undefined;
	private readonly maxBytes: number;

	/** @param separator of CSV; without it, each line is a record */
	constructor(separator: Separator | undefined, { byte, line }: Checkpoint = START) {
		this.byte = byte;
		this.line = line;
		this.separatorByte = separator?.charCodeAt(0);
		this.maxBytes = separator === undefined ? MAX_BYTES : MAX_ROW_BYTES;
	}

	/** Where the unfinished record begins. */
	get checkpoint(): Checkpoint {
		return { byte: this.byte, line: this.line };
	}

	/** The records that end in this chunk. After a broken one, nothing more is to be pushed. */
	push(chunk: Buffer): TextRecord[] {
		const records: TextRecord[] = [];
		const next = (byte: number, from: number) => {
			const found = chunk.indexOf(byte, from);
			return found === -1 ? chunk.length : found;
		};
		let start = 0;
		let at = 0;
		let lineEnd = -1;
		let quote = this.separatorByte === undefined ? chunk.length : -1;
		while (at < chunk.length) {
			if (this.state === 'quoted') {
				at = next(QUOTE, at) + 1;
				if (at <= chunk.length) this.state = 'closing';
			} else if (this.state === 'closing') {
				this.state = chunk[at] === QUOTE ? 'quoted' : 'open';
				if (this.state === 'quoted') at++;
			} else {
				if (lineEnd < at) lineEnd = next(LF, at);
				if (quote < at) quote = next(QUOTE, at);
				if (quote < lineEnd) {
					const before = quote > 0 ? chunk[quote - 1] : this.lastByte;
					if (before === this.separatorByte || before === LF) this.openQuote();
					at = quote + 1;
				} else {
					at = lineEnd + 1;
					if (lineEnd === chunk.length) break;
					this.take(chunk, start, lineEnd, records);
					start = at;
				}
			}
		}
		this.lastByte = chunk.length > 0 ? chunk[chunk.length - 1] : this.lastByte;
		if (start < chunk.length) this.keep(chunk.subarray(start), records);
		return records;
	}

	/** The last record, if the file did not end with a line break. */
	end(): TextRecord[] {
		const records: TextRecord[] = [];
		if (this.pendingBytes === 0) return records;
		const isUnclosed = this.state === 'quoted';
		this.take(Buffer.alloc(0), 0, 0, records);
		if (isUnclosed) records[records.length - 1].broken = 'unclosed';
		return records;
	}

	private openQuote(): void {
		this.state = 'quoted';
		this.hasQuotes = true;
	}

	/** Copies, since the producer may use its chunk again, and a view would keep all of it. */
	private keep(bytes: Buffer, records: TextRecord[]): void {
		this.pending.push(Buffer.from(bytes));
		this.pendingBytes += bytes.length;
		if (this.pendingBytes <= this.maxBytes) return;
		records.push({ line: this.line, text: '', broken: 'endless' });
		this.pending = [];
		this.pendingBytes = 0;
	}

	private take(chunk: Buffer, start: number, end: number, records: TextRecord[]): void {
		const last = chunk.subarray(start, end);
		const bytes = this.pendingBytes === 0 ? last : Buffer.concat([...this.pending, last]);
		const hasReturn = this.state !== 'quoted' && bytes[bytes.length - 1] === CR;
		const to = bytes.length - (hasReturn ? 1 : 0);
		if (!this.isBlank(bytes, to)) {
			const text = bytes.toString('utf8', 0, to);
			const record: TextRecord = { line: this.line, text };
			if (text.includes(REPLACEMENT) && !isUtf8(bytes.subarray(0, to))) record.invalidUtf8 = true;
			records.push(record);
		}
		this.line += 1 + (this.hasQuotes ? lineFeedsIn(bytes) : 0);
		this.byte += bytes.length + 1;
		this.pending = [];
		this.pendingBytes = 0;
		this.state = 'open';
		this.hasQuotes = false;
	}

	/** A line of JSONL with nothing but white space is none. In CSV, spaces may be a value. */
	private isBlank(bytes: Buffer, to: number): boolean {
		if (this.separatorByte !== undefined) return to === 0;
		for (let at = 0; at < to; at++) {
			if (bytes[at] !== 0x20 && bytes[at] !== 0x09 && bytes[at] !== CR) return false;
		}
		return true;
	}
}

function lineFeedsIn(bytes: Buffer): number {
	let count = 0;
	for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) count++;
	return count;
}
