import { createHash } from 'crypto';
import type { IBinaryData, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { UploadSource } from '../../openai/client';
import { pause } from '../../openai/client';
import { isObject } from '../../jsonl/json';
import { asNodeError } from './operation';

/** The binary field of the input items that an operation reads. */
export const inputBinaryField: INodeProperties = {
	displayName: 'Input Binary Field',
	name: 'binaryPropertyName',
	type: 'string',
	default: 'data',
	required: true,
	hint: 'The name of the input field that contains the file',
};

/** The binary field of the output items that an operation writes. */
export const outputBinaryField: INodeProperties = {
	displayName: 'Put Output File in Field',
	name: 'binaryPropertyName',
	type: 'string',
	default: 'data',
	required: true,
	hint: 'The name of the output field to put the file in',
};

/** The name of the output binary field. @throws {NodeOperationError} when it is empty */
export function binaryPropertyName(context: IExecuteFunctions, itemIndex: number): string {
	const name = context.getNodeParameter('binaryPropertyName', itemIndex);
	if (typeof name === 'string' && name.trim() !== '') return name.trim();
	throw new NodeOperationError(context.getNode(), 'The name of the binary field is missing', {
		itemIndex,
		description: 'Enter the name of the field for the file under Put Output File in Field.',
	});
}

/** A file of n8n's to upload. */
export interface BinarySource extends UploadSource {
	/** Whether n8n reads all of the file even for its first bytes. Its database does. */
	isReadWhole: boolean;
	/**
	 * Whether a reading may pause for minutes, which costs nothing where the file is on n8n's disk or
	 * in its memory. S3 ends connections that rest, and a file of the database is in memory meanwhile.
	 */
	mayStayOpen: boolean;
}

/** The file in the input binary field of an item. @throws {NodeOperationError} when it has none */
export async function inputBinary(
	context: IExecuteFunctions,
	itemIndex: number,
	parameter = 'binaryPropertyName',
): Promise<BinarySource> {
	const property = context.getNodeParameter(parameter, itemIndex) as string | IBinaryData;
	checkField(context, itemIndex, property);
	return await binarySource(context, itemIndex, property);
}

/** Says which fields there are, where n8n only says that this one is missing. */
function checkField(
	context: IExecuteFunctions,
	itemIndex: number,
	property: string | IBinaryData,
): void {
	if (typeof property !== 'string' || isBinaryField(context, itemIndex, property)) return;
	const names = binaryNames(context, itemIndex);
	// n8n itself says that an item has no file at all.
	if (names.length === 0 && !isInherited(property)) return;
	const message = `The item has no binary field '${property.slice(0, 120)}'`;
	const description = `${listed(names)} Enter the name of the field with the file.`;
	throw new NodeOperationError(context.getNode(), message, { itemIndex, description });
}

/** Says which binary fields an item has. */
export const listed = (names: readonly string[]) =>
	names.length > 0 ? `It has: ${names.slice(0, 20).join(', ')}.` : 'It has none at all.';

/** Every object inherits such names, as toString, and n8n takes them for fields. */
const isInherited = (property: string) => property in Object.prototype;

/** Whether n8n finds a file there: in the field of this name, or at this path of the item's JSON. */
export function isBinaryField(
	context: IExecuteFunctions,
	itemIndex: number,
	property: string | IBinaryData,
): boolean {
	const { binary = {} } = context.getInputData()[itemIndex];
	if (typeof property === 'string' && isInherited(property) && !Object.hasOwn(binary, property)) {
		return false;
	}
	try {
		context.helpers.assertBinaryData(itemIndex, property);
		return true;
	} catch {
		return false;
	}
}

/** Where n8n puts the files of an item in workflows that keep binaries in JSON (n8n 2). */
const FILES = '_files';

/** The binary fields of an item, by the names with which n8n finds them. */
export function binaryNames(context: IExecuteFunctions, itemIndex: number): string[] {
	const { binary = {}, json } = context.getInputData()[itemIndex];
	const files = isObject(json[FILES]) ? Object.keys(json[FILES]) : [];
	const inJson = Object.keys(json).filter((name) => isBinary(json[name]));
	const names = [...Object.keys(binary), ...inJson, ...files.map((name) => `${FILES}.${name}`)];
	return [...new Set(names)].filter((name) => isBinaryField(context, itemIndex, name));
}

/** Whether a value is a binary of n8n's and not only the name of one. */
export const isBinary = (value: unknown): value is IBinaryData =>
	isObject(value) && 'mimeType' in value && ('data' in value || 'id' in value);

/**
 * A binary field of an item as content to upload: read from n8n's binary storage piece by piece,
 * or from memory in the mode that keeps it there.
 *
 * @param property the field's name, or the binary itself in workflows that keep binaries in JSON
 * @throws {NodeOperationError} when the item has no such field
 */
export async function binarySource(
	context: IExecuteFunctions,
	itemIndex: number,
	property: string | IBinaryData,
): Promise<BinarySource> {
	const binary = context.helpers.assertBinaryData(itemIndex, property);
	const common = {
		fileName: binary.fileName ?? 'requests.jsonl',
		contentType: binary.mimeType || 'application/octet-stream',
	};
	const { id } = binary;
	if (id === undefined) {
		const buffer = await context.helpers.getBinaryDataBuffer(itemIndex, property);
		const source = {
			...common,
			bytes: buffer.byteLength,
			isReadWhole: false,
			mayStayOpen: true,
		};
		return { ...source, open: () => inOneChunk(buffer) };
	}
	const { fileSize } = await context.helpers.getBinaryMetadata(id);
	const source = {
		...common,
		bytes: fileSize,
		isReadWhole: id.startsWith(FROM_DATABASE),
		mayStayOpen: id.startsWith(FROM_DISK),
	};
	return { ...source, open: (signal) => fromStorage(context, id, fileSize, signal) };
}

async function* inOneChunk(buffer: Buffer): AsyncGenerator<Uint8Array> {
	yield buffer;
}

/**
 * The most bytes that n8n (2.41) can read from PostgreSQL: it gets them as text of two digits a
 * byte behind `\x`, and a text of Node.js has at most 536,870,888 characters. n8n stores files of
 * up to twice that size. It then waits forever for a read that broke its connection. SQLite has no
 * such limit.
 */
const MOST_FROM_POSTGRES = 268_435_443;

/** How the ids of files that n8n keeps in its database begin. */
const FROM_DATABASE = 'database:';

/** How those begin that n8n keeps in its folder, whatever the version of its format. */
const FROM_DISK = 'filesystem';

/**
 * What the user should know of a file that n8n has just stored; undefined when it can be read again
 * wherever n8n keeps it.
 */
export function storageHint({ id, bytes = 0 }: IBinaryData & { bytes?: number }) {
	if (!id?.startsWith(FROM_DATABASE) || bytes <= MOST_FROM_POSTGRES) return undefined;
	return 'The file has 256 MiB or more. n8n stores it in its database, but cannot read it again if that is PostgreSQL. Let n8n store binary data in S3, or return fewer results at a time with Limit and Offset.';
}

/** How n8n (2.41) refuses a file that is larger than its setting for the database allows. */
const TOO_LARGE = /size of ([\d.]+) MB exceeds the max size limit of ([\d.]+) MB/;

/** How n8n (2.41) gives up a stream that it reads into memory, for its database or for the items. */
const TIMED_OUT = /timed out after (\d+)ms without data/;

/** How the system, SQLite and PostgreSQL say that the disk is full to which n8n writes. */
const DISK_FULL = /ENOSPC|EDQUOT|no space left on device|database or disk is full/i;

/** A file that n8n is to store. */
interface NewBinary {
	fileName: string;
	/** With undefined, n8n finds it by the name. */
	mimeType: string | undefined;
	itemIndex?: number;
	/** What the user can do where n8n does not store it, in whole sentences. */
	advice: string;
}

/**
 * Stores a stream as a file of n8n's binary storage.
 *
 * @throws {NodeApiError | NodeOperationError} when the stream cannot be read to its end; and when n8n
 * does not store it: its disk may be full, its database takes 512 MiB by default, and it waits for 5
 * minutes for more data
 */
export async function storeFile(
	context: IExecuteFunctions,
	stream: NodeStream,
	file: NewBinary,
): Promise<IBinaryData> {
	const { fileName, mimeType, itemIndex } = file;
	try {
		return await context.helpers.prepareBinaryData(stream as never, fileName, mimeType);
	} catch (error) {
		const refusal = refusalOf((error as Error).message, file);
		if (!refusal) throw asNodeError(context.getNode(), error, itemIndex);
		const { message, description } = refusal;
		throw new NodeOperationError(context.getNode(), message, { itemIndex, description });
	}
}

function refusalOf(text: string, { fileName, advice }: NewBinary) {
	const [, size, limit] = TOO_LARGE.exec(text) ?? [];
	if (size !== undefined) {
		return {
			message: `n8n cannot store the file '${fileName}': it has ${size} MB, and n8n stores at most ${limit} MB in its database`,
			description: `${advice} Larger files need n8n to store binary data in S3. The environment variable N8N_BINARY_DATA_DATABASE_MAX_FILE_SIZE raises the limit up to 1024 MB, but n8n cannot read a file of 256 MB or more from PostgreSQL.`,
		};
	}
	if (DISK_FULL.test(text)) {
		return {
			message: `n8n cannot store the file '${fileName}': its disk is full`,
			description: `${advice} Make room on the disk where n8n stores its binary data.`,
		};
	}
	const [, waited] = TIMED_OUT.exec(text) ?? [];
	if (waited === undefined) return undefined;
	return {
		message: `n8n did not store the file '${fileName}', since nothing more of it came for ${Number(waited) / 1000} seconds`,
		description: `${advice} The environment variable N8N_HTTP_RESPONSE_BODY_READ_TIMEOUT says how many milliseconds n8n waits.`,
	};
}

/** Far more than a working database needs for 512 MiB. */
const ANSWER_WITHIN_MS = 60_000;

/** @throws {NodeOperationError} when the database never returns the file, see above */
async function* fromStorage(
	context: IExecuteFunctions,
	id: string,
	bytes: number,
	signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
	const opening = context.helpers.getBinaryStream(id) as Promise<Stored>;
	if (!id.startsWith(FROM_DATABASE) || bytes <= MOST_FROM_POSTGRES) {
		yield* endedBy(signal, await opening);
		return;
	}
	const opened = new AbortController();
	const late = pause(ANSWER_WITHIN_MS, opened.signal).then(() => undefined);
	const stream = await Promise.race([opening, late]).finally(() => opened.abort());
	if (!stream) {
		throw new NodeOperationError(
			context.getNode(),
			'n8n cannot read a file of 256 MiB or more from PostgreSQL. Let n8n store binary data in S3, or split the file.',
		);
	}
	yield* endedBy(signal, stream);
}

type Stored = Chunks & { destroy: (error: Error) => unknown };

/** What who reads on gets of a file that was ended. Users do not see it: they have ended it. */
export const notNeeded = () => new Error('The file is not needed any more');

/** What a stream yields until the signal, which ends it also while it waits for its storage. */
async function* endedBy(
	signal: AbortSignal | undefined,
	stream: Stored,
): AsyncGenerator<Uint8Array> {
	const end = () => stream.destroy(notNeeded());
	if (signal?.aborted) end();
	signal?.addEventListener('abort', end);
	try {
		yield* stream;
	} finally {
		signal?.removeEventListener('abort', end);
	}
}

type Chunks = AsyncIterable<Uint8Array>;
type NodeStream = NodeJS.ReadableStream;
type StreamClass = { from: (chunks: Chunks, options: { objectMode: boolean }) => NodeStream };

/**
 * Node's class of readable streams. Verified nodes may not import the stream module. But every
 * hash is a stream, and of the classes that it descends from, the topmost one that makes streams
 * from chunks is the class of readable streams.
 */
function readableClass(): StreamClass {
	const classes: StreamClass[] = [];
	let type: unknown = createHash('sha256').constructor;
	for (; typeof type === 'function'; type = Object.getPrototypeOf(type)) {
		if (Object.hasOwn(type, 'from')) classes.push(type as unknown as StreamClass);
	}
	return classes[classes.length - 1];
}

/** Chunks as the stream that n8n's binary storage takes, so that no file is in memory as a whole. */
export function streamOf(chunks: Chunks): NodeStream {
	return readableClass().from(chunks, { objectMode: false });
}
