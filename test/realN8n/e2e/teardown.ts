import type { Shared } from './setup';

/** Ends what the setup has started, after the last test. */
export default async function teardown(): Promise<void> {
	await (globalThis as Shared).e2eLab?.close();
}
