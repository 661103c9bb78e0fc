import { rm } from 'node:fs/promises';
import { Closers } from '../../support/lab/closers';
import { SCREENSHOTS } from './screenshots';
import { startWorld, tellWorld } from './world';

/** Jest runs the setup and the teardown in one process, where only this is common to both. */
export type Shared = typeof globalThis & { e2eClosers?: Closers };

/** Starts what the tests use, before the first of them. */
export default async function setup(): Promise<void> {
	await rm(SCREENSHOTS, { recursive: true, force: true });
	const closers = new Closers();
	(globalThis as Shared).e2eClosers = closers;
	try {
		tellWorld(await startWorld(closers));
	} catch (error) {
		// Jest does not call the teardown after a setup that failed.
		await closers.close();
		throw error;
	}
}
