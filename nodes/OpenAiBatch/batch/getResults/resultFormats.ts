import type { IDataObject } from 'n8n-workflow';
import type { KeptRow } from './keptRows';
import { csvCell } from '../../../jsonl/csv';
import type { Separator } from '../../../jsonl/lines';
import type { JsonValue } from '../../../jsonl/json';
import { isObject, membersOf } from '../../../jsonl/json';

/** What a file of results is written with. */
export interface ResultFormat {
	extension: string;
	mimeType: string;
	/** Whether all results have to be seen before the first line is written. */
	readonly looksAtResults: boolean;
	/** Whether all rows have to be. */
	readonly looksAtRows: boolean;
	/** What the user should know, when the results were looked at; undefined when all is well. */
	readonly hint?: string;
	/** Looks at a result, or at a row, before the first line is written. */
	lookAtResult(item: IDataObject): void;
	lookAtRow(row: KeptRow): void;
	/**
	 * Takes the columns that all rows of a file have, so that these need not be looked at.
	 *
	 * @returns false when they have to be, since there are too many columns
	 */
	takeRowColumns(names: readonly string[]): boolean;
	/** What stands before the first line. */
	head(): string;
	/** What a line has of a result, and of a row. */
	resultText(item: IDataObject): string;
	rowText(row: KeptRow): string;
	/** A whole line, with its line break. */
	line(result: string, row: string | undefined): string;
}

export interface FormatOptions {
	parseJson: boolean;
	hasCost: boolean;
	escapeFormulas: boolean;
	byteOrderMark: boolean;
	/** What separates the cells of CSV. */
	separator: Separator;
}

/** JSON Lines: each result as the item would be. */
class JsonLines implements ResultFormat {
	readonly extension = 'jsonl';
	readonly mimeType = 'application/jsonl';
	readonly looksAtResults = false;
	readonly looksAtRows = false;
	lookAtResult() {}
	lookAtRow() {}
	takeRowColumns = () => true;
	head = () => '';
	resultText = (item: IDataObject) => JSON.stringify(item);
	rowText = ({ text }: KeptRow) => text;
	line(result: string, row: string | undefined) {
		return row === undefined ? `${result}\n` : `${withMember(result, 'row', row)}\n`;
	}
}

/** Adds a member to the text of an object that has some. */
export const withMember = (object: string, key: string, value: string) =>
	`${object.slice(0, -1)},${JSON.stringify(key)}:${value}}`;

/** A column that is none of the rows' own. */
interface NamedColumn {
	name: string;
	/** What stands before the name where that is taken. */
	prefix: string;
}

/** A column that every result has. */
interface Column extends NamedColumn {
	valueOf: (item: IDataObject) => unknown;
}

const own = (name: string, valueOf: Column['valueOf']): Column => ({
	name,
	prefix: 'result',
	valueOf,
});

const member = (value: unknown, name: string) =>
	isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

/** Why an answer is not what was asked for; where it succeeded, in the words of Retry Unfinished. */
function faultOf({ error, refusal, parse_error }: IDataObject): {
	code: unknown;
	message: unknown;
} {
	if (isObject(error)) return { code: error.code, message: error.message };
	if (refusal) return { code: 'refused', message: refusal };
	return { code: parse_error && 'invalid_json', message: parse_error };
}

const BEFORE_CONTENT = [
	own('custom_id', ({ custom_id: id }) => id),
	own('status', ({ status }) => status),
];

const AFTER_CONTENT = [
	own('finish_reason', ({ finish_reason: reason }) => reason),
	own('error_code', (item) => faultOf(item).code),
	own('error_message', (item) => faultOf(item).message),
	own(
		'input_tokens',
		({ usage }) => member(usage, 'input_tokens') ?? member(usage, 'prompt_tokens'),
	),
	own(
		'output_tokens',
		({ usage }) => member(usage, 'output_tokens') ?? member(usage, 'completion_tokens'),
	),
];

const COST = own('cost', ({ cost }) => cost);

/** The content, or the line that could not be read: it may be an answer. */
const contentOf = ({ content, response }: IDataObject) => content ?? response;

/** Enough digits that some of them may be lost when it becomes a number. */
const LONG_NUMBER = /[\d.]{16}/;
/**
 * A cell at the beginning of a file by which Excel takes the file for SYLK, and refuses it. A cell
 * that is in quotes already begins with a quote.
 */
