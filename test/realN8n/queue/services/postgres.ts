import { chmod, chown, mkdtemp } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../support/lab/n8n/ports';
import { run } from '../../../support/processes/run';
import type { Binaries } from './binaries';
import { startService, type Service } from './service';

/** The one user and database. */
export const POSTGRES_USER = 'n8n';
export const POSTGRES_DATABASE = 'postgres';

/** PostgreSQL refuses to run as root: Debian's package brings a user for it, `nobody` is always there. */
async function unprivileged(): Promise<{ uid?: number; gid?: number }> {
	if (process.getuid?.() !== 0) return {};
	for (const name of ['postgres', 'nobody']) {
		const ids = ['-u', '-g'].map(
			async (flag) => await run('id', [flag, name], { cwd: '/' }).then(Number, () => undefined),
		);
		const [uid, gid] = await Promise.all(ids);
		if (uid !== undefined && gid !== undefined) return { uid, gid };
	}
	throw new Error('There is no user "postgres" or "nobody" that PostgreSQL could run as.');
}

/** Creates the files of an empty database. */
async function initialize(
	initdb: string,
	data: string,
	user: { uid?: number; gid?: number },
): Promise<void> {
	const args = ['-D', data, '-U', POSTGRES_USER, '-A', 'trust', '-E', 'UTF8', '--locale=C'];
	const child = spawn(initdb, args, { ...user, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
	let written = '';
	child.stderr.on('data', (text: Buffer) => (written += text.toString()));
	const code = await new Promise<number | null>((resolve, reject) => {
		child.once('error', reject);
		child.once('close', resolve);
	});
	if (code !== 0) throw new Error(`initdb did not succeed:\n${written}`);
}

/** A PostgreSQL on loopback with its default settings, in a folder of its own. */
export async function startPostgres({ postgres, initdb, pgIsReady }: Binaries): Promise<Service> {
	const user = await unprivileged();
	const folder = await mkdtemp(join(tmpdir(), 'n8n-queue-postgres-'));
	await chmod(folder, 0o700);
	if (user.uid !== undefined && user.gid !== undefined) await chown(folder, user.uid, user.gid);
	const data = join(folder, 'data');
	await initialize(initdb, data, user);
	const port = await freePort();
	const settings = [`unix_socket_directories=${folder}`, 'listen_addresses=127.0.0.1'];
	return await startService(port, {
		command: postgres,
		args: ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
		folder,
		// Immediately: what is in the database is of no use any more.
		signal: 'SIGQUIT',
		...user,
		isReady: async () => {
			const args = ['-h', '127.0.0.1', '-p', String(port), '-U', POSTGRES_USER];
			return await run(pgIsReady, args, { cwd: '/' }).then(
				() => true,
				() => false,
			);
		},
	});
}
