import type { JsonValue } from './json';
import type { Checkpoint, Separator, TextRecord } from './lines';
import { RecordSplitter, SEPARATORS } from './lines';

/** The cells of a row of CSV, and what is wrong with its quotes. */
export interface CsvRow {
	cells: string[];
	fault?: {
		/** 0-based. */
		cell: number;
		/** Text stands behind the quote that closes the cell, or nothing closes it. */
		kind: 'behind' | 'unclosed';
		/** How many line breaks of the row are before the cell. */
		lines: number;
	};
}

/** Reads the cells of a row of CSV, without the line break at its end, as RFC 4180 says. */
export function cellsOf(text: string, separator: Separator): CsvRow {
	if (!text.includes('"')) return { cells: text.split(separator) };
	const row: CsvRow = { cells: [] };
	for (let start = 0, end = 0; start <= text.length; start = end + 1) {
		let value = '';
		let at = start;
		if (text[start] === '"') {
			const close = closingQuote(text, start + 1);
			value = text.slice(start + 1, close);
			if (value.includes('"')) value = value.replaceAll('""', '"');
			at = close + 1;
			const kind = faultOfQuote(text, close, separator);
			if (kind) row.fault ??= { cell: row.cells.length, kind, lines: lineFeedsBefore(text, start) };
		}
		end = text.indexOf(separator, at);
		if (end === -1) end = text.length;
		row.cells.push(at === end ? value : value + text.slice(at, end));
	}
	return row;
}

/** What is wrong with the quote that closes a cell. */
function faultOfQuote(text: string, close: number, separator: Separator) {
	if (close === text.length) return 'unclosed';
	const isLast = close + 1 === text.length;
	return isLast || text[close + 1] === separator ? undefined : 'behind';
}

