import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { npm } from './run';

const PROJECT = resolve(__dirname, '..', '..', '..');

/**
 * Builds this package and packs it as it would be published (`npm pack` runs the build). Returns
 * the tarball's path in the given folder, which has to be empty or new.
 */
export async function packPackage(folder: string, signal?: AbortSignal): Promise<string> {
	await mkdir(folder, { recursive: true });
	await npm(['pack', '--pack-destination', folder], { cwd: PROJECT, signal });
	const [tarball] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
	if (!tarball) throw new Error(`"npm pack" wrote no tarball into ${folder}`);
	return join(folder, tarball);
}
