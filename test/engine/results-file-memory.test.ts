import { join } from 'node:path';
import { addHistory, answerLine } from './batches';
import { startEmulator, type Emulator } from '../support/emulator';
import { startChild } from '../support/processes/child';

const MB = 1024 * 1024;
/** Of a part. */
const ROWS = 1_000;
/** Some 6 and 24 MB of results and rows. */
const PARTS = [4, 16];
const TEXT = 'What somebody has written about a film, with "quotes", commas and '.repeat(10);

let emulator: Emulator;
const child = startChild<typeof import('./support/resultsProcess')>(
	join(__dirname, 'support', 'resultsProcess.ts'),
	['writeResults'],
);

beforeAll(async () => {
	emulator = await startEmulator({ clock: 'manual' });
});

afterAll(async () => {
	await child.end();
	await emulator.close();
});

/** Row numbers in an order of their own, so that no result is where its row is. */
const shuffled = (count: number) =>
	Array.from({ length: count }, (_, index) => (index * 7_919) % count);

const answer = (row: number) =>
	JSON.stringify({ genre: `genre ${row % 9}`, note: TEXT.slice(0, 300) });

/** A submission whose parts all have the same files, and the first of its batches. */
function addSubmission(key: string, parts: number, rows: number): string {
	const kept = Array.from({ length: rows }, (_, row) =>
		JSON.stringify({ custom_id: `r${row}`, row: { title: `Film ${row}`, note: TEXT } }),
	);
	const rowsFile = emulator.addFile(`${kept.join('\n')}\n`, { purpose: 'batch' }).id;
	const output = emulator.addFile(
		`${shuffled(rows)
			.map((row) => answerLine(`r${row}`, answer(row)))
			.join('\n')}\n`,
		{ purpose: 'batch_output' },
	).id;
	const [first] = Array.from({ length: parts }, (_, index) =>
		addHistory(
			{ emulator },
			{
				created_at: 1_000 + index,
				output_file_id: output,
				request_counts: { total: rows, completed: rows, failed: 0 },
				metadata: {
					submission_key: `${key.padEnd(16, '0')}${String(index).padStart(16, '0')}`,
					submission_part: `${index + 1}/${parts}`,
					rows_file_id: rowsFile,
				},
			},
		),
	);
	return first.id;
}

it.each([
	['csv', { parseJson: true }],
	['csv', { parseJson: true, inputOrder: true }],
	['jsonl', {}],
])(
	'a file of results takes as little memory for 6 as for 24 MB, as %s with %j',
	async (returnAs, options) => {
		const { url, apiKey } = emulator;
		const held: number[] = [];
		const warmUp = addSubmission('a', 1, 500);
		for (const [index, parts] of PARTS.entries()) {
			const batchId = addSubmission(`${index + 1}`, parts, ROWS);
			const measured = await child.writeResults(
				{ url, apiKey },
				{ warmUp, batchId },
				{ returnAs, options: { wholeSubmission: true, includeRow: true, ...options } },
			);
			const inMB = (bytes: number) => `${Math.round(bytes / MB)} MB`;
			process.stderr.write(
				`${parts * ROWS} results: ${inMB(measured.bytes)}, ${inMB(measured.held)} held, ${inMB(measured.extra)} with garbage, ${measured.seconds.toFixed(1)} s, busy for ${Math.round(measured.longestMs)} ms at most\n`,
			);
			expect(measured.json).toMatchObject({ requests: parts * ROWS, returned: parts * ROWS });
			expect(measured.bytes).toBeGreaterThan(parts * ROWS * 900);
			held.push(measured.held);
			// n8n is to go on with its other work.
			expect(measured.longestMs).toBeLessThan(250);
		}
		expect(Math.max(...held)).toBeLessThan(10 * MB);
		// A byte for each result, and nothing else, grows with the results.
		expect(held[1] - held[0]).toBeLessThan(3 * MB);
	},
);
