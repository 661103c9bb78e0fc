import type { NodeApiError } from 'n8n-workflow';
import { perhapsCreated } from './safeCreate';
import type { SubmissionSearch } from './submission';
import { keyOf, ROWS_FILE_ID, rowsFileOf } from './submission';
import { deleteFile, findFile, uploadSafely } from '../api/files';
import type { Batch, FileObject } from '../api/objects';
import { isQueueFull } from '../apiErrors';
import type { Fault, OpenAiClient, UploadSource } from '../client';

/** A file of JSONL that is uploaded for a batch, and deleted when the batch is refused. */
interface NewFile extends Omit<UploadSource, 'fileName' | 'contentType'> {
	/** Given the key, so that the name belongs to this content alone. */
	fileName: (key: string) => string;
}

/** The file of the requests of a batch. */
export interface NewInputFile extends NewFile {
	/** The file with what is kept of their rows. The batch names it in its metadata. */
	rows?: NewFile;
	/** Seconds; of both files. */
	expiresAfter: number | undefined;
	/** The id of a file with this name and length that an earlier try has uploaded. */
	earlier?: (fileName: string, bytes: number) => Promise<string | undefined>;
}

/** The ids of the files of a part. */
export interface FileIds {
	/** Of the requests. */
	fileId: string;
	/** Of what is kept of their rows. */
	rowsFileId?: string;
}

/** The files of a part. Those that are at the service already are used as they are, and never deleted. */
export type PartInput = NewInputFile | (FileIds & { isGone?: boolean });

/** The files of a batch; undefined where the server does not say them. */
export function filesOf(batch: Batch): FileIds | undefined {
	const { input_file_id: fileId } = batch;
	return fileId ? { fileId, rowsFileId: rowsFileOf(batch) } : undefined;
}

/** How the name of a file of kept rows goes on behind that of the requests, without its extension. */
export const rowsSuffix = (contentHash: string) => `-rows-${contentHash.slice(0, 8)}`;

/** Whether a file is one of kept rows, by the name that Submit gives it. */
export const isRowsFile = ({ filename }: FileObject): boolean =>
	/-\d+-of-\d+-rows-[0-9a-f]{8}\.jsonl$/.test(filename ?? '');

/** Statuses with which servers refuse the content of a file. */
const NOT_TAKEN: readonly string[] = ['400', '415', '422'];

const ROWS_ADVICE =
	'This file holds what Keep Fields keeps of the rows. If the server takes only files of requests, remove Keep Fields, and add the rows to the results by their custom_id in a Merge node.';

/** The files of the parts of a submission at the service. */
export class PartFiles {
	private readonly uploaded = new Map<string, FileIds>();

	constructor(
		private readonly client: OpenAiClient,
		private readonly search: SubmissionSearch,
	) {}

	/** The files that are there, by the key of their part. */
	get known(): ReadonlyMap<string, FileIds> {
		return this.uploaded;
	}

	/** Files that an earlier execution has uploaded. */
	note(key: string, { fileId, rowsFileId }: FileIds): void {
		this.uploaded.set(key, { fileId, rowsFileId });
	}

	/** The files of a part, which are uploaded where they are not there yet. */
	async of(input: PartInput, key: string): Promise<FileIds> {
		if ('fileId' in input) {
			if (input.isGone) throw this.client.error(gone(input.fileId));
			return { fileId: input.fileId, rowsFileId: input.rowsFileId };
		}
		const known = this.uploaded.get(key);
		if (known) return known;
		const rowsFileId = input.rows && (await this.uploadRows(input.rows, input, key));
		try {
			const fileId = await this.fileOf(input, input, key);
			const files = { fileId, rowsFileId };
			this.uploaded.set(key, files);
			return files;
		} catch (error) {
			// With `earlier`, the next try finds it.
			if (rowsFileId !== undefined && !input.earlier) await this.deleteQuietly(rowsFileId);
			throw this.search.withCreated(error as NodeApiError, [key]);
		}
	}

	/** Servers that look into the files that they get may refuse this one, which has no requests. */
	private async uploadRows(rows: NewFile, input: NewInputFile, key: string): Promise<string> {
		try {
			return await this.fileOf(rows, input, key);
		} catch (error) {
			const refused = error as NodeApiError;
			if (NOT_TAKEN.includes(refused.httpCode ?? '')) {
				refused.description = [ROWS_ADVICE, refused.description].filter(Boolean).join(' ');
			}
			throw this.search.withCreated(refused, [key]);
		}
	}

	private async fileOf(
		file: NewFile,
		{ earlier, expiresAfter }: NewInputFile,
		key: string,
	): Promise<string> {
		const name = file.fileName(key);
		const found = await earlier?.(name, file.bytes);
		if (found !== undefined) return found;
		const { bytes, open } = file;
		const stored = await uploadSafely(this.client, {
			source: { fileName: name, contentType: 'application/jsonl', bytes, open },
			purpose: 'batch',
			expiresAfterSeconds: expiresAfter,
		});
		if (!earlier || stored.filename === name) return stored.id;
		await this.deleteQuietly(stored.id);
		throw this.client.error(RENAMED);
	}

