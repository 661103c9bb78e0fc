import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Closers } from '../../support/lab/closers';
import { startEmulator } from '../../support/emulator';
import { ensureN8n } from '../../support/lab/install';
import { packPackage } from '../../support/lab/package';
import { startN8n } from '../../support/lab/start';
import { ensureChromium } from './chromium';

/** What a test needs to know of what runs; plain data, as Jest keeps its setup and tests apart. */
export interface World {
	chromium: string;
	n8nUrl: string;
	email: string;
	password: string;
	apiUrl: string;
	apiKey: string;
}

/** Long enough to be seen in each status, short enough to wait for. */
const TIMING = { validating: 200, in_progress: 600, finalizing: 200, cancelling: 200 };

/** Packs the package, and starts the emulator and n8n with an owner. What runs is in `closers`. */
export async function startWorld(closers: Closers): Promise<World> {
	const chromium = await ensureChromium();
	const folder = await mkdtemp(join(tmpdir(), 'n8n-nodes-openai-batch-e2e-'));
	closers.add(async () => await rm(folder, { recursive: true, force: true, maxRetries: 5 }));
	const tarball = await packPackage(join(folder, 'package'));
	await ensureN8n({ onProgress: (text) => console.log(text) });

	const emulator = await startEmulator({ folder: join(folder, 'api'), timing: TIMING });
	closers.add(emulator.close);
	const n8n = await startN8n({ userFolder: join(folder, 'n8n'), packages: [tarball] });
	closers.add(n8n.stop);
	const email = 'owner@example.com';
	const password = `Test-${randomBytes(6).toString('hex')}`;
	await n8n.rest.setUpOwner({ email, password, firstName: 'Film', lastName: 'Fan' });
	const { url: apiUrl, apiKey } = emulator;
	return { chromium, n8nUrl: n8n.url, email, password, apiUrl, apiKey };
}

const VARIABLE = 'OPENAI_BATCH_E2E_WORLD';

/** Hands the world on to the tests. */
export function tellWorld(world: World): void {
	process.env[VARIABLE] = JSON.stringify(world);
}

/** The world that the setup has started. */
export function knownWorld(): World {
	const text = process.env[VARIABLE];
	if (!text) throw new Error('Run the browser tests with "npm run test:e2e".');
	return JSON.parse(text) as World;
}
