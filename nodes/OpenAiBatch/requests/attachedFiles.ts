import { createHash, randomBytes } from 'crypto';
import type { IBinaryData, IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { BinaryProperty, ChosenAttachment } from './attachmentsOption';
import { ALL_FIELDS } from './attachmentsOption';
import type { FileFault, ReadFile } from '../../endpoints/attachmentParts';
import { base64Length, judgeFile, shapeFor, togetherFault } from '../../endpoints/attachmentParts';
import type { Attachment, AttachmentType, Endpoint, Server } from '../../endpoints/endpoint';
import { RequestProblem } from '../../endpoints/endpoint';
import type { FileType } from '../../endpoints/fileTypes';
import type { ImageSize } from '../../endpoints/imageTokens';
import { HEAD_BYTES, imageSize, LONG_HEAD_BYTES, sizeOfDataUrl } from '../../endpoints/imageTokens';
import { binaryNames, binarySource, isBinaryField, listed } from '../shared/binary';

/** What is kept of a file between the passes. */
interface AttachedFile {
	itemIndex: number;
	property: BinaryProperty;
	/** What messages call it. */
	place: string;
	attached: AttachmentType;
	type: FileType;
	fileName: string;
	bytes: number;
	/** SHA-256 of its bytes. */
	digest: string;
	/** Of an image, where its first bytes say it. */
	size: ImageSize | undefined;
}

/** The names of the sources among the shapes of an endpoint. */
const SHAPE_SOURCES = { binary: 'inline', url: 'url', fileId: 'fileId' } as const;

/** The files of each entry of the option, or why they cannot be sent. */
type ItemFiles = { numbers: ReadonlyArray<readonly number[]> } | { problem: RequestProblem };

/**
 * The binary fields that are attached to the requests of the items. The first pass reads each of
 * them once, as a stream, and keeps what it has learned. A request has a placeholder where the
 * content of a file belongs, so that no content is in memory as a whole; the content takes its
 * place while the request is sent. The placeholder is random, so that no text of a user can be one.
 */
export class AttachedFiles {
	private readonly mark = randomBytes(16).toString('hex');
	private readonly placeholder = new RegExp(`${this.mark}(\\d+)x`, 'g');
	private readonly files: AttachedFile[] = [];
	private readonly itemFiles = new Map<number, ItemFiles>();

	constructor(
		private readonly context: IExecuteFunctions,
		private readonly endpoint: Endpoint,
		private readonly server: Server,
	) {}

	/**
	 * Reads and checks the binary fields of an item. What is wrong with them is an error of
	 * `attachments`.
	 *
	 * @returns hints: what OpenAI would refuse and another server may accept; undefined without files
	 */
	read(itemIndex: number, chosen: readonly ChosenAttachment[]): Promise<string[]> | undefined {
		if (!chosen.some(({ source }) => source === 'binary')) return undefined;
		return this.readAll(itemIndex, chosen);
	}

	private async readAll(itemIndex: number, chosen: readonly ChosenAttachment[]): Promise<string[]> {
		const faults: FileFault[] = [];
		const read: AttachedFile[][] = [];
		try {
			for (const { type, ...one } of chosen) {
				if (one.source !== 'binary') continue;
				shapeFor(this.endpoint, type, 'inline');
				const files: AttachedFile[] = [];
				read.push(files);
				for (const property of this.propertiesOf(itemIndex, one.properties)) {
					files.push(await this.readFile(itemIndex, property, type, faults));
				}
			}
		} catch (error) {
			faults.unshift({ message: (error as Error).message });
		}
		const together = togetherFault(read.flat());
		if (together) faults.push(together);
		const refused = faults.filter(
			({ rule, isHint }) => rule === undefined || (this.server === 'openai' && !isHint),
		);
		if (refused.length > 0) {
			const message = refused.map((fault) => fault.message).join(' ');
			const problem = new RequestProblem(message, 'requestOptions.attachments');
			this.itemFiles.set(itemIndex, { problem });
			return [];
		}
		const numbers = read.map((files) => files.map((file) => this.files.push(file) - 1));
		this.itemFiles.set(itemIndex, { numbers });
		return faults.map(({ rule }) => rule!);
	}

	/** The fields to read. @throws {RequestProblem} for a name that the item has not */
	private propertiesOf(itemIndex: number, properties: readonly BinaryProperty[]): BinaryProperty[] {
		return properties.flatMap((property): BinaryProperty[] => {
			const isAll = property === ALL_FIELDS;
			if (!isAll && isBinaryField(this.context, itemIndex, property)) return [property];
			const names = binaryNames(this.context, itemIndex);
			if (isAll && names.length > 0) return names;
			throw noSuchField(property, names);
		});
	}

	private async readFile(
		itemIndex: number,
		property: BinaryProperty,
		attached: AttachmentType,
		faults: FileFault[],
	): Promise<AttachedFile> {
		const binary = this.context.helpers.assertBinaryData(itemIndex, property as string);
		const name = typeof property === 'string' ? property : 'attachment';
		const place = placeOf(binary, property);
		const { digest, size, ...content } = await this.contentOf(itemIndex, property, attached, place);
		const extension = binary.fileExtension ? `.${binary.fileExtension}` : '';
		const file: ReadFile = {
			...content,
			fileName: binary.fileName || `${name}${extension}`,
			mimeType: binary.mimeType ?? '',
		};
		const { fault, ...judged } = judgeFile(file, attached, this.endpoint);
		if (fault) faults.push({ ...fault, message: `${place} ${fault.message}` });
		const { bytes } = content;
		return { itemIndex, property, place, attached, ...judged, bytes, digest, size };
	}

	/** Reads a file once, and keeps only its first bytes. */
	private async contentOf(
		itemIndex: number,
		property: BinaryProperty,
		attached: AttachmentType,
		place: string,
	) {
		const hash = createHash('sha256');
		const head = new Head(attached === 'image');
		let bytes = 0;
		try {
			const { open } = await binarySource(this.context, itemIndex, property);
			for await (const chunk of open(this.context.getExecutionCancelSignal())) {
				hash.update(chunk);
				head.add(chunk);
				bytes += chunk.byteLength;
			}
		} catch (error) {
			throw unreadable(place, error as Error);
		}
		return { bytes, digest: hash.digest('hex'), head: head.bytes, size: head.size };
	}

	/**
	 * What is attached to an item's request, in the order that was chosen.
	 *
	 * @throws {RequestProblem} for what is wrong with the item's files, and for what the endpoint
	 * does not take
	 */
	attachments(itemIndex: number, chosen: readonly ChosenAttachment[]): Attachment[] {
		const found = this.itemFiles.get(itemIndex);
		if (found && 'problem' in found) throw found.problem;
		const numbers = (found?.numbers ?? []).values();
		return chosen.flatMap(({ type, detail, ...one }): Attachment[] => {
			shapeFor(this.endpoint, type, SHAPE_SOURCES[one.source]);
			const common = { type, ...(detail && { detail }) };
			if (one.source === 'url') return one.urls.map((url) => ({ ...common, url }));
			if (one.source === 'fileId') return one.fileIds.map((fileId) => ({ ...common, fileId }));
			const own: readonly number[] = numbers.next().value ?? [];
			return own.map((number) => ({ ...common, inline: this.inlineOf(number) }));
		});
	}

	private inlineOf(number: number) {
		const { type, fileName } = this.files[number];
		return { base64: `${this.mark}${number}x`, type, fileName };
	}

	/** Whether the text of a request has placeholders. */
	areIn(text: string): boolean {
		return text.includes(this.mark);
	}

	/** The bytes of a text with the files in it, in UTF-8. */
	bytesOf(text: string): number {
		const { files, rest } = this.split(text);
		const content = files.reduce((sum, { bytes }) => sum + base64Length(bytes), 0);
		return rest.reduce((sum, piece) => sum + Buffer.byteLength(piece), content);
	}

	/**
	 * A text that is the same for the same content and for no other: each file is named by its
	 * digest, behind a character that JSON never has.
	 */
	identityOf(text: string): string {
		return text.replace(
			this.placeholder,
			(_all, number: string) => `\0${this.files[Number(number)].digest}`,
		);
	}

	/** The size of an image by its data URL, with a placeholder or with its content. */
	sizeOf(url: string): ImageSize | undefined {
		return this.areIn(url) ? this.split(url).files[0].size : sizeOfDataUrl(url);
	}

	/**
	 * A text with the content of the files in it, which the signal ends.
	 *
	 * @throws {NodeOperationError} for a file that has changed since the first pass
	 */
	async *content(text: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
		const { files, rest } = this.split(text);
		for (const [index, piece] of rest.entries()) {
			yield Buffer.from(piece);
			if (files[index]) yield* this.base64Of(files[index], signal);
		}
	}

	private async *base64Of(
		file: AttachedFile,
		signal: AbortSignal | undefined,
	): AsyncGenerator<Uint8Array> {
		const { itemIndex, property, place, bytes } = file;
		const { open } = await binarySource(this.context, itemIndex, property);
		let sent = 0;
		for await (const chunk of inBase64(open(signal))) {
			sent += chunk.byteLength;
			if (sent > base64Length(bytes)) break;
			yield chunk;
		}
		if (sent === base64Length(bytes)) return;
		throw new NodeOperationError(
			this.context.getNode(),
			`${place} has changed since it was checked. Run the workflow again.`,
			{ itemIndex },
		);
	}

	/** The pieces of a text, and the files between them: one less. */
	private split(text: string) {
		const pieces = text.split(this.placeholder);
		return {
			rest: pieces.filter((_piece, index) => index % 2 === 0),
			files: pieces
				.filter((_piece, index) => index % 2 === 1)
				.map((one) => this.files[Number(one)]),
		};
	}
}

function placeOf({ fileName }: IBinaryData, property: BinaryProperty): string {
	const file = fileName ? `The file '${fileName.slice(0, 120)}'` : 'The file';
	return typeof property === 'string' ? `${file} in the binary field '${property}'` : file;
}

function noSuchField(property: BinaryProperty, names: readonly string[]): RequestProblem {
	const what = property === ALL_FIELDS ? 'binary fields' : `binary field '${String(property)}'`;
	return new RequestProblem(
		`The item has no ${what} to attach. ${listed(names)} Check that the nodes before this one pass their files on.`,
	);
}

const unreadable = (place: string, { message }: Error) =>
	new RequestProblem(`${place} could not be read: ${message}`);

/** The beginning of a file: as much of it as its type and the size of an image need. */
class Head {
	bytes: Buffer = Buffer.alloc(0);
	size: ImageSize | undefined;
	private isComplete = false;

	constructor(private readonly isImage: boolean) {}

	add(chunk: Uint8Array): void {
		if (this.isComplete) return;
		const missing = LONG_HEAD_BYTES - this.bytes.length;
		this.bytes = Buffer.concat([this.bytes, chunk.subarray(0, missing)]);
		if (this.isImage) this.size = imageSize(this.bytes);
		const isLong = this.bytes.length >= LONG_HEAD_BYTES;
		this.isComplete = this.bytes.length >= HEAD_BYTES && (isLong || !this.needsMore());
	}

	/** Only a JPEG may have its size far behind. */
	private needsMore(): boolean {
		return this.isImage && !this.size && this.bytes.readUInt16BE(0) === 0xffd8;
	}
}

/**
 * Chunks of bytes as base64. Each group of three bytes becomes four characters, so what is left of
 * a chunk goes with the next one.
 */
export async function* inBase64(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
	let rest: Uint8Array = Buffer.alloc(0);
	for await (const chunk of chunks) {
		if (rest.length + chunk.length < 3) {
			rest = Buffer.concat([rest, chunk]);
			continue;
		}
		// Only the group that the last chunk began is copied, and goes out with what follows.
		const start = rest.length === 0 ? 0 : 3 - rest.length;
		let text = base64(Buffer.concat([rest, chunk.subarray(0, start)]));
		const end = chunk.length - ((chunk.length - start) % 3);
		for (let at = start; at < end; at += SLICE_BYTES) {
			text += base64(chunk.subarray(at, Math.min(at + SLICE_BYTES, end)));
			yield Buffer.from(text, 'latin1');
			text = '';
		}
		if (text !== '') yield Buffer.from(text, 'latin1');
		rest = Buffer.from(chunk.subarray(end));
	}
	if (rest.length > 0) yield Buffer.from(base64(rest), 'latin1');
}

/** A file in memory comes as one chunk. A multiple of three. */
const SLICE_BYTES = 96 * 1024;

const base64 = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
	Buffer.from(buffer, byteOffset, byteLength).toString('base64');
