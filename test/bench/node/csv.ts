import { bodyFor, idOf, requestFor } from './rows';

/** What a request is asked about, as one row of a spreadsheet. */
export interface CsvRow {
	id: string;
	title: string;
	text: string;
}

/** Length of each row in bytes, with its line break. */
export const CSV_BYTES = 100;

/** Length of each prompt in bytes, about. */
export const PROMPT_BYTES = 600;

const HEADER = 'id,title,text\n';
const WORDS = 'the quick brown fox jumps over the lazy dog; ';
const CHUNK_CHARACTERS = 64 * 1024;

/** One row of the file. The title has a comma, so that it is in quotes. */
function csvRow(index: number): string {
	const head = `${idOf(index)},"Film ${index}, uncut",`;
	const text = WORDS.repeat(3).slice(0, CSV_BYTES - head.length - 1);
	return `${head}${text}\n`;
}

/** A CSV file with so many rows, piece by piece. */
export function* csvChunks(rows: number): Generator<Buffer> {
	let text = HEADER;
	for (let index = 0; index < rows; index++) {
		text += csvRow(index);
		if (text.length < CHUNK_CHARACTERS) continue;
		yield Buffer.from(text);
		text = '';
	}
	yield Buffer.from(text);
}

/** Reads one row of this file, and of no other. */
export function readCsvRow(line: string): CsvRow {
	const [, id, title, text] = /^([^,]*),"([^"]*)",(.*)$/.exec(line)!;
	return { id, title, text };
}

/** What stands in each prompt before the row. */
export const INSTRUCTIONS = WORDS.repeat(20).slice(0, PROMPT_BYTES - CSV_BYTES);

/** The request of a row, as all contestants send it. */
export const requestOf = ({ id, title, text }: CsvRow): object =>
	requestFor(id, bodyFor(`${INSTRUCTIONS}${title}: ${text}`));
