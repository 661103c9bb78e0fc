/** OpenAI's limit for the input file of a batch. Compatible servers may have others. */
export const MAX_BYTES = 209_715_200;

/** A stream of bytes: a Node stream, or anything iterable for tests and small files. */
export type ByteChunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** One line of a file that is not blank. */
export interface Line {
	/** 1-based. Blank lines count, so this is the number that an editor shows. */
	line: number;
	/** Without the line break. */
	text: string;
	/** Set when the bytes were not valid UTF-8; `text` then has U+FFFD in place of the wrong ones. */
	invalidUtf8?: true;
}

export interface LineOptions {
	/** The longest line that is accepted, in bytes; by default the limit of a whole input file. */
	maxLineBytes?: number;
}

/** A line is longer than `maxLineBytes`. Most likely the file is not JSONL at all. */
export class LineTooLongError extends Error {
	constructor(
		/** 1-based number of the line. */
		readonly line: number,
		readonly maxLineBytes: number,
	) {
		super(
			`Line ${line} is longer than ${maxLineBytes} bytes. JSONL has one JSON object on each line, and a line feed after it.`,
		);
		this.name = 'LineTooLongError';
	}
}

/** The pieces that a chunk is read in: n8n's memory and its database give a file as one chunk. */
export const SLICE_BYTES = 16_384;

/** What separates the cells of CSV. */
export const SEPARATORS = [',', ';', '\t', '|'] as const;
export type Separator = (typeof SEPARATORS)[number];

/** A line of JSONL or a row of CSV, as it stands in the file. */
export interface TextRecord extends Line {
	/** Why nothing behind it can be read: its quote is never closed, or it is far too long. */
	broken?: 'unclosed' | 'endless';
}

/** One that was read. A class for the reason that `Parsed` in json.ts is one. */
class ReadRecord implements TextRecord {
	declare invalidUtf8?: true;
	declare broken?: TextRecord['broken'];

	constructor(
		readonly line: number,
		readonly text: string,
	) {}
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
	/** The longest record; by default the limit of a whole input file, or `MAX_ROW_BYTES` of CSV. */
	maxBytes?: number;
}

/** The longest row of CSV. A quote that is never closed would make one row of the whole file. */
export const MAX_ROW_BYTES = 33_554_432;

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const REPLACEMENT = '\ufffd';
const START: Checkpoint = { byte: 0, line: 1 };
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** The bytes of a file in UTF-8 in small pieces, without a byte order mark. */
export async function* inPieces(chunks: ByteChunks): AsyncGenerator<Buffer> {
	let head: Buffer | undefined = Buffer.alloc(0);
	for await (const chunk of chunks) {
		for (let start = 0; start < chunk.length; start += SLICE_BYTES) {
			const slice = bufferOf(chunk.subarray(start, start + SLICE_BYTES));
			if (head === undefined) {
				yield slice;
				continue;
			}
			head = Buffer.concat([head, slice]);
			if (head.length < MARK.length) continue;
			yield withoutMark(head);
			head = undefined;
		}
	}
	if (head?.length) yield withoutMark(head);
}

export const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
	Buffer.from(buffer, byteOffset, byteLength);

const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

const withoutMark = (head: Buffer) =>
	head.subarray(0, MARK.length).equals(MARK) ? head.subarray(MARK.length) : head;

/**
 * Reads JSONL, and yields the lines that each piece completes as one array, never an empty one. A
 * promise for each piece instead of each line makes it a quarter faster on lines of 200 bytes.
 *
 * Lines end only at the byte `\n`: U+2028, U+2029 and U+0085 are legal inside JSON strings, and
 * chunks may cut characters. A `\r` before the `\n`, a UTF-8 BOM at the start and blank lines are
 * dropped. The last line needs no `\n`. A line with bytes that are not UTF-8 is not lost: those
 * bytes are replaced, and the line is marked.
 *
 * @throws LineTooLongError as soon as a line exceeds `maxLineBytes`, before it is held in memory
 */
export async function* readLineBatches(
	chunks: ByteChunks,
	{ maxLineBytes = MAX_BYTES }: LineOptions = {},
): AsyncGenerator<Line[], void, undefined> {
	for await (const { records } of readRecords(inPieces(chunks), { maxBytes: maxLineBytes })) {
		const { broken, line } = records[records.length - 1];
		if (broken) records.pop();
		if (records.length > 0) yield records;
		if (broken) throw new LineTooLongError(line, maxLineBytes);
	}
}

/**
 * Reads the records of a file, as many together as a chunk has. Lines end at a line feed, with or
 * without a carriage return before it; lines without anything are left out. A quote opens a cell of
 * CSV only at its beginning, as spreadsheet programs read it (RFC 4180).
 *
 * @param chunks in UTF-8, from the beginning of the file, in pieces as `inPieces` makes them
 */
