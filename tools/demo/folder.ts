import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../../test/support/lab/lock';

const PREFIX = 'n8n-nodes-openai-batch-demo-';

/**
 * A fresh folder for everything that a run writes. Its name holds the pid, so that a later run can
 * tell, and remove, the folder of one that was killed.
 */
export async function demoFolder(parent = tmpdir()): Promise<string> {
	for (const name of await readdir(parent)) {
		const pid = Number(name.startsWith(PREFIX) && name.slice(PREFIX.length).split('-')[0]);
		if (pid > 0 && !isAlive(pid)) await removeFolder(join(parent, name));
	}
	return await mkdtemp(join(parent, `${PREFIX}${process.pid}-`));
}

export const removeFolder = async (folder: string): Promise<void> =>
	await rm(folder, { recursive: true, force: true, maxRetries: 5 });
