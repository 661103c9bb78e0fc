import { setTimeout as sleep } from 'node:timers/promises';

/** Only guards against hanging: what is waited for usually takes a few seconds. */
const PATIENCE_MS = 10 * 60_000;

/**
 * Looks until there is something, and returns it. Fails with what was waited for, and with what
 * there was instead.
 *
 * @param look returns what is waited for, or undefined (or false) while it is not there
 * @param every milliseconds between two looks
 * @param instead says what there is instead, for the error
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
			throw new Error(`Waited ${PATIENCE_MS / 60_000} minutes for ${what}. ${instead()}`);
		}
		await sleep(every);
	}
}
