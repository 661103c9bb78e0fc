import fc from 'fast-check';
import { KeptRow } from '../../../../../nodes/OpenAiBatch/batch/getResults/keptRows';
import { RESULT_FORMATS } from '../../../../../nodes/OpenAiBatch/batch/getResults/resultFormats';
import { keptLine } from '../../../../../nodes/OpenAiBatch/requests/plan';
import { cellsOf, headerFault, separatorOf } from '../../../../../nodes/jsonl/csv';
import type { JsonObject } from '../../../../../nodes/jsonl/json';
import { encodingOf, inUtf8 } from '../../../../../nodes/jsonl/fileFormat';
import type { Separator } from '../../../../../nodes/jsonl/lines';
import { readRecords, SEPARATORS } from '../../../../../nodes/jsonl/lines';

const OPTIONS = {
	parseJson: false,
	hasCost: false,
	escapeFormulas: false,
	byteOrderMark: false,
	separator: ',' as Separator,
};

/** The cells of a CSV, read as Submit reads a file of rows. */
async function cellsIn(csv: string): Promise<string[][]> {
	const bytes = Buffer.from(csv);
	const separator = separatorOf(csv);
	const rows: string[][] = [];
	for await (const { records } of readRecords(inUtf8([bytes], encodingOf(bytes)), { separator })) {
		rows.push(...records.map(({ text }) => cellsOf(text, separator).cells));
	}
	return rows;
}

const keptRow = (text: string, customId = 'a') =>
	new KeptRow(customId, JSON.parse(text) as JsonObject, keptLine(customId, text));

/** The CSV of rows, each given as JSON, with results whose ids are their numbers. */
function csvOf(rows: string[], options = OPTIONS): string {
	const kept = rows.map((text, index) => keptRow(text, `${index}`));
	const format = RESULT_FORMATS.csv(options);
	for (const row of kept) format.lookAtRow(row);
	const head = format.head();
	const lines = kept.map((row) => {
		const result = format.resultText({ custom_id: row.customId, status: 'succeeded' });
		return format.line(result, format.rowText(row));
	});
	return head + lines.join('');
}

/** The JSON of a row, its members in the order of the columns, whatever they are called. */
function rowOf(header: string[], cells: string[]): string {
	const members = header.map((name, at) => `${JSON.stringify(name)}:${JSON.stringify(cells[at])}`);
	return `{${members.join(',')}}`;
}

const cell = fc.oneof(
	fc.string({
		unit: fc.constantFrom('"', ',', ';', '\t', '|', '\r', '\n', ' ', '=', '0', 'x', 'é', '\ufeff'),
	}),
	fc.string({ unit: 'grapheme' }),
);

const table = fc
	.uniqueArray(cell, { minLength: 1, maxLength: 6 })
	.filter((columns) => columns.every((name) => name.trim() !== ''))
	.filter((columns) => headerFault({ cells: columns }) === undefined)
	.chain((columns) =>
		fc.record({
			columns: fc.constant(columns),
			rows: fc.array(fc.array(cell, { minLength: columns.length, maxLength: columns.length })),
			separator: fc.constantFrom(...SEPARATORS),
			byteOrderMark: fc.boolean(),
			between: fc.constantFrom(...([',', ';', '\t'] as const)),
		}),
	);

/** A CSV as other programs write it, with all cells in quotes. */
const written = (rows: string[][], separator: Separator) =>
	rows
		.map((cells) => cells.map((one) => `"${one.replaceAll('"', '""')}"`).join(separator))
		.join('\n');

test('any table that is read as rows comes back as the first columns of the results', async () => {
	await fc.assert(
		fc.asyncProperty(table, async ({ columns, rows, separator, byteOrderMark, between }) => {
			// A file of one column has no separator.
			const [header, ...read] = await cellsIn(
				written([columns, ...rows], columns.length > 1 ? separator : ','),
			);
			const kept = read.map((cells) => rowOf(header, cells));
			const csv = csvOf(kept, { ...OPTIONS, byteOrderMark, separator: between });
			const back = await cellsIn(csv);
			if (rows.length === 0) return;
			expect(back.map((cells) => cells.slice(0, columns.length))).toEqual([columns, ...rows]);
			expect(back.slice(1).map((cells) => cells[columns.length])).toEqual(
				rows.map((_, index) => `${index}`),
			);
			expect(new Set(back.map(({ length }) => length)).size).toBe(1);
		}),
		{
			numRuns: 300,
			examples: [
				[
					{
						columns: ['\ufeffa', 'b'],
						rows: [['1', '2']],
						separator: ',',
						byteOrderMark: false,
						between: ',',
					},
				],
			],
		},
	);
});

