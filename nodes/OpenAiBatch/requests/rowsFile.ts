import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { KeptColumns, Opened, OpenOptions, RequestFile, RowReader } from './inputFile';
import { csvReader, jsonReader, open } from './inputFile';
import type { RequestSource } from './requestSource';
import { fieldsSource } from './requestSource';
import { RowParameters } from './rowParameters';
import type { Encoding } from '../../jsonl/fileFormat';
import {
	ENCODINGS,
	encodingOf,
	foreignRows,
	inUtf8,
	WrongEncodingError,
} from '../../jsonl/fileFormat';
import type { TextRecord } from '../../jsonl/lines';
import { readRecords, SEPARATORS, SLICE_BYTES } from '../../jsonl/lines';
import type { RequestLine } from '../../jsonl/split';
import { serializeRequest } from '../../jsonl/split';
import { isUnset } from '../shared/fields';

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
	const kept = keep && reader.kept(keep);
	return rowsFile(opened, { itemIndex, encoding, reader, parameters, source, kept });
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
	{ source: { open: openSource, mayStayOpen }, error }: Pick<Opened, 'source' | 'error'>,
	{
		itemIndex,
		encoding,
		reader,
		parameters,
		source,
		kept,
	}: {
		itemIndex: number;
		encoding: Encoding;
		reader: RowReader;
		parameters: RowParameters;
		source: RequestSource;
		kept: KeptColumns | undefined;
	},
): RequestFile {
	const { separator } = reader;
	const lineOf = (index: number, customId: string) =>
		serializeRequest(source.request(index, customId));
	// To make each request and to write it as JSON takes several times as long. With attachments, a
	// prompt may be empty, which gives the body another form.
	const template = source.files
		? undefined
		: parameters.lineTemplate(() => lineOf(0, source.customId(0)));
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
		mayStayOpen,
		read: (signal, from = reader.from) =>
			readRecords(readable(inUtf8(openSource(signal), encoding), { error }), { separator, from }),
		customId,
		request,
		kept,
		line: (record, index, checked) => {
			take(record);
			if (template) return template();
			return checked ? serializeRequest(checked as RequestLine) : lineOf(index, source.customId(0));
		},
		hints: parameters.hints,
		emptyColumn: (parameter) => parameters.emptyInsertion(parameter),
		missingAttachment: () => parameters.missingAttachment,
	};
}
