import type { IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { Server } from '../../endpoints/endpoint';
import { isSameEndpoint } from '../../endpoints/paths';
import { foreignFormat, unparseable } from '../../jsonl/fileFormat';
import type { JsonValue } from '../../jsonl/json';
import { isObject, membersOf, tryParseJson } from '../../jsonl/json';
import type { Checkpoint, RecordBatch, TextRecord } from '../../jsonl/records';
import { inUtf8, readRecords } from '../../jsonl/records';
import { MAX_BYTES } from '../../jsonl/split';
import type { BinarySource } from '../shared/binary';
import { inputBinary } from '../shared/binary';

/** A file whose records become requests. Records are given one after the other. */
export interface RequestFile {
	readonly itemIndex: number;
	/** What a record is, for messages. */
	readonly unit: 'line' | 'row';
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
}

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
	{ endpoint, inputField }: OpenOptions,
): Promise<RequestFile> {
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
		read: (signal, from) => readRecords(inUtf8(source.open(signal), 'utf-8'), { from }),
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

/** A line whose url is the endpoint of the batch, where it is so in another spelling. */
function respelled(text: string, endpoint: string): string {
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
