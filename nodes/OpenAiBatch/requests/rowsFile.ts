import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import type { RequestSource } from './requestSource';
import { fieldsSource } from './requestSource';
import type { Opened, OpenOptions, RequestFile } from './requestsFile';
import { checkRecord, open, parsed, RecordProblem } from './requestsFile';
import type { RowColumns } from './rowParameters';
import { RowParameters } from './rowParameters';
import { RequestProblem } from '../../endpoints/endpoint';
import type { CsvRow } from '../../jsonl/csv';
import { cellsOf, headerFault, saysSeparator, separatorOf } from '../../jsonl/csv';
import { foreignRows } from '../../jsonl/fileFormat';
import type { JsonObject } from '../../jsonl/json';
import { isObject, membersOf, tryParseJson } from '../../jsonl/json';
import type { Checkpoint, Encoding, Separator, TextRecord } from '../../jsonl/records';
import { encodingOf, inUtf8, readRecords, RecordSplitter, SLICE_BYTES } from '../../jsonl/records';
import type { RequestLine } from '../../jsonl/split';
import { serializeRequest } from '../../jsonl/split';
import type { BinarySource } from '../shared/binary';

/** The columns of a file that can give its records as rows. */
interface RowReader extends RowColumns {
	/** Of CSV. */
	separator?: Separator;
	/** Where the first row begins. */
	from?: Checkpoint;
	/** Takes the next row. @throws {RecordProblem} */
	take: (record: TextRecord) => void;
}

function csvReader({ head, isWhole, error }: Opened, text: string, chosen?: Separator): RowReader {
	const separator = chosen ?? separatorOf(text);
	const splitter = new RecordSplitter(separator);
	const records: TextRecord[] = [];
	const wanted = saysSeparator(text) ? 2 : 1;
	for (let start = 0; start < head.length && records.length < wanted;) {
		const lineEnd = head.indexOf('\n', start);
		const end = lineEnd === -1 ? head.length : lineEnd + 1;
		records.push(...splitter.push(head.subarray(start, end)));
		start = end;
	}
	if (isWhole && records.length < wanted) records.push(...splitter.end());
	const header = records[wanted - 1];
	if (header === undefined) {
		throw error(
			'Its header does not end. Rows are read from CSV whose first line names the columns.',
		);
	}
	const names = cellsOf(header.text, separator);
	const fault = header.invalidUtf8
		? 'Its header has bytes that are not UTF-8. Set Encoding under Rows File Options to the encoding of the file, often Windows-1252, or save the file as UTF-8.'
		: headerFault(names);
	if (fault !== undefined) throw error(fault);
	return new CsvColumns(names.cells, separator, splitter.checkpoint);
}

const SEPARATOR_NAMES: Record<Separator, string> = {
	',': 'commas',
	';': 'semicolons',
	'\t': 'tabs',
	'|': 'vertical bars',
};

class CsvColumns implements RowReader {
	line = 0;
	private cells: string[] = [];

	constructor(
		readonly names: readonly string[],
		readonly separator: Separator,
		readonly from: Checkpoint,
	) {}

	reader(name: string) {
		const exact = this.names.indexOf(name);
		const trimmed = name.trim();
		const index =
			exact === -1 ? this.names.findIndex((column) => column.trim() === trimmed) : exact;
		return index === -1 ? undefined : () => this.cells[index];
	}

	take(record: TextRecord): void {
		checkRecord(record, 'invalid_row');
		const { names, separator } = this;
		const row = cellsOf(record.text, separator);
		if (row.fault) throw new RecordProblem('invalid_row', this.quoteFault(row.fault, record.line));
		if (row.cells.length !== names.length) {
			const cells = `${row.cells.length} cell${row.cells.length === 1 ? '' : 's'}`;
			const missing = names[row.cells.length];
			const first =
				missing === undefined ? '' : ` The first column without one is '${missing.slice(0, 60)}'.`;
			throw new RecordProblem(
				'invalid_row',
				`It has ${cells}, but the header has ${names.length}, separated by ${SEPARATOR_NAMES[separator]}.${first} Put cells with separators, quotes or line breaks in quotes.`,
			);
		}
		this.line = record.line;
		this.cells = row.cells;
	}

	private quoteFault({ cell, kind, lines }: NonNullable<CsvRow['fault']>, line: number): string {
		const name = this.names[cell] === undefined ? cell + 1 : `'${this.names[cell].slice(0, 60)}'`;
		const where = `The quote of column ${name} in line ${line + lines}`;
		return kind === 'unclosed'
			? `${where} is never closed. Nothing behind it can be read.`
			: `${where} is closed, but more text stands behind it. Write a quote inside of a cell twice.`;
	}
}

