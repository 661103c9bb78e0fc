import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';
import { addHistory, answerLine, requestLine } from './batches';
import { productForTests } from './product';
import type { Fault } from '../support/emulator';
import { binary } from '../support/engine/binaryData';
import { CHAT } from '../support/endpointUrls';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const product = productForTests();

/**
 * What can be known of a file that ends at some byte: that it is cut off, in a line; that it has all
 * of its first records, and maybe never had more; or that its last record may be longer, as a last
 * cell of CSV without quotes, of which a shorter one is a cell, too.
 */
type Ending = { line: number } | { whole: number } | { shorter: number };

interface Cuttable {
	content: Buffer;
	/** By the number of bytes that are left. */
	endings: Ending[];
}

/** Puts a file together, and keeps what is known of it at each byte. */
class Content {
	private readonly pieces: Buffer[] = [];
	private readonly endings: Ending[] = [{ line: 1 }];

	/** @param line of a character of which only some bytes are left */
	add(text: string, line: number, endingAt: (length: number) => Ending) {
		let length = 0;
		for (const char of text) {
			length += char.length;
			const bytes = Buffer.from(char);
			this.pieces.push(bytes);
			for (let at = 1; at < bytes.length; at++) this.endings.push({ line });
			this.endings.push(endingAt(length));
		}
	}

	get file(): Cuttable {
		return { content: Buffer.concat(this.pieces), endings: this.endings };
	}
}

const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** What is known of the last cell of a row when so many of its characters are left. */
function endOfLastCell(cell: string, length: number, row: number, line: number): Ending {
	if (length === cell.length) return { whole: row };
	if (length === 0 || !cell.startsWith('"')) return { shorter: row };
	// The first of two quotes may be the one that closes the cell.
	const quotes = /"*$/.exec(cell.slice(1, length))![0].length;
	return quotes % 2 === 1 ? { shorter: row } : { line };
}

const HEADER = ['id', 'note', 'text'];

/** A table as CSV. The header is the row 0; a file of it alone has no rows, which is an error. */
function csvOf(rows: string[][], lineEnd = '\r\n'): Cuttable {
	const content = new Content();
	let line = 1;
	for (const [row, cells] of [HEADER, ...rows].entries()) {
		const own = line;
		const known = (ending: Ending): Ending => (row === 0 ? { line: 1 } : ending);
		for (const [at, cell] of cells.map(quoted).entries()) {
			const isLast = at === cells.length - 1;
			content.add(cell, own, (length) =>
				known(isLast ? endOfLastCell(cell, length, row, own) : { line: own }),
			);
			line += cell.split('\n').length - 1;
			if (isLast) break;
			// Behind the last separator, an empty cell may be all of the last one.
			const next = quoted(cells[at + 1]);
			const isBeforeLast = at === cells.length - 2;
			content.add(',', own, () =>
				known(isBeforeLast ? endOfLastCell(next, 0, row, own) : { line: own }),
			);
		}
		content.add(lineEnd, own, () => known({ whole: row }));
		line++;
	}
	return content.file;
}

/** Objects as JSONL. An object without its last brace is never one. */
function jsonlOf(lines: string[]): Cuttable {
	const content = new Content();
	for (const [at, text] of lines.entries()) {
		const line = at + 1;
		content.add(text, line, (length) => (length === text.length ? { whole: line } : { line }));
		content.add('\n', line, () => ({ whole: line }));
	}
	return content.file;
}

const ROWS: IDataObject = {
	endpoint: CHAT,
	requestSource: 'rowsFile',
	model: 'gpt-6-luna',
	prompt: '{note}|{text}',
	customId: '{id}',
};
const REQUESTS: IDataObject = { endpoint: CHAT, requestSource: 'requestsFile' };

/** Builds the requests of a file. @returns those, or the error */
async function build(parameters: IDataObject, content: Buffer) {
	const file = { data: content.toString('base64'), mimeType: 'text/plain', fileName: 'file.csv' };
	const { items, error } = await product.run(
		'requestFile',
		'build',
		{ ...parameters, inputBinaryPropertyName: 'data', options: {} } as never,
		[{ json: {}, binary: { data: file } }],
	);
	if (error) return { error: `${error.message}\n${error.description ?? ''}` };
	const lines = String(await binary(items('Node')[0])).trimEnd();
	return { requests: lines.split('\n').map((line) => JSON.parse(line) as IDataObject) };
}

const promptOf = ({ body }: IDataObject) =>
	((body as IDataObject).messages as IDataObject[])[0].content as string;

