import type { JsonValue } from './json';

/** What a spreadsheet runs as a formula when a cell begins with it; also in full width. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/** A number with a sign, as people write them: digits, and what separates them. */
const SIGNED_NUMBER = /^[+-][\d.,]*\d(?:e[+-]?\d+)?%?$/i;

/**
 * What cannot stand in a cell without quotes. Not only in files with commas: programs of some
 * countries take semicolons for separators. White space at the ends may be cut off, and so is a byte
 * order mark, which is white space, at the beginning of a file.
 */
const NEEDS_QUOTES = /[",;\t\r\n]|^\s|\s$/;

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

const quoted = (text: string) =>
	NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

const harmless = (text: string) =>
	FORMULA.test(text) && !SIGNED_NUMBER.test(text) ? `'${text}` : text;
