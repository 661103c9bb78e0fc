import { setTimeout as sleep } from 'node:timers/promises';

/** Long enough for a busy machine; what is waited for usually takes a few seconds. */
const PATIENCE_MS = 120_000;

/**
 * Looks until there is something, and returns it. Fails with what was waited for, and with what
 * there was instead.
 *
 * @param look gives what is waited for, or undefined (or false) while it is not there
 * @param instead tells what there is meanwhile, for the failure
 */
export async function until<T>(
	what: string,
	look: () => Promise<T | undefined | false> | T | undefined | false,
	{ every = 100, instead = () => '' }: { every?: number; instead?: () => string } = {},
): Promise<T> {
	const deadline = Date.now() + PATIENCE_MS;
	for (;;) {
		const found = await look();
		if (found !== undefined && found !== false) return found;
		if (Date.now() > deadline) {
			throw new Error(`Waited ${PATIENCE_MS / 1000} s in vain for ${what}. ${instead()}`);
		}
		await sleep(every);
	}
}
