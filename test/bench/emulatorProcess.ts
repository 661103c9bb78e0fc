import { startEmulator } from '../support/emulator';

/** The clock stands still: what happens to a batch behind the API happens between measurements. */
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

/** What was asked since the last time; uploads are deleted, and all of it is forgotten. */
export async function settle() {
	const { ledger } = await emulator;
	const requests = ledger.requests.length;
	const uploaded = ledger.uploads.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
	for (const { id } of ledger.uploads) await remove(id);
	ledger.clear();
	return { requests, uploaded };
}

/** As `settle`, but what was uploaded stays for later jobs. */
export const keep = async () => (await emulator).ledger.clear();
