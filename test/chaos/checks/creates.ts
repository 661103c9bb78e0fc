import type { World } from '../world';

const SPENT = ['failed', 'cancelling', 'cancelled'];

/**
 * At most one batch stands for each part, and for each request among the first batches and among
 * the retries of one, whatever happened and whatever keys they carry.
 *
 * @returns the ids of the batches that stand
 */
export function checkCreates({ emulator, broken }: World, when: string): string[] {
	const standing = emulator.ledger.batches.filter(({ status }) => !SPENT.includes(status));
	const owners = new Map<string, string>();
	for (const { id, metadata, input_file_id: fileId } of standing) {
		const { submission_key: key = id, submission_part: part, retry_of: of = '' } = metadata ?? {};
		for (const what of [`part ${key} ${part}`, ...customIds(emulator, fileId, of)]) {
			const owner = owners.get(what);
			if (owner) broken('a part becomes one batch', { when, what, ids: [owner, id] });
			owners.set(what, id);
		}
	}
	return standing.map(({ id }) => id);
}

function customIds(emulator: World['emulator'], fileId: string, of: string): string[] {
	const lines = textOf(emulator, fileId).split('\n').filter(Boolean);
	return lines.map((line) => `${(JSON.parse(line) as { custom_id: string }).custom_id} ${of}`);
}

/** Returns nothing for a file that the story has deleted in the meantime. */
function textOf(emulator: World['emulator'], fileId: string): string {
	try {
		return emulator.file(fileId).text();
	} catch {
		return '';
	}
}
