import { perform, performUntilDone } from './act';
import { exists, type World } from './world';

/** Lists, downloads and deletes an uploaded file. */
export async function keepFiles(world: World): Promise<void> {
	const { emulator, random, server } = world;
	const uploads = emulator.ledger.uploads.filter(({ id }) => exists(world, id));
	if (uploads.length === 0) return;
	const file = random.pick(uploads);
	const of = (operation: string, more = {}) =>
		({ resource: 'file', operation, parameters: { fileId: file.id, ...more } }) as const;

	if (server.has('GET /files')) {
		const listed = await performUntilDone(world, {
			...of('getAll'),
			parameters: { returnAll: true, filters: { purpose: 'batch' } },
		});
		const ids = listed.items('Node').map(({ json }) => json.id);
		if (!listed.error && ids.filter((id) => id === file.id).length !== 1) {
			world.broken('a list is whole', { file: file.id, ids });
		}
	}
	if (server.has('GET /files/:id')) await downloadFile(world, file.id);
	world.storm();
	if (server.has('DELETE /files/:id')) await deleteFile(world, file.id);
}

/** The bytes of a download are those of the file, unless the server translates it. */
async function downloadFile(world: World, fileId: string): Promise<void> {
	const { emulator, server } = world;
	const downloaded = await performUntilDone(world, {
		resource: 'file',
		operation: 'download',
		parameters: { fileId },
	});
	const [item] = downloaded.items('Node');
	if (downloaded.error) return;
	const bytes = await downloaded.binary(item);
	const { object, text } = emulator.file(fileId);
	const isTranslated = server.dialect.download(object) !== undefined;
	if (!isTranslated && bytes.toString() !== text()) {
		world.broken('a download is whole', { fileId, bytes: bytes.length });
	}
}

/** After a lost answer the second try may find the file gone: then it is deleted. */
async function deleteFile(world: World, fileId: string): Promise<void> {
	const result = await perform(world, {
		resource: 'file',
		operation: 'delete',
		parameters: { fileId },
	});
	const isGone = !exists(world, fileId);
	if (!result.error && !isGone) world.broken('a deleted file is gone', fileId);
}
