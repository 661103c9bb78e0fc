import { join } from 'node:path';
import type { IDataObject } from 'n8n-workflow';
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

const answer = (row: number, note: string) => JSON.stringify({ genre: `genre ${row % 9}`, note });

/** A submission whose parts all have the same files, and the first of its batches. */
function addSubmission(
	key: string,
	parts: number,
	rows: number,
	{ note = TEXT, answered = TEXT.slice(0, 300) } = {},
): string {
	const kept = Array.from({ length: rows }, (_, row) =>
		JSON.stringify({ custom_id: `r${row}`, row: { title: `Film ${row}`, note } }),
	);
	const rowsFile = emulator.addFile(`${kept.join('\n')}\n`, { purpose: 'batch' }).id;
	const output = emulator.addFile(
		`${shuffled(rows)
			.map((row) => answerLine(`r${row}`, answer(row, answered)))
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

/** Writes the file of a submission, says what it took, and checks what always holds. */
async function written(
	submissions: { warmUp: string; batchId: string },
	parameters: { returnAs: string; options: IDataObject },
	results: number,
) {
	const { url, apiKey } = emulator;
	const measured = await child.writeResults({ url, apiKey }, submissions, parameters);
	const inMB = (bytes: number) => `${Math.round(bytes / MB)} MB`;
	process.stderr.write(
		`${results} results: ${inMB(measured.bytes)}, ${inMB(measured.held)} held, ${inMB(measured.extra)} with garbage, ${measured.seconds.toFixed(1)} s, busy for ${Math.round(measured.longestMs)} ms at most\n`,
	);
	expect(measured.json).toMatchObject({ requests: results, returned: results });
	expect(measured.bytes).toBeGreaterThan(results * 900);
	// n8n is to go on with its other work.
	expect(measured.longestMs).toBeLessThan(250);
	return measured;
}

it.each([
	['csv', { parseJson: true }],
	['csv', { parseJson: true, inputOrder: true }],
	['jsonl', {}],
])(
	'a file of results takes as little memory for 6 as for 24 MB, as %s with %j',
	async (returnAs, options) => {
		const held: number[] = [];
		const warmUp = addSubmission('a', 1, 500);
		for (const [index, parts] of PARTS.entries()) {
			const batchId = addSubmission(`${index + 1}`, parts, ROWS);
			const parameters = {
				returnAs,
				options: { wholeSubmission: true, includeRow: true, ...options },
			};
			held.push((await written({ warmUp, batchId }, parameters, parts * ROWS)).held);
		}
		expect(Math.max(...held)).toBeLessThan(10 * MB);
		// A byte for each result, and nothing else, grows with the results.
		expect(held[1] - held[0]).toBeLessThan(3 * MB);
	},
);

it('a part whose rows and results are larger than the memory for them takes no more', async () => {
	const held: number[] = [];
	const warmUp = addSubmission('b', 1, 500);
	// Kept rows of 45 and 90 MB, and answers of 20 and 40 MB.
	const texts = { note: TEXT.repeat(4), answered: TEXT.repeat(2) };
	for (const rows of [16_000, 32_000]) {
		const batchId = addSubmission(`${rows}`, 1, rows, texts);
		const parameters = { returnAs: 'csv', options: { includeRow: true, inputOrder: true } };
		held.push((await written({ warmUp, batchId }, parameters, rows)).held);
	}
	expect(Math.max(...held)).toBeLessThan(60 * MB);
	expect(held[1] - held[0]).toBeLessThan(8 * MB);
}, 600_000);
