/**
 * Must be the first import of the harness: n8n-core reads its environment while it loads.
 * Everything n8n writes (settings file, binary data) goes to a temporary folder of this process.
 */
import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The n8n user folder of this test process; removed at its end. */
export const userFolder = mkdtempSync(join(tmpdir(), 'n8n-engine-'));

process.env.N8N_USER_FOLDER = userFolder;
process.env.N8N_LOG_LEVEL = 'silent';
process.env.N8N_DEFAULT_BINARY_DATA_MODE = 'filesystem';
// A fixed key: without one n8n prints a notice and makes its own.
process.env.N8N_ENCRYPTION_KEY = 'engine-harness';

const cleanUps: Array<() => Promise<void> | void> = [
	() => rmSync(userFolder, { recursive: true, force: true }),
];

/** Runs `cleanUp` when the test file ends, before the temporary folder goes. */
export function atEnd(cleanUp: () => Promise<void> | void): void {
	cleanUps.unshift(cleanUp);
}

/** Ends everything the harness started; jest calls it by itself, scripts call it at their end. */
export async function closeHarness(): Promise<void> {
	for (const cleanUp of cleanUps.splice(0)) await cleanUp();
}

if (typeof afterAll === 'function') afterAll(closeHarness);
else process.once('exit', () => rmSync(userFolder, { recursive: true, force: true }));
