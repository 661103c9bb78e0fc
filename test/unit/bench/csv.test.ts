import { CSV_BYTES, csvChunks, PROMPT_BYTES, readCsvRow, requestOf } from '../../bench/node/csv';
import { cellsOf } from '../../../nodes/jsonl/csv';

const linesOf = (rows: number) =>
	Buffer.concat([...csvChunks(rows)])
		.toString()
		.split('\n')
		.slice(0, -1);

test('a file has a header and so many rows, all of the same length', () => {
	const [header, ...rows] = linesOf(2_000);
	expect(header).toBe('id,title,text');
	expect(rows).toHaveLength(2_000);
	expect(new Set(rows.map(({ length }) => length + 1))).toEqual(new Set([CSV_BYTES]));
});

test('a row is read as a reader of CSV reads it', () => {
	for (const line of linesOf(3).slice(1)) {
		const { id, title, text } = readCsvRow(line);
		expect([id, title, text]).toEqual(cellsOf(line, ',').cells);
	}
});

test('a request has a prompt of about the length that the goals are about', () => {
	const { length } = JSON.stringify(requestOf(readCsvRow(linesOf(1)[1])));
	expect(length).toBeGreaterThan(PROMPT_BYTES);
	expect(length).toBeLessThan(1.3 * PROMPT_BYTES);
});
