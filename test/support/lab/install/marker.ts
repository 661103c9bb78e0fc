import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Written as the very last step of an install, so a folder without it is a half-dead one. */
const MARKER = 'installed.json';

/** What an install was made of: it is used again only by exactly these versions. */
export interface Installed {
	n8n: string;
	/** The major version of Node that sqlite3 was built for. */
	node: number;
	platform: string;
}

export async function markComplete(folder: string, installed: Installed): Promise<void> {
	await writeFile(join(folder, MARKER), JSON.stringify(installed, null, 2));
}

/** Whether a folder holds a finished install of the wanted versions. */
export async function isComplete(folder: string, wanted: Installed): Promise<boolean> {
	const text = await readFile(join(folder, MARKER), 'utf8').catch(() => '');
	try {
		const found = JSON.parse(text) as Partial<Installed>;
		return (
			found.n8n === wanted.n8n && found.node === wanted.node && found.platform === wanted.platform
		);
	} catch {
		return false;
	}
}