/** Cuts a file, and checks that what becomes of it is what can be known. */
async function checkCut(
	parameters: IDataObject,
	{ content, endings }: Cuttable,
	cut: number,
	expected: Array<[id: string, prompt: string]>,
): Promise<void> {
	const ending = endings[cut];
	const { error, requests } = await build(parameters, content.subarray(0, cut));
	const about = `${cut} bytes: ${content.toString('utf8', 0, cut)}`;
	if ('line' in ending) {
		expect([about, requests]).toEqual([about, undefined]);
		// Without any row, it is the file that is refused: nothing of it is left but line 1.
		if (ending.line > 1)
			expect([about, error]).toEqual([
				about,
				expect.stringMatching(new RegExp(`\\bline ${ending.line}\\b`)),
			]);
		return;
	}
	expect([about, error]).toEqual([about, undefined]);
	const found = requests!.map((one) => [one.custom_id, promptOf(one)] as [string, string]);
	const isShorter = 'shorter' in ending;
	const count = isShorter ? ending.shorter : ending.whole;
	expect(found).toHaveLength(count);
	const same = isShorter ? count - 1 : count;
	expect(found.slice(0, same)).toEqual(expected.slice(0, same));
	if (!isShorter) return;
	const [id, prompt] = found[count - 1];
	expect(id).toBe(expected[count - 1][0]);
	expect(expected[count - 1][1].startsWith(prompt)).toBe(true);
}

const promptsOf = (rows: string[][]) =>
	rows.map(([id, note, text]): [string, string] => [id, `${note}|${text}`]);

const TABLE = [
	['1', 'a', 'plain ä𝄞'],
	['2', 'two\nlines, "quoted"', 'say ""no""\r\nor, yes'],
	['"3"', 'x', ''],
	['4', 'ü', 'end'],
];

const everyCut = ({ content }: Cuttable) => Array.from({ length: content.length + 1 }, (_, n) => n);

const cellText = fc.string({
	unit: fc.constantFrom('a', 'ü', '𝄞', '"', ',', '\n', '\r\n', ' ', 'z'),
	maxLength: 6,
});
const tables = fc
	.array(fc.tuple(cellText, cellText), { minLength: 1, maxLength: 4 })
	.map((rows) => rows.map(([note, text], at) => [`r${at}`, note, text]));

describe('a Rows File of CSV that is cut off', () => {
	it.each(['\n', '\r\n'])(
		'is, at every byte, an error that names the line of its row, unless the rest is CSV, too (%j)',
		async (lineEnd) => {
			const file = csvOf(TABLE, lineEnd);
			for (const cut of everyCut(file)) await checkCut(ROWS, file, cut, promptsOf(TABLE));
		},
	);

	it('is the same for any table and any byte', async () => {
		await fc.assert(
			fc.asyncProperty(tables, fc.nat(), fc.boolean(), async (rows, at, isWindows) => {
				const file = csvOf(rows, isWindows ? '\r\n' : '\n');
				await checkCut(ROWS, file, at % (file.content.length + 1), promptsOf(rows));
			}),
			{ numRuns: 150 },
		);
	});

	it('is an error with its line when half a character of UTF-16 is left', async () => {
		const rows = ['id,note,text', '1,a,b', '2,c,𝄞'];
		for (const [line, row] of rows.entries()) {
			const before = `\ufeff${rows
				.slice(0, line)
				.map((one) => `${one}\n`)
				.join('')}${row}`;
			const { error } = await build(ROWS, Buffer.from(before, 'utf16le').subarray(0, -1));
			expect(error).toMatch(`not UTF-16LE, at its end, in line ${line + 1}.`);
		}
	});
});

describe('a file of JSONL that is cut off', () => {
	const ROWS_OF_JSON = TABLE.map(([id, note, text]) => JSON.stringify({ id, note, text }));

	it('is, at every byte, an error that names the line, unless a line ends there: Rows File', async () => {
		const file = jsonlOf(ROWS_OF_JSON);
		for (const cut of everyCut(file)) await checkCut(ROWS, file, cut, promptsOf(TABLE));
	});

	it('is, at every byte, an error that names the line, unless a line ends there: Requests File', async () => {
		const prompts: Array<[string, string]> = [
			['ä"', 'two\nlines }'],
			['b', '𝄞 {"a": 1}'],
		];
		const file = jsonlOf(
			prompts.map(([id, content]) => requestLine(id, { messages: [{ role: 'user', content }] })),
		);
		for (const cut of everyCut(file)) await checkCut(REQUESTS, file, cut, prompts);
	});

	it('is the same for any rows and any byte', async () => {
		await fc.assert(
			fc.asyncProperty(tables, fc.nat(), async (rows, at) => {
				const file = jsonlOf(rows.map(([id, note, text]) => JSON.stringify({ id, note, text })));
				await checkCut(ROWS, file, at % (file.content.length + 1), promptsOf(rows));
			}),
			{ numRuns: 100 },
		);
	});
});

