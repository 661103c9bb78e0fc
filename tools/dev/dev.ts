import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmulator } from '../../test/support/emulator';
import { createCredential } from '../../test/support/lab/account';
import { cacheFolder } from '../../test/support/lab/install/cache';
import { Lab } from '../../test/support/lab/lab';
import { assertPortFree } from '../../test/support/lab/n8n/ports';
import type { Show } from '../../test/support/lab/show';
import type { Arguments } from './arguments';
import { compileOnChange } from './compile';

const PACKAGE = 'n8n-nodes-openai-batch';

/** Long enough to see the statuses, short enough to wait for. */
const TIMING = { validating: 2_000, in_progress: 15_000, finalizing: 2_000 };

/** The only user of the private n8n, which listens on loopback only. */
const OWNER = {
	email: 'dev@example.com',
	password: 'Develop-1234',
	firstName: 'Dev',
	lastName: 'Eloper',
};

/**
 * Starts the emulator and n8n with the package, and compiles the nodes into it on every change.
 * Workflows stay from run to run. Settles when the signal or an end of n8n stops it; what was
 * started is ended with the stack.
 */
export async function dev(
	{ port, emulatorPort, fresh }: Arguments,
	show: Show,
	stack: AsyncDisposableStack,
	signal: AbortSignal,
): Promise<void> {
	for (const wanted of [port, emulatorPort]) await assertPortFree(wanted);
	const userFolder = join(cacheFolder(), 'dev');
	if (fresh) await rm(userFolder, { recursive: true, force: true });
	await mkdir(userFolder, { recursive: true });

	// n8n then watches the files of its packages.
	const env = { N8N_DEV_RELOAD: 'true' };
	const lab = await Lab.open({ userFolder, port, env, owner: OWNER, show, signal });
	stack.defer(async () => await lab.close());
	const { n8n, rest, isNew } = lab;
	const webhooks = { deliverTo: n8n.url };
	const emulator = await startEmulator({ port: emulatorPort, timing: TIMING, webhooks });
	stack.defer(emulator.close);
	if (isNew) {
		await createCredential(rest, emulator, { title: 'OpenAI Batch API (emulator)' });
	}

	const installed = join(userFolder, '.n8n', 'nodes', 'node_modules', PACKAGE);
	const watching = compileOnChange(installed, show.note, signal);
	await Promise.race([watching.started, watching.ended]);
	show.step(`The editor: ${n8n.url}`);
	show.note(`sign in as ${OWNER.email} with the password ${OWNER.password}`);
	show.note(isNew ? 'it has a credential for the emulator' : 'everything is as you left it');
	show.note(`the emulator: ${emulator.url}, key ${emulator.apiKey}`);
	show.note('changes in nodes/ and credentials/ are compiled and loaded; Ctrl-C ends it');
	await Promise.race([watching.ended, n8n.exited]);
	if (!signal.aborted) throw new Error(`n8n ended:\n${n8n.logs.slice(-2_000)}`);
}