const SYLK = /^ID[^,;\t\r]*/;
/**
 * So many fields of answers have a column of their own, and so many fields of rows beyond those of
 * the first one. Each column adds a separator to every line: answers or rows whose keys are all
 * different would make a file that grows with their number squared.
 */
const MAX_FIELDS = 1_000;
/** JavaScript puts such keys before all others. */
const NUMBER_KEY = /^\d+$/;

/**
 * CSV: the columns of the rows in their order, then those of the result. Parsed content that is an
 * object has a column for each field, up to `MAX_FIELDS`; an answer with a further field stands as a
 * whole in the column content too, and a row in the column row, so that nothing of it is lost. Who
 * comes first has a name: the columns of the rows, then those of the result, then the fields of the
 * content.
 */
class Csv implements ResultFormat {
	readonly extension = 'csv';
	readonly mimeType = 'text/csv';
	readonly looksAtResults: boolean;
	readonly looksAtRows = true;
	private readonly rowColumns = new Set<string>();
	/** So many of them there may be; known with the first row, or with the columns of a file. */
	private mostRowColumns: number | undefined;
	/** How many rows have a field without a column. */
	private crowdedRows = 0;
	/** The place of each field of the content among their columns. */
	private readonly fields = new Map<string, number>();
	/** How many answers have a field without a column. */
	private crowded = 0;
	private hasContent: boolean;
	/** The columns before and behind those of the fields. */
	private columns: { before: Column[]; after: Column[] } = { before: [], after: AFTER_CONTENT };

	constructor(private readonly options: FormatOptions) {
		this.looksAtResults = options.parseJson;
		this.hasContent = !options.parseJson;
	}

	lookAtResult(item: IDataObject) {
		const content = contentOf(item);
		if (!isObject(content)) {
			this.hasContent ||= content !== null && content !== undefined;
			return;
		}
		for (const field of Object.keys(content)) {
			if (this.fields.size === MAX_FIELDS) break;
			if (!this.fields.has(field)) this.fields.set(field, this.fields.size);
		}
		if (!this.hasColumns(content)) this.crowded++;
	}

	get hint() {
		const { crowded, crowdedRows, rowColumns } = this;
		const hints: string[] = [];
		if (crowdedRows > 0) {
			hints.push(
				`${tooManyFields('row', crowdedRows, rowColumns.size)} To keep the same few fields of all rows, name them in Keep Fields when you submit.`,
			);
		}
		if (crowded > 0) {
			hints.push(
				`${tooManyFields('answer', crowded, MAX_FIELDS)} To get the same few fields in all answers, use Answer Columns when you submit.`,
			);
		}
		return hints.length > 0 ? hints.join(' ') : undefined;
	}

	/** Whether each field of an answer has a column. */
	private hasColumns(content: object): boolean {
		return Object.keys(content).every((field) => this.fields.has(field));
	}

	lookAtRow(kept: KeptRow) {
		const names = Object.keys(kept.row);
		this.mostRowColumns ??= names.length + MAX_FIELDS;
		if (this.hasRowColumns(names)) return;
		const inOrder = NUMBER_KEY.test(names[0])
			? Array.from(membersOf(kept.text), ({ key }) => key)
			: names;
		for (const name of inOrder) {
			if (this.rowColumns.size === this.mostRowColumns) break;
			this.rowColumns.add(name);
		}
		if (!this.hasRowColumns(names)) this.crowdedRows++;
	}

	takeRowColumns(names: readonly string[]) {
		this.mostRowColumns ??= names.length + MAX_FIELDS;
		const all = new Set([...this.rowColumns, ...names]);
		if (all.size > this.mostRowColumns) return false;
		for (const name of names) this.rowColumns.add(name);
		return true;
	}

	private hasRowColumns(names: string[]): boolean {
		return names.every((name) => this.rowColumns.has(name));
	}

	head() {
		const { hasCost, byteOrderMark } = this.options;
		const content = own('content', (item) => {
			const value = contentOf(item);
			const isInColumns = this.options.parseJson && isObject(value) && this.hasColumns(value);
			return isInColumns ? undefined : value;
		});
		const isPlain = this.hasContent || this.crowded > 0 || this.fields.size === 0;
		const after = [...AFTER_CONTENT, ...(hasCost ? [COST] : [])];
		const before = [...BEFORE_CONTENT, ...(isPlain ? [content] : [])];
		const fields = Array.from(this.fields.keys(), (name) => ({ name, prefix: 'content' }));
		const rows = this.crowdedRows > 0 ? [{ name: 'row', prefix: 'result' }] : [];
		const names = freeNames([...rows, ...before, ...after, ...fields], this.rowColumns);
		this.columns = { before, after };
		const columns = [...rows, ...before, ...fields, ...after].map((column) => names.get(column)!);
		const header = [...this.rowColumns, ...columns];
		const line = `${byteOrderMark ? '\ufeff' : ''}${this.cells(header)}\r\n`;
		return line.replace(SYLK, '"$&"');
	}

