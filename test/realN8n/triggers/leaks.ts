import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Where a text stands, byte by byte, in the files of a folder: `file@offset`. */
export async function occurrences(folder: string, text: string): Promise<string[]> {
	const found: string[] = [];
	for (const name of await readdir(folder, { recursive: true })) {
		const file = join(folder, name);
		if (!(await stat(file)).isFile()) continue;
		const at = (await readFile(file)).indexOf(text, 0, 'utf8');
		if (at >= 0) found.push(`${relative(folder, file)}@${at}`);
	}
	return found;
}
