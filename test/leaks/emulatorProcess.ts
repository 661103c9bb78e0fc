import type { BatchStatus } from '../../nodes/openai/api/objects';
import { startEmulator } from '../support/emulator';

/** A day ago, so that looking for earlier batches does not take longer with every run. */
const emulator = startEmulator({ clock: 'manual', now: Date.now() - 86_400_000 });

/** What the credential needs to reach the API. */
export async function api() {
	const { url, apiKey } = await emulator;
	return { url, apiKey };
}

/** Takes a batch to a status. */
export const step = async (id: string, status: BatchStatus) =>
	await (await emulator).step(id, status);