	resultText(item: IDataObject) {
		const { before, after } = this.columns;
		const { separator } = this.options;
		const cells: string[] = [];
		for (const { valueOf } of before) cells.push(this.cell(valueOf(item)));
		if (this.fields.size > 0) cells.push(this.fieldsText(item));
		for (const { valueOf } of after) cells.push(this.cell(valueOf(item)));
		return cells.join(separator);
	}

	/** The cells of the fields. Of a thousand columns an answer fills only some. */
	private fieldsText(item: IDataObject): string {
		const { separator } = this.options;
		const content = contentOf(item);
		const filled: Array<[place: number, cell: string]> = [];
		for (const [field, value] of Object.entries(isObject(content) ? content : {})) {
			const place = this.fields.get(field);
			if (place !== undefined) filled.push([place, this.cell(value)]);
		}
		filled.sort(([a], [b]) => a - b);
		let text = '';
		let last = 0;
		for (const [place, cell] of filled) {
			text += separator.repeat(place - last) + cell;
			last = place;
		}
		return text + separator.repeat(this.fields.size - 1 - last);
	}

	rowText(kept: KeptRow) {
		const { row } = kept;
		const cells: string[] = [];
		let written: Map<string, string> | undefined;
		for (const name of this.rowColumns) {
			const value = member(row, name);
			if (typeof value === 'number' || (typeof value === 'object' && value !== null)) {
				written ??= writtenIn(kept.text);
				const text = written.get(name);
				cells.push(typeof value === 'number' ? (text ?? String(value)) : this.cell(text ?? value));
			} else cells.push(this.cell(value));
		}
		if (this.crowdedRows > 0) {
			cells.push(this.hasRowColumns(Object.keys(row)) ? '' : this.cell(kept.text));
		}
		return cells.join(this.options.separator);
	}

	line(result: string, row: string | undefined) {
		const cells = this.rowColumns.size + (this.crowdedRows > 0 ? 1 : 0);
		if (cells === 0) return `${result}\r\n`;
		const { separator } = this.options;
		return `${row ?? separator.repeat(cells - 1)}${separator}${result}\r\n`;
	}

	private cells(values: unknown[]): string {
		return values.map((value) => this.cell(value)).join(this.options.separator);
	}

	private cell(value: unknown): string {
		return csvCell(value as JsonValue | undefined, this.options.escapeFormulas);
	}
}

/** What became of fields without a column, in whole sentences. @param named how many have one */
function tooManyFields(what: 'answer' | 'row', crowded: number, named: number): string {
	const many = named.toLocaleString('en-US');
	const others =
		crowded === 1
			? `1 ${what} has a further field and stands`
			: `${crowded} ${what}s have further fields and stand`;
	const column = what === 'row' ? 'row' : 'content';
	return `The ${what}s have more than ${many} different fields. The first ${many} have a column each; ${others} in the column ${column} as a whole, as JSON.`;
}

/** The members of an object as they are written, where one of them may have digits that are lost. */
function writtenIn(object: string): Map<string, string> {
	if (!LONG_NUMBER.test(object)) return new Map();
	return new Map(
		Array.from(membersOf(object), ({ key, from, to }) => [key, object.slice(from, to)]),
	);
}

/** A name for each column that neither the rows nor an earlier column has. */
function freeNames(
	columns: readonly NamedColumn[],
	used: ReadonlySet<string>,
): Map<NamedColumn, string> {
	const taken = new Set(used);
	const names = new Map<NamedColumn, string>();
	for (const column of columns) {
		const { name, prefix } = column;
		let free = taken.has(name) ? `${prefix}.${name}` : name;
		for (let number = 2; taken.has(free); number++) free = `${prefix}.${name} ${number}`;
		taken.add(free);
		names.set(column, free);
	}
	return names;
}

/** The formats by the value of Return As. */
export const RESULT_FORMATS: Record<'jsonl' | 'csv', (options: FormatOptions) => ResultFormat> = {
	jsonl: () => new JsonLines(),
	csv: (options) => new Csv(options),
};
