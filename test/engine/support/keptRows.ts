import type { Emulator } from '../../support/emulator';
import type { WireBatch } from '../../support/emulator/batches/batch';

/** Each batch names a file that is there, with a line for each of its requests, and perhaps a head. */
export function expectRowsOf(emulator: Emulator, batches: readonly WireBatch[]): void {
	const idsIn = (fileId: string) =>
		emulator
			.file(fileId)
			.text()
			.trimEnd()
			.split('\n')
			.filter((line, index) => index > 0 || !line.startsWith('{"columns":'))
			.map((line) => (JSON.parse(line) as { custom_id: string }).custom_id);
	for (const { input_file_id: input, metadata } of batches) {
		expect(idsIn(metadata!.rows_file_id)).toEqual(idsIn(input));
	}
}
