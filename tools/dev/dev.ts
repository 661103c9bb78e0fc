import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Closers } from '../../test/support/lab/closers';
import type { Show } from '../../test/support/lab/show';
import { startEmulator } from '../../test/support/emulator';
import { cacheFolder } from '../../test/support/lab/cache';
import { ensureN8n } from '../../test/support/lab/install';
import { packPackage } from '../../test/support/lab/package';
import { assertPortFree } from '../../test/support/lab/ports';
import { startN8n } from '../../test/support/lab/start';
import { OWNER, prepareAccount } from './account';
import type { Arguments } from './arguments';
import { compileOnChange } from './compile';

const PACKAGE = 'n8n-nodes-openai-batch';

/** Long enough to see the statuses, short enough to wait for. */
const TIMING = { validating: 2_000, in_progress: 15_000, finalizing: 2_000 };

async function packInto(closers: Closers, signal: AbortSignal): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), `${PACKAGE}-dev-`));
	closers.add(async () => await rm(folder, { recursive: true, force: true }));
	return await packPackage(folder, signal);
}

/**
 * Starts the emulator and n8n with the package, and compiles the nodes into it on every change.
 * Workflows stay from run to run. Settles when the signal or an end of n8n stops it; what was
 * started is ended by the closers.
 */
export async function dev(
	{ port, emulatorPort, fresh }: Arguments,
	show: Show,
	closers: Closers,
	signal: AbortSignal,
): Promise<void> {
	for (const wanted of [port, emulatorPort]) await assertPortFree(wanted);
	const userFolder = join(cacheFolder(), 'dev');
	if (fresh) await rm(userFolder, { recursive: true, force: true });
	await mkdir(userFolder, { recursive: true });

	show.step('Building the package, and looking for n8n');
	const tarball = await packInto(closers, signal);
	await ensureN8n({ onProgress: show.note, signal });

	show.step('Starting the emulator and n8n');
	const webhooks = { deliverTo: `http://127.0.0.1:${port}` };
	const emulator = await startEmulator({ port: emulatorPort, timing: TIMING, webhooks });
	closers.add(emulator.close);
	// n8n then watches the files of its packages.
	const env = { N8N_DEV_RELOAD: 'true' };
	const n8n = await startN8n({ userFolder, port, packages: [tarball], env, signal });
	closers.add(n8n.stop);
	const isNew = await prepareAccount(n8n.rest, emulator);

	const installed = join(userFolder, '.n8n', 'nodes', 'node_modules', PACKAGE);
	const watching = compileOnChange(installed, show.note, signal);
	await Promise.race([watching.started, watching.ended]);
	show.step(`The editor: ${n8n.url}`);
	show.note(`sign in as ${OWNER.email} with the password ${OWNER.password}`);
	show.note(isNew ? 'it has a credential for the emulator' : 'everything is as you left it');
	show.note(`the emulator: ${emulator.url}, key ${emulator.apiKey}`);
	show.note('changes in nodes/ and credentials/ are compiled and loaded; Ctrl-C ends it');
	await Promise.race([watching.ended, n8n.exited]);
	if (!signal.aborted) throw new Error(`n8n ended:\n${n8n.logs().slice(-2_000)}`);
}