describe('a result file whose transfer is cut off', () => {
	const IDS = ['ä', 'b', 'c'];
	const LINES = IDS.map((id) => `${answerLine(id, `Answer "${id}" 𝄞`)}\n`);
	const WHOLE = Buffer.from(LINES.join(''));

	/** The results of a batch whose output file always ends at this byte, or the error. */
	async function results(cut: Fault, returnAs: string, isDescribed: boolean) {
		const batch = addHistory(product, {
			input: IDS.map((id) => requestLine(id)),
			output: WHOLE.toString(),
			request_counts: { total: 3, completed: 3, failed: 0 },
		});
		const { faults } = product.emulator;
		faults.clear();
		const path = `/files/${batch.output_file_id}`;
		faults.next({ path: `${path}/content`, times: 99, fault: cut });
		if (!isDescribed) faults.next({ path, times: 9, fault: { type: 'status', status: 405 } });
		const { items, error, hints } = await product.run('batch', 'getResults', {
			batchId: batch.id,
			returnAs,
			options: {},
		});
		return {
			batchId: batch.id,
			fileId: batch.output_file_id,
			items: items('Node'),
			error,
			remarks: hints('Node').map(({ message }) => message),
		};
	}

	/** Where lines end, with the bytes around, and some between. */
	const ENDS = LINES.map((_, at) => Buffer.byteLength(LINES.slice(0, at + 1).join('')));
	const CUTS = Array.from({ length: WHOLE.length - 1 }, (_, at) => at + 1).filter(
		(bytes) => bytes % 59 === 1 || ENDS.some((end) => end - bytes < 3 && bytes - end < 2),
	);

	it.each(['items', 'jsonl', 'csv'])(
		'is an error that names the file, wherever it is cut off, and never a part of the results (%s)',
		async (returnAs) => {
			// All formats read the same way, and each transfer is tried several times.
			const cuts = CUTS.filter((_, at) => returnAs === 'items' || at % 3 === 0);
			for (const bytes of cuts) {
				for (const keepContentLength of [true, false]) {
					const fault: Fault = { type: 'truncate', bytes, keepContentLength };
					const { fileId, items, error } = await results(fault, returnAs, true);
					// Without its last line break, a file that comes so each time has all of its lines.
					if (bytes === WHOLE.length - 1 && !keepContentLength) {
						expect(error).toBeUndefined();
						continue;
					}
					expect([bytes, items]).toEqual([bytes, []]);
					expect(error?.message).toMatch(new RegExp(`[Ff]ile ${fileId} .*(?:could not be|came)`));
				}
			}
		},
	);

	it('is an error also where no length is known, unless a line ends there: then requests are missing', async () => {
		for (const bytes of CUTS) {
			const fault: Fault = {
				type: 'truncate',
				bytes,
				keepContentLength: false,
				lengthless: 'closed',
			};
			const { fileId, items, error } = await results(fault, 'items', false);
			const there = ENDS.filter((end) => bytes >= end - 1).length;
			if (ENDS.includes(bytes) || ENDS.includes(bytes + 1)) {
				expect(error).toBeUndefined();
				const statuses = IDS.map((_, at) => (at < there ? 'succeeded' : 'missing'));
				expect(items.map(({ json }) => json.status)).toEqual(statuses);
				continue;
			}
			expect([bytes, items]).toEqual([bytes, []]);
			expect(error?.message).toContain(`File ${fileId} could not be downloaded`);
		}
	});

	it('is an error also where a gateway announces the length of what it has, unless only the last line is cut: then that is a result that cannot be read', async () => {
		const start = ENDS.at(-2)!;
		for (const bytes of CUTS.filter((at) => !ENDS.includes(at) && !ENDS.includes(at + 1))) {
			const fault: Fault = { type: 'truncate', bytes, keepContentLength: false };
			const { fileId, items, error, remarks } = await results(fault, 'items', false);
			if (bytes < start) {
				expect([bytes, items]).toEqual([bytes, []]);
				expect(error?.message).toMatch(new RegExp(`[Ff]ile ${fileId} .*(?:could not be|came)`));
				continue;
			}
			expect([bytes, error]).toEqual([bytes, undefined]);
			expect(remarks).toContainEqual(
				expect.stringMatching(`^File ${fileId} ends within a line. The server announced ${bytes} `),
			);
			const answered = items.filter(({ json }) => json.status === 'succeeded');
			expect(answered.map(({ json }) => json.custom_id)).toEqual(IDS.slice(0, -1));
			const broken = items.map(({ json }) => (json.error as IDataObject | null)?.message);
			expect(broken).toContainEqual(expect.stringMatching(/^This line is not valid JSON: /));
		}
	});

	it('is not run again by a retry where the last line is cut, since that may have an answer', async () => {
		const fault: Fault = { type: 'truncate', bytes: WHOLE.length - 9, keepContentLength: false };
		const { batchId } = await results(fault, 'items', false);
		const { error } = await product.run('batch', 'retry', { batchId, options: {} });
		expect(error?.message).toContain(
			`1 of the results of batch ${batchId} cannot be read, or matched to their requests`,
		);
	});
});
