import { rm } from 'node:fs/promises';
import { ensureChromium } from '../../support/lab/editor/chromium';
import { Lab } from '../../support/lab/lab';
import { SCREENSHOTS } from './seen';
import { publishWorld } from './world';

/** Long enough to be seen in each status, short enough to wait for. */
const TIMING = { validating: 200, in_progress: 600, finalizing: 200, cancelling: 200 };

/** Jest runs the setup and the teardown in one process, where only this is common to both. */
export type Shared = typeof globalThis & { e2eLab?: Lab };

/** Starts what the tests use, before the first of them. */
export default async function setup(): Promise<void> {
	await rm(SCREENSHOTS, { recursive: true, force: true });
	await ensureChromium();
	const lab = await Lab.open();
	try {
		publishWorld(lab, await lab.account({ timing: TIMING }));
		(globalThis as Shared).e2eLab = lab;
	} catch (error) {
		// Jest does not call the teardown after a setup that failed.
		await lab.close();
		throw error;
	}
}
