import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { Opened, OpenOptions, RequestFile, RowColumns, RowReader } from './inputFile';
import { csvReader, jsonReader, open } from './inputFile';
import { fieldLabel, ITEM_ID, ROW_ID } from './request.properties';
import type { RequestSource } from './requestSource';
import { fieldsSource } from './requestSource';
import type { Encoding } from '../../jsonl/fileFormat';
import {
	ENCODINGS,
	encodingOf,
	foreignRows,
	inUtf8,
	WrongEncodingError,
} from '../../jsonl/fileFormat';
import { isObject } from '../../jsonl/json';
import type { TextRecord } from '../../jsonl/lines';
import { readRecords, SEPARATORS, SLICE_BYTES } from '../../jsonl/lines';
import type { RequestLine } from '../../jsonl/split';
import { serializeRequest } from '../../jsonl/split';
import type { ItemParameter, ItemParameterOptions } from '../parameters/itemParameters';
import { isUnset } from '../shared/fields';

/** A column that a text inserts. */
interface Insertion {
	/** The parameter with its path, as `requestOptions.systemMessage`. */
	parameter: string;
	column: string;
	read: () => string;
}

/** The texts in which columns are inserted. */
const TEMPLATES =
	/^(?:prompt|customId|messages\.values\.\d+\.content|requestOptions\.systemMessage|requestOptions\.attachments\.values\.\d+\.(?:url|fileId))$/;

