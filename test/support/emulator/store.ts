import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { rm } from 'node:fs/promises';

import type { FileObject } from '../../../nodes/openai/api/objects';
import type { StoredBatch } from './batches/batch';
import { unixSeconds, type Clock } from './clock';
import { hexDigest } from './random';
import type { Spoken } from './spoken';

/** Batch files, uploaded or written by the service, are deleted after thirty days. */
const DEFAULT_FILE_SECONDS = 2_592_000;

export interface StoredFile {
	object: Required<FileObject>;
	/** Where the bytes lie. */
	path: string;
}

/** All batches and files of one emulator, oldest first. Bytes lie on disk, the rest in memory. */
export class Store {
	/** `batch` is emitted with the stored batch at its creation and at every change of status. */
	readonly events = new EventEmitter();
	readonly batches = new Map<string, StoredBatch>();
	private readonly storedFiles = new Map<string, StoredFile>();

	constructor(
		readonly folder: string,
		readonly clock: Clock,
		private readonly spoken: Spoken,
	) {}

	addBatch(batch: StoredBatch): void {
		this.batches.set(batch.wire.id, batch);
		this.events.emit('batch', batch);
	}

	/** Newest first; of batches created in the same second, the later one first. */
	newestBatches(): StoredBatch[] {
		return [...this.batches.values()]
			.reverse()
			.sort((one, other) => other.wire.created_at - one.wire.created_at);
	}

	/** The files that have not expired. */
	files(): StoredFile[] {
		return [...this.storedFiles.values()].filter((file) => this.isAlive(file));
	}

	file(id: string): StoredFile | undefined {
		const file = this.storedFiles.get(id);
		return file !== undefined && this.isAlive(file) ? file : undefined;
	}

	/** A fresh id and the path for its bytes; nothing is stored before `addFile`. */
	newFile(purpose: string): { id: string; path: string } {
		const id = this.spoken.dialect.ids.file(purpose);
		// Some servers' ids are longer than names of files may be.
		return { id, path: join(this.folder, id.length > 100 ? hexDigest(id) : id) };
	}

	/** Registers bytes that lie at the path of `newFile`. */
	addFile(
		file: { id: string; path: string },
		facts: { bytes: number; filename: string; purpose: string; expiresAfter?: number },
	): StoredFile {
		const createdAt = unixSeconds(this.clock.now());
		const seconds =
			facts.expiresAfter ?? (facts.purpose.startsWith('batch') ? DEFAULT_FILE_SECONDS : undefined);
		const stored: StoredFile = {
			path: file.path,
			object: {
				id: file.id,
				object: 'file',
				bytes: facts.bytes,
				created_at: createdAt,
				expires_at: seconds === undefined ? null : createdAt + seconds,
				filename: facts.filename,
				purpose: facts.purpose,
				status: 'processed',
				status_details: null,
			},
		};
		this.storedFiles.set(file.id, stored);
		return stored;
	}

	async deleteFile(id: string): Promise<void> {
		const file = this.storedFiles.get(id);
		this.storedFiles.delete(id);
		if (file !== undefined) await rm(file.path, { force: true });
	}

	private isAlive(file: StoredFile): boolean {
		const expiresAt = file.object.expires_at;
		return expiresAt === null || unixSeconds(this.clock.now()) < expiresAt;
	}
}