/** Where the cell is closed whose content begins at `from`; the length of the text if nowhere. */
function closingQuote(text: string, from: number): number {
	let at = text.indexOf('"', from);
	while (at !== -1 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
	return at === -1 ? text.length : at;
}

function lineFeedsBefore(text: string, end: number): number {
	return text.slice(0, end).split('\n').length - 1;
}

/** The first line by which a file says its separator to Excel. */
const EXCEL_SEPARATOR = /^sep=([,;\t|])\r?\n/i;

/**
 * What separates the cells of a file: what its first line says, or the separator that its header
 * has most often, outside of quotes. A file of one column has a comma.
 *
 * @param head the beginning of the file, with its header
 */
export function separatorOf(head: string): Separator {
	const said = EXCEL_SEPARATOR.exec(head)?.[1];
	if (said !== undefined) return said as Separator;
	const counts = new Map<string, number>(SEPARATORS.map((one) => [one, 0]));
	let isQuoted = false;
	for (let at = 0; at < head.length; at++) {
		const char = head[at];
		if (char === '"') isQuoted = !isQuoted;
		else if (isQuoted) continue;
		else if (char === '\n') break;
		else if (counts.has(char)) counts.set(char, counts.get(char)! + 1);
	}
	return [...SEPARATORS].sort((a, b) => counts.get(b)! - counts.get(a)!)[0];
}

const UTF8_ADVICE =
	'Set Encoding under Rows File Options to the encoding of the file, often Windows-1252, or save the file as UTF-8.';

const OLD_LINE_ENDS =
	'Its lines end with carriage returns alone, as on very old computers. Save it with the line breaks of Unix or Windows.';

/** What the first row of a CSV says. */
export interface CsvHeader {
	names: string[];
	separator: Separator;
	/** Where the first row behind it begins. */
	from: Checkpoint;
}

/**
 * Reads the header of a file.
 *
 * @param head the beginning of the file, in UTF-8
 * @returns why it has none that can be used, in whole sentences, where that is so
 */
export function readHeader(
	head: Buffer,
	{ isWhole, separator }: { isWhole: boolean; separator: Separator },
): CsvHeader | string {
	const splitter = new RecordSplitter(separator);
	const records: TextRecord[] = [];
	const wanted = EXCEL_SEPARATOR.test(head.toString('latin1', 0, 10)) ? 2 : 1;
	for (let start = 0; start < head.length && records.length < wanted;) {
		const lineEnd = head.indexOf('\n', start);
		const end = lineEnd === -1 ? head.length : lineEnd + 1;
		records.push(...splitter.push(head.subarray(start, end)));
		start = end;
	}
	if (isWhole && records.length < wanted) records.push(...splitter.end());
	const header = records[wanted - 1];
	if (header === undefined) {
		if (!head.includes('\n') && head.includes('\r')) return OLD_LINE_ENDS;
		return 'Its header does not end. Rows are read from CSV whose first line names the columns.';
	}
	if (header.invalidUtf8) return `Its header has bytes that are not UTF-8. ${UTF8_ADVICE}`;
	const { cells, fault } = cellsOf(header.text, separator);
	const names = cells.map(nameOfColumn);
	return headerFault({ cells: names, fault }) ?? { names, separator, from: splitter.checkpoint };
}

const SEPARATOR_NAMES: Record<Separator, string> = {
	',': 'commas',
	';': 'semicolons',
	'\t': 'tabs',
	'|': 'vertical bars',
};

/** Where a row is: the names of the columns, what separates them, and the 1-based line of the row. */
interface RowPlace {
	names: readonly string[];
	separator: Separator;
	line: number;
}

/** What is wrong with a row, in whole sentences; undefined when it has a cell for each column. */
export function rowFault(row: CsvRow, place: RowPlace): string | undefined {
	if (row.fault) return quoteFault(row.fault, place);
	const { names, separator } = place;
	const { length } = row.cells;
	if (length === names.length) return undefined;
	const missing = names[length];
	const first =
		missing === undefined ? '' : ` The first column without one is '${missing.slice(0, 60)}'.`;
	return `It has ${length} cell${length === 1 ? '' : 's'}, but the header has ${names.length}, separated by ${SEPARATOR_NAMES[separator]}.${first} Put cells with separators, quotes or line breaks in quotes.`;
}

function quoteFault(
	{ cell, kind, lines }: NonNullable<CsvRow['fault']>,
	{ names, line }: RowPlace,
): string {
	const name = names[cell] === undefined ? cell + 1 : `'${names[cell].slice(0, 60)}'`;
	const where = `The quote of column ${name} in line ${line + lines}`;
	return kind === 'unclosed'
		? `${where} is never closed. Nothing behind it can be read.`
		: `${where} is closed, but more text follows. Write a quote inside a cell as two quotes.`;
}

/**
 * The name of a column, also of one without any: pandas writes its index so, and spreadsheets write
 * empty columns at the end.
 */
const nameOfColumn = (cell: string, index: number) =>
	cell.trim() === '' ? `column_${index + 1}` : cell;

/**
 * Why a header names no columns, in whole sentences; undefined when it does.
 *
 * @param row the cells of the header
 */
export function headerFault({ cells, fault }: CsvRow): string | undefined {
	if (fault) return 'A quote in the header is not closed, or has text behind it.';
	if (cells.some((name) => /\r(?!\n)/.test(name))) return OLD_LINE_ENDS;
	const twice = cells.findIndex((name, index) => cells.indexOf(name) !== index);
	if (twice === -1) return undefined;
	const name = cells[twice];
	return `Columns ${cells.indexOf(name) + 1} and ${twice + 1} of the header have the same name '${name.slice(0, 60)}'. Rename one of them.`;
}

/** What a spreadsheet runs as a formula when a cell begins with it; also in full width. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/** A number with a sign, as people write them: digits, and what separates them. */
const SIGNED_NUMBER = /^[+-][\d.,]*\d(?:e[+-]?\d+)?%?$/i;

/**
 * What cannot stand in a cell without quotes. Not only in files with commas: programs of some
 * countries take semicolons for separators.
 */
const NEEDS_QUOTES = /[",;\t\r\n]/;

/**
 * A value as a cell of CSV (RFC 4180): text as it is, in quotes where it needs them, objects and
 * lists as JSON, and nothing for null.
 *
 * @param escapesFormulas puts an apostrophe before text that a spreadsheet would run as a formula.
 * Numbers stay as they are, also those in a text
 */
export function csvCell(value: JsonValue | undefined, escapesFormulas: boolean): string {
	if (typeof value === 'string') return quoted(escapesFormulas ? harmless(value) : value);
	if (value === null || value === undefined) return '';
	return typeof value === 'object' ? quoted(JSON.stringify(value)) : String(value);
}

/**
 * White space at the ends may be cut off, and so is a byte order mark, which is white space, at the
 * beginning of a file. An expression would look for it at each place of the text.
 */
const quoted = (text: string) =>
	NEEDS_QUOTES.test(text) || text.trim() !== text ? `"${text.replaceAll('"', '""')}"` : text;

const harmless = (text: string) =>
	FORMULA.test(text) && !SIGNED_NUMBER.test(text) ? `'${text}` : text;
