import type { IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { KeptFields } from './plan';
import type { Server } from '../../endpoints/endpoint';
import { isSameEndpoint, RequestProblem } from '../../endpoints/endpoint';
import { cellsOf, readHeader, rowFault, separatorOf } from '../../jsonl/csv';
import { foreignFormat, unparseable } from '../../jsonl/fileFormat';
import type { JsonObject, JsonValue } from '../../jsonl/json';
import { isObject, membersOf, tryParseJson } from '../../jsonl/json';
import type { Checkpoint, RecordBatch, Separator, TextRecord } from '../../jsonl/lines';
import { inPieces, MAX_BYTES, readRecords, RecordSplitter } from '../../jsonl/lines';
import type { BinarySource } from '../shared/binary';
import { inputBinary } from '../shared/binary';

/** A file whose records become requests. Records are given one after the other. */
export interface RequestFile {
	readonly itemIndex: number;
	/** What a record is, for messages. */
	readonly unit: 'line' | 'row';
	/** As `BinarySource` has it. */
	readonly mayStayOpen: boolean;
	/** Reads the records, from the first or from where a batch of an earlier reading began. */
	read: (signal: AbortSignal | undefined, from?: Checkpoint) => AsyncGenerator<RecordBatch>;
	/** @throws {RecordProblem} for a record that cannot be read; {RequestProblem} */
	customId: (record: TextRecord) => string;
	/** The request, to check. @throws as `customId`; {RequestProblem} */
	request: (record: TextRecord, index: number, customId: string) => unknown;
	/** The line to send, of a request that was checked or of a record that was once. */
	line: (record: TextRecord, index: number, checked?: unknown) => string;
	/** A column in a field of the panel that is empty in the record that was read last. */
	emptyColumn: (parameter: string) => string | undefined;
	/** The column of an attachment that the request made last has not, since the column is empty. */
	missingAttachment?: () => string | undefined;
	/** What the user should know about how its requests are made, in whole sentences. */
	hints?: readonly string[];
	/** What is kept of the records; undefined for nothing. */
	kept?: KeptColumns;
}

/** What is kept of each record of a file. */
export interface KeptColumns {
	/** Of the record that was read last, as JSON of an object. */
	row: () => string;
	/** The names of the columns, where every record has just these, in this order. */
	columns?: readonly string[];
}

/** A record that cannot be read, whatever is in it. */
export class RecordProblem extends Error {
	constructor(
		readonly code: 'invalid_json_line' | 'invalid_row',
		message: string,
	) {
		super(message);
	}
}

export interface OpenOptions {
	endpoint: string;
	server: Server;
	/** The parameter that names the binary field. */
	inputField?: string;
	/** Which columns are kept; undefined for none. */
	keep?: KeptFields;
}

/** Opens the file of an item. @throws {NodeOperationError} for a file that cannot be used */
export type OpenFile = (
	context: IExecuteFunctions,
	itemIndex: number,
	options: OpenOptions,
) => Promise<RequestFile>;

/** So much of a file is looked at before it is read, which has to have the whole header. */
const HEAD_BYTES = 262_144;

export interface Opened {
	source: BinarySource;
	head: Buffer;
	/** The head is all of the file. */
	isWhole: boolean;
	error: (message: string) => NodeOperationError;
}

/** Opens the file of an item, and reads its beginning. @throws {NodeOperationError} */
export async function open(
	context: IExecuteFunctions,
	itemIndex: number,
	inputField: string | undefined,
): Promise<Opened> {
	const source = await inputBinary(context, itemIndex, inputField);
	const error = (message: string) =>
		new NodeOperationError(
			context.getNode(),
			`The file '${source.fileName.slice(0, 120)}' cannot be used: ${message}`,
			{ itemIndex },
		);
	const chunks: Uint8Array[] = [];
	let bytes = 0;
	for await (const chunk of source.open(context.getExecutionCancelSignal())) {
		chunks.push(chunk.subarray(0, HEAD_BYTES - bytes));
		bytes += chunk.length;
		if (bytes >= HEAD_BYTES) break;
	}
	if (bytes === 0) throw error('It is empty.');
	return { source, head: Buffer.concat(chunks), isWhole: bytes < HEAD_BYTES, error };
}

/** Refuses records that cannot be read whatever they are made of. */
export function checkRecord(
	{ line, broken, invalidUtf8 }: TextRecord,
	code: RecordProblem['code'],
): void {
	if (broken === 'endless') {
		const message =
			code === 'invalid_row'
				? `The row that begins in line ${line} is far too long. A quote in it may not be closed.`
				: `It is longer than ${MAX_BYTES} bytes. JSONL has one JSON object on each line, and a line feed after it.`;
		throw new RecordProblem(code, message);
	}
	if (!invalidUtf8) return;
	const advice =
		code === 'invalid_row'
			? 'Set Encoding under Rows File Options to the encoding of the file, often Windows-1252, or save the file as UTF-8.'
			: 'Save the file as UTF-8.';
	throw new RecordProblem(code, `It has bytes that are not UTF-8. ${advice}`);
}

export function parsed({ text }: TextRecord): JsonValue {
	const result = tryParseJson(text);
	if (result.ok) return result.value;
	throw new RecordProblem('invalid_json_line', unparseable(text, result.message));
}

/** A file of requests, whose lines are sent as they are. */
export async function openRequests(
	context: IExecuteFunctions,
	itemIndex: number,
	{ endpoint, inputField, keep }: OpenOptions,
): Promise<RequestFile> {
	if (keep) {
		throw new NodeOperationError(
			context.getNode(),
			'Keep Fields cannot be used with Requests File, whose lines have no other fields',
			{
				itemIndex,
				description:
					'Nothing was sent. Set Requests From to Rows File to make the requests from rows, or remove Keep Fields.',
			},
		);
	}
	const { source, head, error } = await open(context, itemIndex, inputField);
	const foreign = foreignFormat(head.subarray(0, 1_024));
	if (foreign !== undefined) throw error(foreign);
	/** Whether a line spells the endpoint in another way, and gets the spelling of the batch. */
	let isRespelled = false;
	let last: { record: TextRecord; value: JsonValue } | undefined;
	const valueOf = (record: TextRecord) => {
		if (last?.record !== record) {
			checkRecord(record, 'invalid_json_line');
			last = { record, value: parsed(record) };
		}
		return last.value;
	};
	return {
		itemIndex,
		unit: 'line',
		mayStayOpen: source.mayStayOpen,
		read: (signal, from) => readRecords(inPieces(source.open(signal)), { from }),
		customId: (record) => {
			const value = valueOf(record);
			return isObject(value) ? (value.custom_id as string) : '';
		},
		request: (record) => {
			const value = valueOf(record);
			if (isObject(value) && value.url !== endpoint && isSameEndpoint(value.url, endpoint)) {
				isRespelled = true;
			}
			return value;
		},
		line: ({ text }) => (isRespelled ? respelled(text, endpoint) : text),
		emptyColumn: () => undefined,
	};
}

/**
 * A line whose url is the endpoint of the batch, where it is so in another spelling. Any other line
 * stays as it is, since those before the first such line were measured like this.
 */
function respelled(text: string, endpoint: string): string {
	if ((JSON.parse(text) as JsonObject).url === endpoint) return text;
	let made = '';
	let end = 0;
	for (const { key, from, to } of membersOf(text)) {
		const isUrl = key === 'url' && isSameEndpoint(JSON.parse(text.slice(from, to)), endpoint);
		if (!isUrl) continue;
		made += text.slice(end, from) + JSON.stringify(endpoint);
		end = to;
	}
	return made + text.slice(end);
}

/** The columns of a file, and the row that is read. */
export interface RowColumns {
	/** For messages. */
	names: readonly string[];
	/** The 1-based line of the row. */
	line: number;
	/**
	 * How the text of a column is read from the row that is read; undefined for no column. What is
	 * returned throws {RequestProblem} where the row does not have the column.
	 */
	reader: (name: string) => (() => string) | undefined;
}

/** The columns of a file that can give its records as rows. */
export interface RowReader extends RowColumns {
	/** Of CSV. */
	separator?: Separator;
	/** Where the first row begins. */
	from?: Checkpoint;
	/** Takes the next row. @throws {RecordProblem} */
	take: (record: TextRecord) => void;
	/** Prepares to keep columns, once for all rows. */
	kept: (keep: KeptFields) => KeptColumns;
}

export function csvReader(
	{ head, isWhole, error }: Opened,
	text: string,
	chosen?: Separator,
): RowReader {
	const header = readHeader(head, { isWhole, separator: chosen ?? separatorOf(text) });
	if (typeof header === 'string') throw error(header);
	return new CsvColumns(header.names, header.separator, header.from);
}

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

	kept(keep: KeptFields): KeptColumns {
		keep.see(() => this.names);
		const columns = this.names.flatMap((name, index) =>
			keep.has(name) ? [{ name, key: `${JSON.stringify(name)}:`, index }] : [],
		);
		const row = () => {
			let members = '';
			for (const { key, index } of columns) {
				members += `${members === '' ? '' : ','}${key}${JSON.stringify(this.cells[index])}`;
			}
			return `{${members}}`;
		};
		return { row, columns: columns.map(({ name }) => name) };
	}

	take(record: TextRecord): void {
		checkRecord(record, 'invalid_row');
		const { names, separator } = this;
		const row = cellsOf(record.text, separator);
		const fault = rowFault(row, { names, separator, line: record.line });
		if (fault !== undefined) throw new RecordProblem('invalid_row', fault);
		this.line = record.line;
		this.cells = row.cells;
	}
}

