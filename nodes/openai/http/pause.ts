import { sleep } from 'n8n-workflow';

/** How soon a cancelled execution is noticed. */
const SLICE_MS = 250;

/**
 * Waits, in short slices, so that cancelling the execution ends the wait.
 *
 * @returns false when the signal was aborted before the time was over
 */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<boolean> {
	for (let left = ms; left > 0 && !signal?.aborted; left -= SLICE_MS) {
		await sleep(Math.min(left, SLICE_MS));
	}
	return !signal?.aborted;
}