/** A brace that is meant as it stands, a column in braces, or a brace that is neither. */
const BRACES = /\\\{|\{([^{}]*)\}|\{/g;

/** What looks like a column, or an expression of n8n's, in a text that takes none. */
const INSERTION = /\{\{.*?\}\}|\{[^{}]*\}/s;

/** An expression of n8n's, which is not evaluated here. */
const UNEVALUATED = /\{\{\s*\$/;

/** The placeholder for the line of a row, for files without a column of this name. */
const LINE = '$line';

/** How many columns an error lists. */
const LISTED = 30;

/**
 * The parameters of a node whose item holds a file of rows. Texts have columns in braces, and are
 * made for the row that is read now; n8n evaluates a parameter once for the item.
 */
export class RowParameters {
	private readonly insertions: Insertion[] = [];

	constructor(
		private readonly context: IExecuteFunctions,
		private readonly itemIndex: number,
		private readonly columns: RowColumns,
	) {}

	/**
	 * Prepares a parameter, once for all rows.
	 *
	 * @throws {NodeOperationError} for a placeholder that is no column, with a list of the columns
	 */
	read(name: string, { fallback }: ItemParameterOptions = {}): ItemParameter {
		const value = this.valueOf(name, fallback);
		if (name === 'requestOptions') this.refuseBinaries(value);
		if (name === 'model') this.refuseInsertions(value);
		return this.compile(name, value) ?? (() => value);
	}

	/** An item has its binary fields, and a row has none. */
	private refuseBinaries(options: unknown): void {
		const { attachments } = (options ?? {}) as { attachments?: { values?: unknown } };
		const entries = Array.isArray(attachments?.values) ? attachments.values : [];
		const isBinary = ({ source = 'binary' }: { source?: unknown }) => source === 'binary';
		if (!entries.some(isBinary)) return;
		throw this.error(
			'Attachments from a binary field cannot be used with Rows File',
			'Set Source of the attachment to URL or File ID. Both may insert columns, such as {url}.',
		);
	}

	/** A model in braces would be sent as it stands, and every request would fail hours later. */
	private refuseInsertions(model: unknown): void {
		const found = INSERTION.exec(String(isObject(model) ? model.value : model))?.[0];
		if (found === undefined) return;
		throw this.error(
			`Model cannot insert ${shortened(found)}, since all rows of a file have the same model`,
			'Enter the name of the model, or switch the field to Expression. To use several models, make a file of its own for each.',
		);
	}

	/** A column in a parameter that is empty in this row; undefined when there is none. */
	emptyInsertion(name: string): string | undefined {
		return this.insertions.find(
			({ parameter, read }) => isWithin(parameter, name) && read().trim() === '',
		)?.column;
	}

	/** @throws {NodeOperationError} where all rows would have the same id, or be the same request */
	checkInsertions(): void {
		const ids = this.insertions.filter(({ parameter }) => parameter === 'customId');
		if (ids.length === 0) {
			throw this.error(
				'Custom ID has no column in it, so that all rows would have the same id',
				`Insert a column whose values are unique, such as {${this.columns.names[0]}}, or the line of the row: ${ROW_ID}.`,
			);
		}
		if (this.insertions.length > ids.length) return;
		throw this.error(
			'The prompt has no column in it, so that the request would be the same for all rows',
			`Insert columns in braces, such as {${this.columns.names[0]}}. ${this.list()}`,
		);
	}

	/** The id that the panel starts with for items would be the same for all rows. */
	private valueOf(name: string, fallback: unknown): unknown {
		const { context, itemIndex } = this;
		if (name === 'customId') {
			const raw: unknown = context.getNodeParameter(name, itemIndex, ROW_ID, {
				rawExpressions: true,
			});
			if (raw === ITEM_ID) return ROW_ID;
		}
		return context.getNodeParameter(name, itemIndex, fallback);
	}

	/** @returns undefined for what is the same for all rows */
	private compile(path: string, value: unknown): ItemParameter | undefined {
		if (typeof value === 'string') return TEMPLATES.test(path) ? this.text(path, value) : undefined;
		if (typeof value !== 'object' || value === null) return undefined;
		const entries = Object.entries(value).map(
			([key, one]) => [key, one as unknown, this.compile(`${path}.${key}`, one)] as const,
		);
		if (entries.every(([, , compiled]) => compiled === undefined)) return undefined;
		return (index) => {
			const made: Record<string, unknown> = Array.isArray(value) ? ([] as never) : {};
			for (const [key, constant, compiled] of entries) {
				made[key] = compiled ? compiled(index) : constant;
			}
			return made;
		};
	}

	private text(parameter: string, text: string): ItemParameter {
		const pieces: Array<string | (() => string)> = [];
		let end = 0;
		for (const { 0: found, 1: name, index } of text.matchAll(BRACES)) {
			pieces.push(text.slice(end, index));
			end = index + found.length;
			if (found === '\\{') pieces.push('{');
			else pieces.push(this.insertion(parameter, name, text.slice(index)));
		}
		pieces.push(text.slice(end));
		return () => pieces.map((piece) => (typeof piece === 'string' ? piece : piece())).join('');
	}

	private insertion(parameter: string, name: string | undefined, rest: string): () => string {
		const label = fieldLabel(parameter);
		if (UNEVALUATED.test(rest.slice(0, 20))) {
			throw this.error(
				`${label} contains an expression of n8n, which does not know the rows of the file`,
				`Insert columns in braces, such as {${this.columns.names[0]}}. ${this.list()}`,
			);
		}
		if (name === undefined) {
			throw this.error(
				`${label} has a brace that is not closed: ${shortened(rest)}`,
				`Write \\{ for a brace that stays as it is, and {column} to insert a column. ${this.list()}`,
			);
		}
		const read = this.columns.reader(name) ?? this.lineReader(name);
		if (read) {
			this.insertions.push({ parameter, column: name, read });
			return read;
		}
		throw this.error(
			`${label} inserts {${shortened(name)}}, but the file has no such column`,
			`${this.list()} Write \\{ for a brace that stays as it is.`,
		);
	}

	private lineReader(name: string): (() => string) | undefined {
		return name.trim() === LINE ? () => String(this.columns.line) : undefined;
	}

	private list(): string {
		const { names } = this.columns;
		const listed = names.slice(0, LISTED).map((name) => shortened(name));
		if (names.length > LISTED) listed.push(`and ${names.length - LISTED} more`);
		return `The columns are: ${listed.join(', ')}.`;
	}

	private error(message: string, description: string): NodeOperationError {
		const { itemIndex } = this;
		return new NodeOperationError(this.context.getNode(), message, { itemIndex, description });
	}
}

const isWithin = (parameter: string, name: string) =>
	parameter === name || parameter.startsWith(`${name}.`);

const shortened = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** A file of rows, CSV or JSONL, from which the fields of the panel make requests. */
export async function openRows(
	context: IExecuteFunctions,
	itemIndex: number,
	{ endpoint, server, inputField, keep }: OpenOptions,
): Promise<RequestFile> {
	const opened = await open(context, itemIndex, inputField);
	const chosen = rowsOptions(context, itemIndex);
	const encoding = chosen.encoding ?? encodingOf(opened.head);
	const head = await decoded(opened, encoding);
	const text = head.toString();
	const format = chosen.format ?? (/^\s*\{/.test(text) ? 'jsonl' : 'csv');
	const foreign = foreignRows(opened.head, chosen.format === 'csv' ? undefined : text);
	if (foreign !== undefined) throw opened.error(foreign);
	const inHead = { ...opened, head };
	const reader = format === 'csv' ? csvReader(inHead, text, chosen.separator) : jsonReader(inHead);
	const parameters = new RowParameters(context, itemIndex, reader);
	const source = fieldsSource({ context, parameters, endpoint, server });
	parameters.checkInsertions();
	const row = keep && reader.kept(keep);
	return rowsFile(opened, { itemIndex, encoding, reader, parameters, source, row });
}

/**
 * How the file is to be read; undefined for what the file itself shows.
 *
 * @throws {NodeOperationError} for a value that an expression gave and that is not in the list
 */
function rowsOptions(context: IExecuteFunctions, itemIndex: number) {
	const chosen = context.getNodeParameter('rowsOptions', itemIndex, {}) as IDataObject;
	const choice = <T extends string>(label: string, value: unknown, all: readonly T[]) => {
		if (isUnset(value) || value === 'auto') return undefined;
		const known = all.find((one) => one === value);
		if (known !== undefined) return known;
		const names = all.map((one) => (one === '\t' ? 'a tab' : one));
		const message = `${label} has to be auto, ${names.slice(0, -1).join(', ')} or ${names.at(-1)!}`;
		throw new NodeOperationError(context.getNode(), message, { itemIndex });
	};
	return {
		encoding: choice('Encoding', chosen.encoding, ENCODINGS),
		format: choice('Format', chosen.format, ['csv', 'jsonl']),
		separator: choice('Separator', chosen.separator, SEPARATORS),
	};
}

/** The head in UTF-8. It may end within a character, unless it is all of the file. */
async function decoded(opened: Opened, encoding: Encoding): Promise<Buffer> {
	const { head, isWhole } = opened;
	const pieces: Buffer[] = [];
	for await (const piece of readable(inUtf8([head], encoding), opened)) {
		pieces.push(piece);
		if (!isWhole && pieces.length * SLICE_BYTES >= head.length) break;
	}
	return Buffer.concat(pieces);
}

/** What is decoded, with an error that names the file where it has other bytes. */
async function* readable(
	pieces: AsyncIterable<Buffer>,
	{ error }: Pick<Opened, 'error'>,
): AsyncGenerator<Buffer> {
	let fault: unknown;
	try {
		return yield* pieces;
	} catch (thrown) {
		fault = thrown;
	}
	throw fault instanceof WrongEncodingError
		? error(
				`${fault.message} It may be cut off or damaged. If it is in another encoding, set Encoding under Rows File Options.`,
			)
		: fault;
}

function rowsFile(
	{ source: { open: openSource }, error }: Pick<Opened, 'source' | 'error'>,
	{
		itemIndex,
		encoding,
		reader,
		parameters,
		source,
		row,
	}: {
		itemIndex: number;
		encoding: Encoding;
		reader: RowReader;
		parameters: RowParameters;
		source: RequestSource;
		row: (() => string) | undefined;
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
			readRecords(readable(inUtf8(openSource(signal), encoding), { error }), { separator, from }),
		customId,
		request,
		row,
		line: (record, index, checked = request(record, index, customId(record))) =>
			serializeRequest(checked as RequestLine),
		emptyColumn: (parameter) => parameters.emptyInsertion(parameter),
	};
}