export async function* readRecords(
	chunks: AsyncIterable<Buffer>,
	{ separator, from = START, maxBytes }: RecordOptions = {},
): AsyncGenerator<RecordBatch, void, undefined> {
	const splitter = new RecordSplitter(separator, from, maxBytes);
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
	/** The last record was far too long. */
	private isEndless = false;
	/** A line feed stands before the first record, since a quote behind one opens a cell. */
	private lastByte = LF;
	private readonly separatorByte: number | undefined;

	/** @param separator of CSV; without it, each line is a record */
	constructor(
		separator: Separator | undefined,
		{ byte, line }: Checkpoint = START,
		private readonly maxBytes = separator === undefined ? MAX_BYTES : MAX_ROW_BYTES,
	) {
		this.byte = byte;
		this.line = line;
		this.separatorByte = separator?.charCodeAt(0);
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
					if (this.isEndless) return records;
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
		if (this.pendingBytes > this.maxBytes) this.giveUp(records);
	}

	private giveUp(records: TextRecord[]): void {
		records.push({ line: this.line, text: '', broken: 'endless' });
		this.isEndless = true;
		this.pending = [];
		this.pendingBytes = 0;
	}

	private take(chunk: Buffer, start: number, end: number, records: TextRecord[]): void {
		if (this.pendingBytes + end - start > this.maxBytes) {
			this.giveUp(records);
			return;
		}
		if (this.pendingBytes === 0) {
			this.takeFrom(chunk, start, end, records);
			return;
		}
		const bytes = Buffer.concat([...this.pending, chunk.subarray(start, end)]);
		this.pending = [];
		this.pendingBytes = 0;
		this.takeFrom(bytes, 0, bytes.length, records);
	}

	/** Takes a whole record without a view of its bytes, of which there would be a million. */
	private takeFrom(bytes: Buffer, from: number, end: number, records: TextRecord[]): void {
		const hasReturn = this.state !== 'quoted' && end > from && bytes[end - 1] === CR;
		const to = hasReturn ? end - 1 : end;
		if (!this.isBlank(bytes, from, to)) {
			const text = bytes.toString('utf8', from, to);
			const record: TextRecord = new ReadRecord(this.line, text);
			const isReplaced = text.includes(REPLACEMENT) && !isUtf8(bytes.subarray(from, to));
			if (isReplaced) record.invalidUtf8 = true;
			records.push(record);
		}
		this.line += 1 + (this.hasQuotes ? lineFeedsIn(bytes, from, end) : 0);
		this.byte += end - from + 1;
		this.state = 'open';
		this.hasQuotes = false;
	}

	/** A line of JSONL with nothing but white space is none. In CSV, spaces may be a value. */
	private isBlank(bytes: Buffer, from: number, to: number): boolean {
		if (this.separatorByte !== undefined) return to === from;
		for (let at = from; at < to; at++) {
			if (bytes[at] !== 0x20 && bytes[at] !== 0x09 && bytes[at] !== CR) return false;
		}
		return true;
	}
}

export function lineFeedsIn(bytes: Buffer, from = 0, end = bytes.length): number {
	let count = 0;
	let at = bytes.indexOf(LF, from);
	while (at !== -1 && at < end) {
		count++;
		at = bytes.indexOf(LF, at + 1);
	}
	return count;
}

/** Distinguishes a U+FFFD that was in the file from one that replaces wrong bytes. */
export function isUtf8(bytes: Buffer): boolean {
	try {
		strictUtf8.decode(bytes);
		return true;
	} catch {
		return false;
	}
}

/** From so many bytes on, a block is full: as large a piece as streams take with little effort. */
const FULL_BYTES = 131_072;
/** A full block has room for one more text of the usual length. */
const MORE_BYTES = 8_192;

/**
 * Texts one behind the other, as UTF-8. To add them to one long string and encode that takes several
 * times as long: V8 has to copy the pieces together first.
 */
export class TextBlock {
	private block: Buffer = Buffer.alloc(0);
	private used = 0;

	/**
	 * @param fullBytes from so many bytes on, a block is full. A block that takes long to fill is no
	 * longer young when it is sent, and V8 looks for dead buffers that are not young only when it looks
	 * through the whole heap: so it should be smaller.
	 */
	constructor(private readonly fullBytes = FULL_BYTES) {}

	get isEmpty(): boolean {
		return this.used === 0;
	}

	get isFull(): boolean {
		return this.used >= this.fullBytes;
	}

	/** What was added. It is valid until more is added or cleared. */
	get bytes(): Buffer {
		return this.block.subarray(0, this.used);
	}

	/** Adds a text and a line feed, as a line of JSONL has it. */
	addLine(text: string): void {
		this.write(text, 1);
		this.block[this.used++] = LF;
	}

	add(text: string): void {
		this.write(text, 0);
	}

	/** Begins again, in the same memory unless a long text has made it large. */
	clear(): void {
		this.used = 0;
		if (this.block.length > this.fullBytes + MORE_BYTES) this.block = Buffer.alloc(0);
	}

	/** What was added, for somebody who keeps it. The next text begins a block of its own. */
	take(): Buffer {
		const { bytes } = this;
		this.block = Buffer.alloc(0);
		this.used = 0;
		return bytes;
	}

	/** @param behind how many bytes have to have room behind the text */
	private write(text: string, behind: number): void {
		// A code unit of a string takes three bytes at most.
		if (this.used + 3 * text.length + behind > this.block.length) {
			this.reserve(Buffer.byteLength(text) + behind);
		}
		this.used += this.block.write(text, this.used);
	}

	private reserve(more: number): void {
		const needed = this.used + more;
		if (needed <= this.block.length) return;
		const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.fullBytes + MORE_BYTES));
		this.block.copy(larger, 0, 0, this.used);
		this.block = larger;
	}
}