test('what is written for a row and a result never depends on the rows around it', () => {
	const rows = [
		'{"a":1,"2":"x"}',
		'{"b":null,"a":{"c":[2]}}',
		'{}',
		'{"a":0.10000000000000000001}',
		'{"a": {"id": 12345678901234567890, "=": "x"}, "b": ["-12345678901234567890"]}',
	];
	expect(csvOf(rows).split('\r\n')).toEqual([
		'a,2,b,custom_id,status,content,finish_reason,error_code,error_message,input_tokens,output_tokens',
		'1,x,,0,succeeded,,,,,,',
		'"{""c"":[2]}",,,1,succeeded,,,,,,',
		',,,2,succeeded,,,,,,',
		'0.10000000000000000001,,,3,succeeded,,,,,,',
		'"{""id"": 12345678901234567890, ""="": ""x""}",,"[""-12345678901234567890""]",4,succeeded,,,,,,',
		'',
	]);
});

test('a file does not begin with ID, by which Excel takes it for another format', () => {
	const headOf = (name: string, byteOrderMark = false) => {
		const format = RESULT_FORMATS.csv({ ...OPTIONS, byteOrderMark });
		format.lookAtRow(keptRow(JSON.stringify({ [name]: 1, b: 2 })));
		return format.head().split(',').slice(0, 2).join();
	};
	expect(headOf('ID')).toBe('"ID",b');
	expect(headOf('IDs "x"')).toBe('"IDs ""x""",b');
	expect(headOf('id')).toBe('id,b');
	expect(headOf('ID', true)).toBe('\ufeffID,b');
});

test('a name is given once, first to the rows, then to the results, then to the content', () => {
	const format = RESULT_FORMATS.csv({ ...OPTIONS, parseJson: true, hasCost: true });
	const row = { status: 1, 'result.status': 2, cost: 3, 'content.x': 4, x: 5 };
	format.lookAtRow(keptRow(JSON.stringify(row)));
	format.lookAtResult({ content: { x: 1, custom_id: 2, status: 3, 'content.x': 4 } });
	const header = format.head().trim().split(',');
	expect(header).toEqual([
		...Object.keys(row),
		'custom_id',
		'result.status 2',
		'content.x 2',
		'content.custom_id',
		'content.status',
		'content.content.x',
		'finish_reason',
		'error_code',
		'error_message',
		'input_tokens',
		'output_tokens',
		'result.cost',
	]);
});

describe('rows whose fields are all different', () => {
	const different = Array.from({ length: 1_500 }, (_, at) => `{"id":${at},"key ${at}":"x;y"}`);

	test('have a thousand columns more than the first row, and stand as a whole where these end', async () => {
		const rows = [...different.slice(0, 1_200), '{"id":"last","key 5":"5"}'];
		const [header, ...lines] = await cellsIn(csvOf(rows));
		const own = header.indexOf('row');
		expect(own).toBe(1_002);
		expect(header.slice(0, 3)).toEqual(['id', 'key 0', 'key 1']);
		expect(header[own - 1]).toBe('key 1000');
		expect(lines.every((cells) => cells.length === header.length)).toBe(true);
		expect(lines[1_000].slice(own - 1, own + 2)).toEqual(['x;y', '', '1000']);
		expect(lines[1_001].slice(own - 1, own + 2)).toEqual(['', rows[1_001], '1001']);
		expect(lines[1_200].slice(own - 1, own + 2)).toEqual(['', '', '1200']);
	});

	test('make no file that grows with their number squared', () => {
		const bytes = (count: number) => csvOf(different.slice(0, count)).length / count;
		expect(bytes(1_500)).toBeLessThan(1.2 * bytes(1_000));
	});

	test('leave as many columns as the first row has, however many these are', () => {
		const wide = `{${Array.from({ length: 3_000 }, (_, at) => `"c${at}":1`).join(',')}}`;
		const format = RESULT_FORMATS.csv(OPTIONS);
		format.lookAtRow(keptRow(wide));
		expect(format.head().split(',')).toHaveLength(3_000 + 8);
		expect(format.hint).toBeUndefined();
	});

	test('are looked at where the heads of files name too many columns', () => {
		const format = RESULT_FORMATS.csv(OPTIONS);
		const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);
		expect(format.takeRowColumns(['a'])).toBe(true);
		expect(format.takeRowColumns(names(1_001))).toBe(false);
		expect(format.head()).toMatch(/^a,custom_id,/);
		expect(format.takeRowColumns(names(1_000))).toBe(true);
		expect(format.head().split(',').indexOf('custom_id')).toBe(1_001);
	});

	test('are named in a hint', () => {
		const format = RESULT_FORMATS.csv(OPTIONS);
		for (const text of different.slice(0, 1_002)) {
			format.lookAtRow(keptRow(text));
		}
		expect(format.hint).toBe(
			'The rows have more than 1,002 different fields. The first 1,002 have a column each; 1 row has a further field and stands in the column row as a whole, as JSON. To keep the same few fields of all rows, name them in Keep Fields when you submit.',
		);
	});
});
