import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { npm } from '../processes/run';

const PROJECT = resolve(__dirname, '..', '..', '..');

/** Holds the path of the tarball that jest's setup has packed for all test files of a run. */
export const TARBALL_VARIABLE = 'N8N_OPENAI_BATCH_TARBALL';

/**
 * Builds this package and packs it as it would be published (`npm pack` runs the build). Returns
 * the path of the tarball in the given folder, which has to be empty or new.
 */
export async function packPackage(folder: string, signal?: AbortSignal): Promise<string> {
	await mkdir(folder, { recursive: true });
	await npm(['pack', '--pack-destination', folder], { cwd: PROJECT, signal });
	const [tarball] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
	if (!tarball) throw new Error(`"npm pack" wrote no tarball into ${folder}`);
	return join(folder, tarball);
}

/** Returns the tarball that jest's setup has packed; without one, packs the package. */
export async function packedOnce(folder: string, signal?: AbortSignal): Promise<string> {
	return process.env[TARBALL_VARIABLE] ?? (await packPackage(folder, signal));
}
