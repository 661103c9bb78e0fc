import { mkdir, readdir, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CACHE_VARIABLE, cacheFolder, installFolder } from './cache';
import { withLock } from './lock';
import { isComplete, markComplete, type Installed } from './marker';
import { CommandError, npm } from '../../processes/run';
import { N8N_VERSION, nodeHeadersPackage, nodeMajor } from './version';

export interface EnsureOptions {
	/** Called with what happens, about every five seconds while a long step runs. */
	onProgress?: (text: string) => void;
	/** Stops an install; what it had written is removed. */
	signal?: AbortSignal;
	/** Default: the user's cache folder, see {@link cacheFolder}. */
	cache?: string;
}

const PROGRESS_MS = 5_000;

const GIB = 1024 ** 3;

/** n8n 2.41 takes 2.9 GB (measured); npm's own cache and the unpacking take the rest. */
const NEEDED_BYTES = 4 * GIB;

/**
 * Finds the pinned n8n in the cache folder or installs it there (3 GB, several minutes). The
 * install goes into a sibling folder that gets its name only when complete, so one that died
 * half-way never counts; the next run removes it and starts again, with npm's own cache warm.
 */
export async function ensureN8n(
	options: EnsureOptions = {},
): Promise<{ folder: string; version: string }> {
	const cache = options.cache ?? cacheFolder();
	const folder = installFolder(cache);
	const wanted = {
		n8n: N8N_VERSION,
		node: nodeMajor(),
		platform: `${process.platform}-${process.arch}`,
	};
	if (!(await isComplete(folder, wanted))) {
		await mkdir(cache, { recursive: true });
		await withLock(`${folder}.lock`, async () => await install(folder, wanted, options), {
			signal: options.signal,
			onWait: () => options.onProgress?.('another run is installing n8n, waiting for it'),
		});
	}
	return { folder, version: N8N_VERSION };
}

/** Installs under the lock, so an unfinished install that is found belongs to nobody. */
async function install(folder: string, wanted: Installed, options: EnsureOptions): Promise<void> {
	if (await isComplete(folder, wanted)) return;
	const cache = dirname(folder);
	const partial = `${folder}.partial-${process.pid}`;
	for (const name of await readdir(cache)) {
		if (!name.startsWith(`${basename(folder)}.partial-`)) continue;
		options.onProgress?.('removing what an interrupted install left');
		await rm(join(cache, name), { recursive: true, force: true });
	}
	await rm(folder, { recursive: true, force: true });
	await assertDiskSpace(cache);
	try {
		await mkdir(partial);
		await fill(partial, options);
		await markComplete(partial, wanted);
		await rename(partial, folder);
	} catch (error) {
		await rm(partial, { recursive: true, force: true, maxRetries: 3 });
		throw explain(error, cache);
	}
}

/**
 * n8n's dependencies without their install scripts (most compile or download optional things),
 * then the one native module that n8n cannot do without.
 */
async function fill(folder: string, { onProgress, signal }: EnsureOptions): Promise<void> {
	await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true }));
	const headers = nodeHeadersPackage();
	const packages = [`n8n@${N8N_VERSION}`, `${headers}@${process.versions.node}`];
	const quiet = ['--no-audit', '--no-fund', '--no-update-notifier'];
	const step = progress(onProgress);
	try {
		step.start('downloading n8n');
		await npm(['install', ...packages, '--ignore-scripts', '--loglevel=http', ...quiet], {
			cwd: folder,
			signal,
			onLine: (line) => step.count(/^npm http (fetch|cache)/.test(line)),
		});
		step.start('building sqlite3');
		await npm(['rebuild', 'sqlite3', ...quiet], {
			cwd: folder,
			signal,
			env: { npm_config_nodedir: join(folder, 'node_modules', headers) },
		});
	} finally {
		step.stop();
	}
}

/** Reports a running step, its age and how many files npm has fetched, at a steady pace. */
function progress(onProgress: EnsureOptions['onProgress']) {
	let title = '';
	let since = Date.now();
	let fetched = 0;
	const report = () => {
		const files = fetched > 0 ? `, ${fetched} requests to the registry` : '';
		onProgress?.(`${title}: ${Math.round((Date.now() - since) / 1000)} s${files}`);
	};
	const timer = setInterval(report, PROGRESS_MS);
	return {
		start: (next: string) => {
			[title, since, fetched] = [next, Date.now(), 0];
			onProgress?.(title);
		},
		count: (isFetch: boolean) => {
			if (isFetch) fetched += 1;
		},
		stop: () => clearInterval(timer),
	};
}

/** Throws when a folder's disk has no room for an install of n8n. */
async function assertDiskSpace(folder: string): Promise<void> {
	const { bavail, bsize } = await statfs(folder);
	const free = bavail * bsize;
	if (free < NEEDED_BYTES) throw new Error(diskMessage(folder, free));
}

/** Says that a disk is too full, and what to do. `free` in bytes, where known. */
function diskMessage(folder: string, free?: number): string {
	const left = free === undefined ? 'the disk is full' : `${(free / GIB).toFixed(1)} GB are free`;
	return (
		`Not enough disk space in ${folder}: n8n needs about ${NEEDED_BYTES / GIB} GB, ${left}. ` +
		`Make room, or set ${CACHE_VARIABLE} to a folder on another disk.`
	);
}

/** Turns npm's failures into what the reader can do about them. */
export function explain(error: unknown, cache: string): unknown {
	if ((error as NodeJS.ErrnoException)?.code === 'ENOSPC') return new Error(diskMessage(cache));
	if (!(error instanceof CommandError)) return error;
	if (/ENOSPC|no space left/i.test(error.output)) return new Error(diskMessage(cache));
	if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET/.test(error.output)) {
		return new Error(
			'npm could not reach its registry. Check the network (or npm\'s "proxy" and "registry" ' +
				`settings) and run again: what was downloaded is kept.\n${error.output}`,
		);
	}
	return new Error(`Installing n8n ${N8N_VERSION} did not succeed. ${error.message}`);
}
