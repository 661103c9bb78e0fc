import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from './install/lock';

const PREFIX = 'n8n-nodes-openai-batch-lab-';

/**
 * Creates a folder for everything that a run writes. Its name holds the process id, so that a later
 * run recognizes the folder of a run that was killed, and removes it.
 */
export async function labFolder(parent = tmpdir()): Promise<string> {
	for (const name of await readdir(parent)) {
		const pid = Number(name.startsWith(PREFIX) && name.slice(PREFIX.length).split('-')[0]);
		if (pid > 0 && !isAlive(pid)) await removeFolder(join(parent, name));
	}
	return await mkdtemp(join(parent, `${PREFIX}${process.pid}-`));
}

/** Removes a folder, also when a process that is just ending still writes into it. */
export const removeFolder = async (folder: string): Promise<void> =>
	await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