/** The columns are the keys of all objects in the head. */
function jsonReader({ head, isWhole, error }: Opened): RowReader {
	const splitter = new RecordSplitter(undefined);
	const records = splitter.push(head);
	if (isWhole) records.push(...splitter.end());
	const names = new Set<string>();
	for (const { text } of records) {
		const row = tryParseJson(text);
		if (row.ok && isObject(row.value)) Object.keys(row.value).forEach((key) => names.add(key));
	}
	if (names.size > 0) return new JsonColumns([...names]);
	const [first] = records;
	throw error(
		first ? `Line ${first.line} is no JSON object with the columns as keys.` : 'It has no rows.',
	);
}

class JsonColumns implements RowReader {
	line = 0;
	private text = '';
	private row: JsonObject = {};
	/** The members of the row as they are written, once something needs them. */
	private written: Map<string, string> | undefined;

	constructor(readonly names: readonly string[]) {}

	reader(name: string) {
		const key = this.names.includes(name) ? name : name.trim();
		return this.names.includes(key) ? () => this.textOf(key) : undefined;
	}

	take(record: TextRecord): void {
		checkRecord(record, 'invalid_json_line');
		const row = parsed(record);
		if (!isObject(row)) {
			throw new RecordProblem(
				'invalid_json_line',
				'It is no JSON object with the columns as keys.',
			);
		}
		this.line = record.line;
		this.text = record.text;
		this.row = row;
		this.written = undefined;
	}

	/** A number keeps its digits, and what is nested is JSON, as it stands in the file. */
	private textOf(name: string): string {
		const value = Object.hasOwn(this.row, name) ? this.row[name] : undefined;
		if (typeof value === 'string') return value;
		if (value === null) return '';
		if (value === undefined) {
			throw new RequestProblem(
				`It has no column '${name.slice(0, 60)}'. Give every row the same columns, with null for no value.`,
			);
		}
		this.written ??= new Map(
			[...membersOf(this.text)].map(({ key, from, to }) => [key, this.text.slice(from, to)]),
		);
		return this.written.get(name)!;
	}
}

/** A file of rows, CSV or JSONL, from which the fields of the panel make requests. */
export async function openRows(
	context: IExecuteFunctions,
	itemIndex: number,
	{ endpoint, server, inputField }: OpenOptions,
): Promise<RequestFile> {
	const opened = await open(context, itemIndex, inputField);
	const chosen = context.getNodeParameter('rowsOptions', itemIndex, {}) as IDataObject;
	const set = (value: unknown) => (value === undefined || value === 'auto' ? undefined : value);
	const encoding = (set(chosen.encoding) ?? encodingOf(opened.head)) as Encoding;
	const head = await decoded(opened, encoding);
	const text = head.toString();
	const format = set(chosen.format) ?? (/^\s*\{/.test(text) ? 'jsonl' : 'csv');
	const foreign = foreignRows(opened.head, set(chosen.format) === 'csv' ? undefined : text);
	if (foreign !== undefined) throw opened.error(foreign);
	const inHead = { ...opened, head };
	const reader =
		format === 'csv'
			? csvReader(inHead, text, set(chosen.separator) as Separator | undefined)
			: jsonReader(inHead);
	const parameters = new RowParameters(context, itemIndex, reader);
	const source = fieldsSource({ context, parameters, endpoint, server });
	parameters.checkInsertions();
	return rowsFile(opened.source, { itemIndex, encoding, reader, parameters, source });
}

/** The head in UTF-8. It may end within a character, unless it is all of the file. */
async function decoded({ head, isWhole, error }: Opened, encoding: Encoding): Promise<Buffer> {
	const pieces: Buffer[] = [];
	try {
		for await (const piece of inUtf8([head], encoding)) {
			pieces.push(piece);
			if (!isWhole && pieces.length * SLICE_BYTES >= head.length) break;
		}
	} catch (fault) {
		throw error((fault as Error).message);
	}
	return Buffer.concat(pieces);
}

function rowsFile(
	{ open: openSource }: BinarySource,
	{
		itemIndex,
		encoding,
		reader,
		parameters,
		source,
	}: {
		itemIndex: number;
		encoding: Encoding;
		reader: RowReader;
		parameters: RowParameters;
		source: RequestSource;
	},
): RequestFile {
	const { separator } = reader;
	let last: TextRecord | undefined;
	const take = (record: TextRecord) => {
		if (last === record) return;
		reader.take(record);
		last = record;
	};
	const request = (record: TextRecord, index: number, customId: string) => {
		take(record);
		return source.request(index, customId);
	};
	const customId = (record: TextRecord) => {
		take(record);
		return source.customId(0);
	};
	return {
		itemIndex,
		unit: 'row',
		read: (signal, from = reader.from) =>
			readRecords(inUtf8(openSource(signal), encoding), { separator, from }),
		customId,
		request,
		line: (record, index, checked = request(record, index, customId(record))) =>
			serializeRequest(checked as RequestLine),
		emptyColumn: (parameter) => parameters.emptyInsertion(parameter),
	};
}
