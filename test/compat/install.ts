import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../support/lab/install/cache';
import { withLock } from '../support/lab/install/lock';
import { isComplete, markComplete } from '../support/lab/install/marker';
import { npm } from '../support/processes/run';
import { OLDER_CORE, OLDER_WORKFLOW } from './versions';

const FLAGS = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier'];

/**
 * Finds the older engine in the cache folder or installs it there (some 400 packages, half a
 * minute), apart from the project's own packages. Returns the folder.
 */
export async function ensureOlder(onProgress: (text: string) => void): Promise<string> {
	const folder = join(cacheFolder(), `n8n-core-${OLDER_CORE}`);
	const wanted = {
		n8n: `${OLDER_CORE} ${OLDER_WORKFLOW}`,
		node: Number(process.versions.node.split('.')[0]),
		platform: `${process.platform}-${process.arch}`,
	};
	await mkdir(dirname(folder), { recursive: true });
	await withLock(`${folder}.lock`, async () => {
		if (await isComplete(folder, wanted)) return;
		onProgress(`installing n8n-core ${OLDER_CORE}`);
		const partial = `${folder}.partial`;
		for (const old of [partial, folder]) await rm(old, { recursive: true, force: true });
		await mkdir(partial);
		await writeFile(join(partial, 'package.json'), JSON.stringify({ private: true }));
		const packages = [`n8n-core@${OLDER_CORE}`, `n8n-workflow@${OLDER_WORKFLOW}`];
		await npm(['install', ...packages, ...FLAGS], { cwd: partial });
		await markComplete(partial, wanted);
		await rename(partial, folder);
	});
	return folder;
}
