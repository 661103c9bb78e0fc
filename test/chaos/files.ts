import { perform, performUntilDone } from './act';
import type { World } from './world';

/** Lists, downloads and deletes an uploaded file. */
export async function keepFiles(world: World): Promise<void> {
	const { emulator, random } = world;
	const uploads = emulator.ledger.uploads.filter(({ id }) => exists(world, id));
	if (uploads.length === 0) return;
	const file = random.pick(uploads);
	const of = (operation: string, more = {}) =>
		({ resource: 'file', operation, parameters: { fileId: file.id, ...more } }) as const;

	const listed = await performUntilDone(world, {
		...of('getAll'),
		parameters: { returnAll: true, filters: { purpose: 'batch' } },
	});
	const ids = listed.items('Node').map(({ json }) => json.id);
	if (!listed.error && ids.filter((id) => id === file.id).length !== 1) {
		world.broken('a list is whole', { file: file.id, ids });
	}
	const downloaded = await performUntilDone(world, of('download'));
	const [item] = downloaded.items('Node');
	if (!downloaded.error) {
		const bytes = await downloaded.binary(item);
		if (bytes.toString() !== emulator.file(file.id).text()) {
			world.broken('a download is whole', { file: file.id, bytes: bytes.length });
		}
	}
	world.storm();
	await deleteFile(world, file.id);
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

function exists({ emulator }: World, fileId: string): boolean {
	try {
		return emulator.file(fileId) !== undefined;
	} catch {
		return false;
	}
}
