import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { BinaryDataService } from 'n8n-core';
import type { IBinaryData, IDataObject } from 'n8n-workflow';
import { Container } from '../../support/engine/container';
import { startBinaryData } from '../../support/engine/binaryData';

/** Where n8n keeps binary data: in the items, in files, in its database, in S3. */
export const STORAGES = ['default', 'filesystem-v2', 'database', 's3'] as const;

export type Storage = (typeof STORAGES)[number];

/** How a storage behaves from here on. */
interface Behaviour {
	/** How long a file is said to be, in place of its length. */
	fileSize?: number;
	/** Called before anything of a file is read. */
	onStore?: () => void;
	/** Why a file is not stored, after it was read. */
	refusal?: (bytes: number, fileName: string) => Error | undefined;
}

/** What n8n's binary data service asks a storage for. */
class Kept {
	private readonly files = new Map<string, Buffer>();
	/** What a file becomes once it has been read. */
	readonly replacements = new Map<string, Buffer>();

	constructor(private readonly chunksOf: (file: Buffer) => Buffer[]) {}

	async init() {}

	async store(_location: unknown, content: Buffer | Readable, { fileName }: IDataObject) {
		this.behaviour.onStore?.();
		const fileId = randomUUID();
		const file = Buffer.isBuffer(content) ? content : Buffer.concat(await content.toArray());
		const refusal = this.behaviour.refusal?.(file.length, String(fileName));
		if (refusal) throw refusal;
		this.files.set(fileId, file);
		return { fileId, fileSize: this.behaviour.fileSize ?? file.length };
	}

	behaviour: Behaviour = {};

	getPath = (fileId: string) => fileId;

	async getAsBuffer(fileId: string) {
		return this.files.get(fileId)!;
	}

	async getAsStream(fileId: string) {
		const stream = Readable.from(this.chunksOf(this.files.get(fileId)!), { objectMode: false });
		this.files.set(fileId, this.replacements.get(fileId) ?? this.files.get(fileId)!);
		return stream;
	}

	async getMetadata(fileId: string) {
		return { fileSize: this.files.get(fileId)!.length };
	}
}

/** Chunks as a network brings them: of any length, and now and then an empty one. */
function unevenly(file: Buffer): Buffer[] {
	const chunks: Buffer[] = [];
	for (let at = 0, step = 1; at < file.length; at += step, step = (step * 7 + 3) % 10_007) {
		chunks.push(file.subarray(at, at + step));
	}
	return chunks;
}

/** Stands in for the two storages that are n8n's own and not part of n8n-core. */
const OTHERS = { database: new Kept((file) => [file]), s3: new Kept(unevenly) };

/** Where n8n keeps binary data from here on. @param behaviour of the database */
export async function storeIn(storage: Storage, behaviour: Behaviour = {}): Promise<void> {
	await startBinaryData();
	const service = Container.get(BinaryDataService);
	for (const [mode, manager] of Object.entries(OTHERS)) {
		service.setManager(mode as never, manager as never);
	}
	OTHERS.database.behaviour = behaviour;
	(service as unknown as { mode: string }).mode = storage;
}

/** Puts bytes where n8n keeps binary data in this mode, and gives what an item has of them. */
export async function stored(
	storage: Storage,
	content: Buffer | Readable,
	names: { fileName?: string; mimeType: string },
): Promise<IBinaryData> {
	await startBinaryData();
	const service = Container.get(BinaryDataService);
	for (const [mode, manager] of Object.entries(OTHERS)) {
		service.setManager(mode as never, manager as never);
	}
	const own = service as unknown as { mode: string };
	const before = own.mode;
	own.mode = storage;
	const location = { type: 'execution' as const, workflowId: 'w', executionId: 'e' };
	const binary = { ...names, data: '' };
	const done = await service.store(location, content, binary);
	own.mode = before;
	return done;
}

/** Makes a file of the storage `s3` another one, once it has been read. */
export function replaceOnceRead({ id }: IBinaryData, content: Buffer): void {
	OTHERS.s3.replacements.set(id!.replace('s3:', ''), content);
}
