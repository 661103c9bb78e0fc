import fc from 'fast-check';

import { cellsOf, headerFault, readHeader, separatorOf } from '../../../nodes/jsonl/csv';
import type { Encoding } from '../../../nodes/jsonl/fileFormat';
import { encodingOf, inUtf8, WrongEncodingError } from '../../../nodes/jsonl/fileFormat';
import type { RecordBatch, Separator, TextRecord } from '../../../nodes/jsonl/lines';
import { MAX_ROW_BYTES, readRecords, SEPARATORS } from '../../../nodes/jsonl/lines';

const cut = (bytes: Buffer, size: number) => {
	const chunks: Buffer[] = [];
	for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
	return chunks;
};

async function batchesOf(
	bytes: Buffer,
	{ size = 7, encoding = 'utf-8' as Encoding, separator = undefined as Separator | undefined } = {},
): Promise<RecordBatch[]> {
	const batches: RecordBatch[] = [];
	for await (const batch of readRecords(inUtf8(cut(bytes, size), encoding), { separator })) {
		batches.push(batch);
	}
	return batches;
}

async function recordsOf(
	content: string | Buffer,
	options?: Parameters<typeof batchesOf>[1],
): Promise<TextRecord[]> {
	return (await batchesOf(Buffer.from(content as string), options)).flatMap(
		({ records }) => records,
	);
}

const rowsOf = async (content: string | Buffer, separator: Separator = ',', size = 7) =>
	(await recordsOf(content, { separator, size })).map(({ text }) => cellsOf(text, separator).cells);

/** The plain model: one character after another, as RFC 4180 and spreadsheet programs read it. */
function model(text: string, separator: string): string[][] {
	const rows: string[][] = [];
	let row: string[] = [];
	let cell = '';
	let state: 'start' | 'plain' | 'quoted' | 'closed' = 'start';
	let isAny = false;
	const endRow = () => {
		row.push(cell);
		if (isAny) rows.push(row);
		[row, cell, state, isAny] = [[], '', 'start', false];
	};
	for (let at = 0; at < text.length; at++) {
		const char = text[at];
		if (state === 'quoted') {
			if (char !== '"') cell += char;
			else if (text[at + 1] === '"') [cell, at] = [`${cell}"`, at + 1];
			else state = 'closed';
		} else if (char === '\n') endRow();
		else if (char === '\r' && (text[at + 1] === '\n' || at === text.length - 1)) continue;
		else {
			isAny = true;
			if (char === separator) [row, cell, state] = [[...row, cell], '', 'start'];
			else if (char === '"' && state === 'start') state = 'quoted';
			else [cell, state] = [cell + char, state === 'closed' ? 'closed' : 'plain'];
		}
	}
	if (isAny || text.length > 0) endRow();
	return rows;
}

const written = (rows: string[][], separator: string, lineEnd: string) =>
	rows
		.map((row) =>
			row
				.map((cell) =>
					cell === '' || /[",;\t|\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell,
				)
				.join(separator),
		)
		.join(lineEnd);

const text = fc.string({
	unit: fc.constantFrom('a', 'ü', '𝄞', '"', ',', ';', '\t', '|', '\n', '\r', ' ', '{', '}'),
	maxLength: 12,
});
const separators = fc.constantFrom(...SEPARATORS);
const size = fc.integer({ min: 1, max: 9 });

describe('rows of CSV', () => {
	it('are what was written, for any table, cut into any chunks', async () => {
		const table = fc
			.integer({ min: 1, max: 4 })
			.chain((width) =>
				fc.array(fc.array(text, { minLength: width, maxLength: width }), { minLength: 1 }),
			);
		const lineEnds = fc.constantFrom('\n', '\r\n');
		await fc.assert(
			fc.asyncProperty(table, separators, lineEnds, size, async (rows, separator, end, bytes) => {
				const content = written(rows, separator, end);
				expect(await rowsOf(content, separator, bytes)).toEqual(rows);
				expect(await rowsOf(content + end, separator, bytes)).toEqual(rows);
			}),
		);
	});

	it('are those of the plain model, for any text', async () => {
		await fc.assert(
			fc.asyncProperty(text, separators, size, async (content, separator, bytes) => {
				expect(await rowsOf(content, separator, bytes)).toEqual(model(content, separator));
			}),
			{ numRuns: 2_000 },
		);
	});

	it('can be read again from where any batch began, with the same lines', async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(text), size, async (lines, bytes) => {
				const content = Buffer.from(lines.join('\n'));
				const batches = await batchesOf(content, { size: bytes, separator: ',' });
				for (const [index, { start }] of batches.entries()) {
					const rest: TextRecord[] = [];
					const again = inUtf8(cut(content, 5), 'utf-8');
					for await (const { records } of readRecords(again, { separator: ',', from: start })) {
						rest.push(...records);
					}
					expect(rest).toEqual(batches.slice(index).flatMap(({ records }) => records));
				}
			}),
		);
	});

	it('are named by the line on which they begin, with line breaks in cells and blank lines', async () => {
		const content = 'id,text\r\n1,"a\r\nb"\r\n\r\n2,c\r\n';
		const records = await recordsOf(content, { separator: ',' });
		expect(records.map(({ line }) => line)).toEqual([1, 2, 5]);
	});

	it.each([
		['text behind a quote', '1,"a"b,c', { cell: 1, kind: 'behind', lines: 0 }],
		['a quote that is not doubled', '1,"he said "hi"",c', { cell: 1, kind: 'behind', lines: 0 }],
		['a quote that is never closed', '1,"a\nb",2,"c', { cell: 3, kind: 'unclosed', lines: 1 }],
	])('have a fault for %s', (_name, row, fault) => {
		expect(cellsOf(row, ',').fault).toEqual(fault);
	});

	it('may have quotes within a cell without quotes', () => {
		expect(cellsOf('a 5" disk,"x"', ',')).toEqual({ cells: ['a 5" disk', 'x'] });
	});

	it('end with the one whose quote is never closed', async () => {
		const records = await recordsOf('a,b\n1,"2\n3,4\n', { separator: ',' });
		expect(records).toEqual([
			{ line: 1, text: 'a,b' },
			{ line: 2, text: '1,"2\n3,4\n', broken: 'unclosed' },
		]);
	});

	it('are not held when a quote is never closed in a large file', async () => {
		const block = Buffer.alloc(1_048_576, 'text ');
		let read = 0;
		function* endless() {
			yield Buffer.from('a,b\n1,"2');
			for (; read < 1_000; read++) yield block;
		}
		const records: TextRecord[] = [];
		for await (const batch of readRecords(inUtf8(endless(), 'utf-8'), { separator: ',' })) {
			records.push(...batch.records);
		}
		expect(records.at(-1)).toEqual({ line: 2, text: '', broken: 'endless' });
		expect(read).toBeLessThanOrEqual(MAX_ROW_BYTES / block.length + 1);
	});
});