	/** @returns whether the file is gone */
	private async deleteQuietly(fileId: string): Promise<boolean> {
		return await deleteFile(this.client, fileId).then(
			() => true,
			(error: NodeApiError) => error.httpCode === '404',
		);
	}

	/** A hint about a batch that was created before, which keeps what was kept of its rows then. */
	async compareRows(input: PartInput, batch: Batch, key: string): Promise<void> {
		const rows = 'rows' in input ? input.rows : undefined;
		// A server that does not return metadata does not say which file the batch has.
		if (!rows || keyOf(batch) === undefined) return;
		const rowsFileId = rowsFileOf(batch);
		if (rowsFileId === undefined) {
			this.client.hint(createdBefore(batch, 'without Keep Fields. Its results have no rows'));
			return;
		}
		const stored = await findFile(this.client, rowsFileId).catch(() => ({ id: rowsFileId }));
		if (!stored) this.client.hint(createdBefore(batch, ROWS_GONE));
		else if (!haveSameContent(stored, rows, key)) {
			this.client.hint(createdBefore(batch, OTHER_ROWS));
		}
	}

	/**
	 * The file of kept rows that was uploaded for a batch that is not needed. The batch that stands
	 * instead names its own.
	 */
	async dropRows(batch: Batch, key: string): Promise<void> {
		const rowsFileId = this.uploaded.get(key)?.rowsFileId;
		// A server that does not return metadata does not say which file the batch has.
		if (rowsFileId === undefined || keyOf(batch) === undefined) return;
		if (rowsFileOf(batch) !== rowsFileId) await this.deleteQuietly(rowsFileId);
	}

	/**
	 * Cleans up after a create that failed, and says what may exist and what is left behind.
	 *
	 * @param input undefined for one that is written down and waits
	 */
	async createError(
		fault: Fault,
		key: string,
		{ fileId, rowsFileId }: FileIds,
		input: PartInput | undefined,
	): Promise<NodeApiError> {
		const said = fault.mayHaveExecuted ? perhapsCreated(key) : 'The batch was not created';
		if (!input) {
			return this.client.error(fault, `${said}; Submit Waiting Parts tries it again`);
		}
		if ('fileId' in input) return this.client.error(fault, said);
		const rows = rowsFileId === undefined ? '' : `, and the file of kept rows is ${rowsFileId}`;
		if (fault.mayHaveExecuted) {
			return this.client.error(fault, `${said}; its input file is ${fileId}${rows}`);
		}
		if (isQueueFull(fault)) {
			const kept = rows && `, with ${rowsFileId} as ${ROWS_FILE_ID} in the metadata`;
			return this.client.error(
				fault,
				`${said}; its input file ${fileId} is kept, for the operation Create${kept}`,
			);
		}
		const isDeleted = await this.deleteQuietly(fileId);
		const areRowsLeft = rowsFileId !== undefined && !(await this.deleteQuietly(rowsFileId));
		// After an upload without an answer there may be another copy, which goes by the same name.
		const left = isDeleted
			? `its input file ${input.fileName(key)} was deleted`
			: `its input file ${fileId} is left behind`;
		const alsoLeft = areRowsLeft ? `, and the file of kept rows ${rowsFileId} is left behind` : '';
		return this.client.error(fault, `${said}, ${left}${alsoLeft}`);
	}
}

const createdBefore = ({ id }: Batch, what: string) => `Batch ${id} was created before, ${what}.`;

const ROWS_GONE = 'and its kept rows are no longer at the service. Its results have no rows';

const OTHER_ROWS = 'and has kept other rows or fields, which come with its results';

/** The digest of the content at the end of the name of a file of rows. */
const DIGEST = /-rows-[0-9a-f]{8}\.jsonl$/;

/** Whether a file of rows has the content of a new one, as far as its length and its name say so. */
function haveSameContent({ bytes, filename }: FileObject, rows: NewFile, key: string): boolean {
	const was = DIGEST.exec(filename ?? '')?.[0];
	const isNamedAlike = was === undefined || was === DIGEST.exec(rows.fileName(key))?.[0];
	return isNamedAlike && (bytes ?? rows.bytes) === rows.bytes;
}

const RENAMED: Fault = {
	kind: 'source',
	message:
		'The server gives files names of its own, so what waits could not be found again. Remove the option Max Enqueued Tokens',
	mayHaveExecuted: false,
};

const gone = (fileId: string): Fault => ({
	kind: 'source',
	message: `The service does not have its input file ${fileId} any more`,
	mayHaveExecuted: false,
});
