import { access, readdir } from 'node:fs/promises';
import { constants } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { run } from '../../../support/processes/run';

/** Where the programs are that n8n's queue mode needs. */
export interface Binaries {
	redisServer: string;
	postgres: string;
	/** Stand beside `postgres`. */
	initdb: string;
	pgIsReady: string;
}

/** Debian keeps PostgreSQL's server out of the path, in a folder for each version. */
const DEBIAN_POSTGRES = '/usr/lib/postgresql';

const NEEDED =
	'"npm run test:queue" needs redis-server and PostgreSQL. Install them, for example with ' +
	'"sudo apt-get install redis-server postgresql", and run it again. Neither has to run: the ' +
	'tests start their own, on private ports.';

/** The folders to look in, the newest PostgreSQL of Debian first. */
async function folders(): Promise<string[]> {
	const versions = await readdir(DEBIAN_POSTGRES).catch(() => []);
	const newestFirst = versions.sort((a, b) => Number(b) - Number(a));
	return [
		...newestFirst.map((version) => join(DEBIAN_POSTGRES, version, 'bin')),
		...(process.env.PATH ?? '').split(delimiter),
	];
}

async function isProgram(file: string): Promise<boolean> {
	return await access(file, constants.X_OK).then(
		() => true,
		() => false,
	);
}

/** The first folder that has all of these programs. */
async function folderOf(...names: string[]): Promise<string | undefined> {
	for (const folder of await folders()) {
		const found = await Promise.all(names.map(async (name) => await isProgram(join(folder, name))));
		if (found.every(Boolean)) return folder;
	}
	return undefined;
}

async function find(): Promise<Binaries | undefined> {
	const redis = await folderOf('redis-server');
	const postgres = await folderOf('postgres', 'initdb', 'pg_isready');
	if (redis === undefined || postgres === undefined) return undefined;
	return {
		redisServer: join(redis, 'redis-server'),
		postgres: join(postgres, 'postgres'),
		initdb: join(postgres, 'initdb'),
		pgIsReady: join(postgres, 'pg_isready'),
	};
}

/** Debian's packages, without starting the services that come with them. */
async function installFromDebian(onProgress: (text: string) => void): Promise<void> {
	const cwd = dirname(__filename);
	// In this run level, Debian's scripts start no services.
	const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
	onProgress('installing redis-server and postgresql with apt-get');
	await run('apt-get', ['update', '-q'], { cwd, env });
	const packages = ['redis-server', 'postgresql'];
	await run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...packages], {
		cwd,
		env,
	});
}

/**
 * Finds Redis and PostgreSQL, or installs Debian's packages where this process may.
 *
 * @throws when they are not there; the message says what is needed
 */
export async function ensureBinaries(onProgress: (text: string) => void): Promise<Binaries> {
	const found = await find();
	if (found) return found;
	const mayInstall = process.getuid?.() === 0 && (await folderOf('apt-get')) !== undefined;
	if (!mayInstall) throw new Error(NEEDED);
	await installFromDebian(onProgress);
	const installed = await find();
	if (!installed) throw new Error(NEEDED);
	return installed;
}