describe('encodings', () => {
	const CONTENT = 'id;text\n1;Größe 𝄞 “x”\n';
	const utf16be = (content: string) => Buffer.from(content, 'utf16le').swap16();

	it.each<[string, Encoding, Buffer]>([
		['UTF-8', 'utf-8', Buffer.from(CONTENT)],
		['UTF-8 with a byte order mark', 'utf-8', Buffer.from(`\ufeff${CONTENT}`)],
		['UTF-16 LE', 'utf-16le', Buffer.from(CONTENT, 'utf16le')],
		['UTF-16 LE with a mark', 'utf-16le', Buffer.from(`\ufeff${CONTENT}`, 'utf16le')],
		['UTF-16 BE', 'utf-16be', utf16be(CONTENT)],
		['UTF-16 BE with a mark', 'utf-16be', utf16be(`\ufeff${CONTENT}`)],
	])('%s is detected and read, in chunks of any size', async (_name, encoding, bytes) => {
		expect(encodingOf(bytes)).toBe(encoding);
		for (const chunk of [1, 2, 3, 5, 1_000]) {
			const records = await recordsOf(bytes, { separator: ';', encoding, size: chunk });
			expect(records.map(({ text: one }) => one)).toEqual(['id;text', '1;Größe 𝄞 “x”']);
		}
	});

	it('Windows-1252 is read with its own quotes and its euro', async () => {
		const bytes = Buffer.from([0x80, 0x93, 0xe4, 0x94, 0x0a]);
		const [record] = await recordsOf(bytes, { encoding: 'windows-1252' });
		expect(record).toEqual({ line: 1, text: '€“ä”' });
	});

	it('bytes that are not UTF-8 mark their row', async () => {
		const records = await recordsOf(Buffer.from('a\nGr\xf6\xdfe\nb', 'latin1'));
		expect(records.map(({ invalidUtf8 }) => invalidUtf8)).toEqual([undefined, true, undefined]);
		const replacement = await recordsOf('\ufffd');
		expect(replacement).toEqual([{ line: 1, text: '\ufffd' }]);
	});

	it.each([
		['half a character at the end', Buffer.from([0x00]), 'at its end, in line 2.'],
		['half a pair at the end', Buffer.from([0x34, 0xd8]), 'at its end, in line 2.'],
		['half a pair before it', Buffer.from([0x1e, 0xdd, 0x0a, 0x00]), 'in line 2 or behind it.'],
	])('bytes that are not UTF-16 are an error with their line: %s', async (_name, bytes, where) => {
		const broken = Buffer.concat([Buffer.from('\ufeffa\nb', 'utf16le'), bytes]);
		const reading = recordsOf(broken, { encoding: 'utf-16le', size: 8 });
		await expect(reading).rejects.toThrow(WrongEncodingError);
		await expect(recordsOf(broken, { encoding: 'utf-16le', size: 8 })).rejects.toThrow(where);
	});
});

describe('the separator', () => {
	it.each<[string, Separator]>([
		['id,title\n1,a;b;c;d', ','],
		['id;title;note, or not\n', ';'],
		['id\ttitle', '\t'],
		['id|title', '|'],
		['"a;b;c",d', ','],
		['"line\nbreak;;;",d,e', ','],
		['title', ','],
		['sep=;\r\na,b,c', ';'],
	])('of %j is %j', (head, separator) => {
		expect(separatorOf(head)).toBe(separator);
	});
});

it('columns without a name are called by their numbers', () => {
	const head = Buffer.from(',title, ,\n0,Alien,,\n');
	const header = readHeader(head, { isWhole: true, separator: ',' });
	expect(header).toMatchObject({ names: ['column_1', 'title', 'column_3', 'column_4'] });
	const taken = Buffer.from('column_2,\n');
	expect(readHeader(taken, { isWhole: true, separator: ',' })).toContain('the same name');
});

describe('a header', () => {
	it.each([
		[['id', 'title'], undefined],
		[['id', 'a', 'id'], "Columns 1 and 3 of the header have the same name 'id'"],
		[['id\ra', 'b'], 'carriage returns alone'],
	])('%j gives %j', (cells, fault) => {
		const found = headerFault({ cells });
		if (fault === undefined) expect(found).toBeUndefined();
		else expect(found).toContain(fault);
	});
});
