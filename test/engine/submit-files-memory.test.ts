import { join } from 'node:path';
import type { IDataObject } from 'n8n-workflow';
import { startEmulator, type Emulator } from '../support/emulator';
import { startChild } from '../support/processes/child';

const MB = 1024 * 1024;

let emulator: Emulator;
const child = startChild<typeof import('./support/rowsProcess')>(
	join(__dirname, 'support', 'rowsProcess.ts'),
	['submitRows'],
);

beforeAll(async () => {
	emulator = await startEmulator({ clock: 'manual' });
});

afterAll(async () => {
	await child.end();
	await emulator.close();
});

test.each([
	['12 or 54 MB', '', {}, [40_000, 180_000]],
	['6 or 30 MB', ' with all of its columns kept', { keepFields: '*' }, [20_000, 100_000]],
])(
	'a file of rows of %s%s goes up with as little memory',
	async (_size, _name, options, sizes) => {
		const { url, apiKey } = emulator;
		const held: number[] = [];
		for (const rows of sizes) {
			const measured = await child.submitRows({ url, apiKey }, rows, options);
			const inMB = (bytes: number) => `${Math.round(bytes / MB)} MB`;
			process.stderr.write(
				`${rows} rows: ${inMB(measured.held)} held, ${inMB(measured.extra)} with garbage, ${measured.seconds.toFixed(1)} s, busy for ${Math.round(measured.longestMs)} ms at most\n`,
			);
			const requests = measured.batches.map((batch) => Number(batch.requests));
			expect(requests).toHaveLength(Math.ceil(rows / 50_000));
			expect(requests.reduce((sum, count) => sum + count, 0)).toBe(rows);
			const kept = measured.batches.map(({ metadata }) => (metadata as IDataObject).rows_file_id);
			expect(kept.filter(Boolean)).toHaveLength('keepFields' in options ? requests.length : 0);
			held.push(measured.held);
			// n8n is to go on with its other work.
			expect(measured.longestMs).toBeLessThan(250);
		}
		expect(Math.max(...held)).toBeLessThan(10 * MB);
		// The ids take 21 bytes each at most, and nothing else grows with the file.
		expect(held[1] - held[0]).toBeLessThan(5 * MB);
	},
	// On a machine that is busy with other work, the collections of garbage take minutes.
	600_000,
);
