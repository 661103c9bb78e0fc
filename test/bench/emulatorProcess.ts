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

/** Takes all batches since the last call to their end, and begins to count again. */
export async function completeAll() {
	const { ledger } = await emulator;
	const batches = [];
	for (const { id } of [...ledger.batches]) {
		const { output_file_id: outputFileId } = await complete(id);
		batches.push({ id, outputFileId: outputFileId! });
	}
	ledger.clear();
	return batches;
}

/** Deletes all files, of batches too, and begins to count again. */
export async function removeAll(): Promise<void> {
	const { url, apiKey, ledger } = await emulator;
	const headers = { authorization: `Bearer ${apiKey}` };
	for (;;) {
		const answer = await fetch(`${url}/files?limit=1000`, { headers });
		const { data } = (await answer.json()) as { data: Array<{ id: string }> };
		if (data.length === 0) break;
		for (const { id } of data) await remove(id);
	}
	ledger.clear();
}

/**
 * Counts the requests and uploaded bytes since the last call, deletes the uploads, and begins again.
 *
 * @param keeps whether the uploads stay, and are counted again, until all batches are completed
 */
export async function settle(keeps = false) {
	const { ledger } = await emulator;
	const requests = ledger.requests.length;
	const uploaded = ledger.uploads.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
	if (keeps) return { requests, uploaded };
	for (const { id } of ledger.uploads) await remove(id);
	ledger.clear();
	return { requests, uploaded };
}

/** Begins to count again, but keeps the uploads for later jobs. */
export const keep = async () => (await emulator).ledger.clear();
