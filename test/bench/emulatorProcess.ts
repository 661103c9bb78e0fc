import { startEmulator } from '../support/emulator';

/** The clock stands still, so that batches only move between measurements. */
const emulator = startEmulator({ clock: 'manual' });

async function remove(id: string): Promise<void> {
	const { url, apiKey } = await emulator;
	const headers = { authorization: `Bearer ${apiKey}` };
	await fetch(`${url}/files/${id}`, { method: 'DELETE', headers });
}

/** What the credential needs to reach the API. */
export async function api() {
	const { url, apiKey } = await emulator;
	return { url, apiKey };
}

/** Takes a batch to its end. */
export async function complete(batchId: string) {
	await (await emulator).step(batchId, 'completed');
	return (await emulator).batch(batchId);
}

/** Counts the requests and uploaded bytes since the last call, deletes the uploads, and begins again. */
export async function settle() {
	const { ledger } = await emulator;
	const requests = ledger.requests.length;
	const uploaded = ledger.uploads.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
	for (const { id } of ledger.uploads) await remove(id);
	ledger.clear();
	return { requests, uploaded };
}

/** Begins to count again, but keeps the uploads for later jobs. */
export const keep = async () => (await emulator).ledger.clear();