/** The columns are the keys of all objects in the head. */
export function jsonReader({ head, isWhole, error }: Opened): RowReader {
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
	if (first) throw error(`Line ${first.line} is not a JSON object with the columns as keys.`);
	throw error(
		isWhole
			? 'It has no rows.'
			: `Line ${splitter.checkpoint.line} is longer than ${HEAD_BYTES} bytes. The columns are the keys of the lines in this beginning of the file. Put a shorter row first.`,
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

	/** As they stand in the file, with all digits of their numbers. */
	kept(keep: KeptFields): KeptColumns {
		keep.hasMoreNames = true;
		keep.see(() => this.names);
		const row = () => {
			keep.see(() => Object.keys(this.row));
			if (keep.isAll) return this.text.trim();
			const fields: string[] = [];
			for (const { key, from, to } of membersOf(this.text)) {
				if (keep.has(key)) fields.push(`${JSON.stringify(key)}:${this.text.slice(from, to)}`);
			}
			return `{${fields.join(',')}}`;
		};
		return { row };
	}

	take(record: TextRecord): void {
		checkRecord(record, 'invalid_json_line');
		const row = parsed(record);
		if (!isObject(row)) {
			throw new RecordProblem(
				'invalid_json_line',
				'It is not a JSON object with the columns as keys.',
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
