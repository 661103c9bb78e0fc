import fs from 'node:fs/promises';
import type { IDataObject } from 'n8n-workflow';
import { UnexpectedError, UserError } from 'n8n-workflow';
import { addHistory, answerLine, failureLine, notRunLine, requestLine } from './batches';
import { productForTests } from './product';
import { STORAGES, storeIn } from './support/binaryStorage';
import { cellsOf } from '../../nodes/jsonl/csv';
import type { RunResult } from '../support/engine';
import { binary } from '../support/engine/binaryData';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const product = productForTests();

type More = { returnAs?: string; input?: IDataObject[] } & IDataObject;

const run = async (batchId: unknown, options: IDataObject = {}, more: More = {}) =>
	await product.run('batch', 'getResults', {
		batchId,
		returnAs: 'csv',
		options,
		...more,
	} as never);

async function contentOf(result: RunResult, property = 'data'): Promise<string> {
	if (result.error) throw result.error;
	return (await binary(result.items('Node')[0], property)).toString();
}

const fileOf = async (batchId: unknown, options: IDataObject = {}, more: More = {}) =>
	await contentOf(await run(batchId, options, more));

/** The rows of a CSV without line breaks in cells. */
const rowsIn = (csv: string) =>
	csv
		.split('\r\n')
		.slice(0, -1)
		.map((line) => cellsOf(line, ',').cells);

const linesIn = (jsonl: string) =>
	jsonl
		.split('\n')
		.slice(0, -1)
		.map((line) => JSON.parse(line) as IDataObject);

const asJsonl = { returnAs: 'jsonl' };

const itemsOf = async (batchId: unknown, options: IDataObject = {}) =>
	await product.json('batch', 'getResults', { batchId, options } as never);

/** Of answers that are JSON and were not parsed; another suite is about it. */
const UNPARSED = 'The answers are JSON as text. To get their fields, add the option Parse JSON.';

const hintsOf = ({ hints }: RunResult) =>
	hints('Node')
		.map(({ message }) => message)
		.filter((message) => message !== UNPARSED);

/** Puts the rows of requests where Submit keeps them. */
const keepRows = (rows: Array<[id: string, row: unknown]>) =>
	product.emulator.addFile(
		rows.map(([custom_id, row]) => `${JSON.stringify({ custom_id, row })}\n`).join(''),
		{ purpose: 'batch' },
	).id;

const keptIn = (rowsFileId: string) => ({ metadata: { rows_file_id: rowsFileId } });

/** Ten requests: 0–3 succeeded, 4–6 failed, 7 and 8 expired, 9 in neither file. */
function mixedBatch(more: IDataObject = {}) {
	const all = Array.from({ length: 10 }, (_, index) => `r${index}`);
	return addHistory(product, {
		status: 'expired',
		input: all.map((id) => requestLine(id)),
		output: all.slice(0, 4).map((id) => answerLine(id)),
		error: [
			...all.slice(4, 7).map((id) => failureLine(id, 400, 'invalid_prompt')),
			...all.slice(7, 9).map((id) => notRunLine(id, 'batch_expired')),
		],
		request_counts: { total: 10, completed: 4, failed: 3 },
		...more,
	});
}

const COUNTS = { requests: 10, succeeded: 4, failed: 3, expired: 2, cancelled: 0, missing: 1 };

/** One batch with these answers. */
const answered = (answers: Array<[id: string, content: string]>, more: IDataObject = {}) =>
	addHistory(product, {
		input: answers.map(([id]) => requestLine(id)),
		output: answers.map(([id, content]) => answerLine(id, content)),
		request_counts: { total: answers.length, completed: answers.length, failed: 0 },
		...more,
	});

describe('a JSONL file', () => {
	it('has a line for each request, as the item would be, and the item has the counts', async () => {
		const { id } = mixedBatch();
		const result = await run(id, {}, asJsonl);
		expect(linesIn(await contentOf(result))).toEqual(await itemsOf(id));
		const [{ json, binary: fields, pairedItem }] = result.items('Node');
		expect(json).toEqual({ batch_ids: [id], ...COUNTS, returned: 10 });
		expect(fields?.data).toMatchObject({
			fileName: `results-${id}.jsonl`,
			mimeType: 'application/jsonl',
		});
		expect(pairedItem).toEqual({ item: 0 });
		expect(hintsOf(result)).toEqual(hintsOf(await run(id, {}, { returnAs: 'items' })));
	});

	it.each<[string, IDataObject]>([
		['Include Statuses', { include: ['failed', 'missing'] }],
		['Offset and Limit', { offset: 2, limit: 5 }],
		['Include Request', { includeRequest: true }],
		['Simplify turned off', { simplify: false }],
		['prices', { inputPricePerMillion: 2, outputPricePerMillion: 8 }],
		['Parse JSON', { parseJson: true }],
	])('has what the items have with %s', async (_name, options) => {
		const { id } = mixedBatch();
		expect(linesIn(await fileOf(id, options, asJsonl))).toEqual(await itemsOf(id, options));
	});

	it('is read no further than the limit', async () => {
		const { id } = mixedBatch();
		const result = await run(id, { limit: 2 }, asJsonl);
		expect(linesIn(await contentOf(result))).toHaveLength(2);
		expect(result.items('Node')[0].json).toMatchObject({ requests: 2, returned: 2 });
	});

	it('comes in the binary field that is chosen', async () => {
		const { id } = mixedBatch();
		const result = await run(id, {}, { ...asJsonl, binaryPropertyName: 'answers' });
		expect(linesIn(await contentOf(result, 'answers'))).toHaveLength(10);
	});

	it('is empty when no request has a wanted status', async () => {
		const { id } = answered([['a', 'yes']]);
		expect(await fileOf(id, { include: ['failed'] }, asJsonl)).toBe('');
	});
});

describe('a CSV file', () => {
	it('has a column for each part of a result', async () => {
		const { id } = mixedBatch();
		const result = await run(id, { inputPricePerMillion: 100_000, outputPricePerMillion: 0 });
		const rows = rowsIn(await contentOf(result));
		expect(rows[0]).toEqual([
			'custom_id',
			'status',
			'content',
			'finish_reason',
			'error_code',
			'error_message',
			'input_tokens',
			'output_tokens',
			'cost',
		]);
		expect(rows[1]).toEqual(['r0', 'succeeded', 'Answer to r0', 'stop', '', '', '20', '10', '1']);
		const code = 'invalid_prompt';
		expect(rows[5]).toEqual(['r4', 'failed', '', '', code, `It ended with ${code}.`, '', '', '']);
		expect(rows.map(([customId]) => customId).slice(1)).toEqual(
			(await itemsOf(id)).map(({ custom_id: customId }) => customId),
		);
		expect(result.items('Node')[0].binary?.data).toMatchObject({
			fileName: `results-${id}.csv`,
			mimeType: 'text/csv',
		});
	});

	it('has a column for each field of parsed content, also one that only the last answer has', async () => {
		const { id } = answered([
			['a', '{"genre": "drama", "year": 1999}'],
			['b', 'I would rather not say'],
			['c', '{"year": -2.5, "tags": ["x", "y"], "isOld": true, "note": null}'],
		]);
		const rows = rowsIn(await fileOf(id, { parseJson: true }));
		expect(rows[0].slice(0, 9)).toEqual([
			'custom_id',
			'status',
			'content',
			'genre',
			'year',
			'tags',
			'isOld',
			'note',
			'finish_reason',
		]);
		expect(rows[1].slice(2, 8)).toEqual(['', 'drama', '1999', '', '', '']);
		expect(rows[2].slice(2, 8)).toEqual(['I would rather not say', '', '', '', '', '']);
		expect(rows[2].slice(9, 11)).toEqual(['invalid_json', expect.stringContaining('JSON')]);
		expect(rows[3].slice(2, 8)).toEqual(['', '', '-2.5', '["x","y"]', 'true', '']);
	});

	it('has no content column when all content has become fields', async () => {
		const { id } = answered([['a', '{"genre": "drama"}']]);
		const [header] = rowsIn(await fileOf(id, { parseJson: true }));
		expect(header.slice(0, 4)).toEqual(['custom_id', 'status', 'genre', 'finish_reason']);
	});

	it('has columns for a thousand fields, and an answer with further ones as a whole', async () => {
		const answers = Array.from({ length: 1_500 }, (_, at): [string, string] => [
			`r${at}`,
			JSON.stringify({ genre: 'drama', [`key${2 * at}`]: at, [`key${2 * at + 1}`]: { at } }),
		]);
		const { id } = answered([...answers, ['last', '{"genre":"horror"}'], ['text', 'no']]);
		const result = await run(id, { parseJson: true });
		const [header, ...rows] = rowsIn(await contentOf(result));
		expect(header).toHaveLength(2 + 1 + 1_000 + 5);
		expect(header.slice(2, 6)).toEqual(['content', 'genre', 'key0', 'key1']);
		expect(header[2 + 1_000]).toBe('key998');
		// The last field with a column is one of two, whose answer is whole too.
		expect(rows[498].slice(2, 4)).toEqual(['', 'drama']);
		expect(rows[499].slice(2, 4)).toEqual([answers[499][1], 'drama']);
		expect(rows[499][2 + 1_000]).toBe('499');
		expect(rows[1_499].slice(2, 5)).toEqual([answers[1_499][1], 'drama', '']);
		expect(rows[1_500].slice(2, 4)).toEqual(['', 'horror']);
		expect(rows[1_501].slice(2, 4)).toEqual(['no', '']);
		expect(hintsOf(result).join()).toContain(
			'The answers have more than 1,000 different fields. The first 1,000 have a column each; 1001 answers have further fields and stand in the column content as a whole, as JSON.',
		);
	});

	it('has a header when there is no result', async () => {
		const { id } = answered([['a', 'yes']]);
		const rows = rowsIn(await fileOf(id, { include: ['failed'], parseJson: true }));
		expect(rows).toEqual([expect.arrayContaining(['custom_id', 'content'])]);
	});

	it('keeps line breaks, quotes and commas of answers', async () => {
		const text = 'He said "no",\nand left;\r\n\ttwice ';
		const { id } = answered([['a', text]]);
		expect(await fileOf(id)).toContain(`\r\na,succeeded,"${text.replaceAll('"', '""')}",stop,`);
	});

	it('separates the cells as the option says', async () => {
		const { id } = answered([['a', 'x;y']]);
		expect(await fileOf(id, { separator: ';' })).toContain('\r\na;succeeded;"x;y";stop;');
		expect(await fileOf(id, { separator: '\t' })).toContain('\r\na\tsucceeded\t"x;y"\tstop\t');
		const { error } = await run(id, { separator: 'Semicolon' });
		expect(error?.message).toBe('Separator has to be a comma, a semicolon or a tab');
	});

	it('makes formulas harmless, unless that is turned off, and leaves numbers', async () => {
		const texts = ['=1+1', '+49 30', '-5', '-5,20', '@cmd', '- first', 'a=b', '\tx', '＝1'];
		const { id } = answered(texts.map((text, index) => [`=${index}`, text]));
		const contents = async (options: IDataObject) =>
			rowsIn(await fileOf(id, options))
				.slice(1)
				.map((cells) => cells[2]);
		expect(await contents({ escapeFormulas: false })).toEqual(texts);
		expect(await contents({})).toEqual([
			"'=1+1",
			"'+49 30",
			'-5',
			'-5,20',
			"'@cmd",
			"'- first",
			'a=b',
			"'\tx",
			"'＝1",
		]);
		expect(rowsIn(await fileOf(id))[1][0]).toBe("'=0");
	});

	it('begins with a byte order mark when that is chosen', async () => {
		const { id } = answered([['ä', 'ö']]);
		expect(await fileOf(id)).toMatch(/^custom_id,/);
		expect(await fileOf(id, { byteOrderMark: true })).toMatch(/^\ufeffcustom_id,/);
	});

	it('has a line that cannot be read as its content: it may be an answer', async () => {
		const { id } = addHistory(product, {
			input: [requestLine('a')],
			output: '{"custom_id": "a", "response": {"status_code": 200, "body": {"cho',
			request_counts: { total: 1, completed: 1, failed: 0 },
		});
		const [, row] = rowsIn(await fileOf(id));
		expect(row.slice(0, 3)).toEqual([
			'a',
			'failed',
			'{"custom_id": "a", "response": {"status_code": 200, "body": {"cho',
		]);
	});

	it('says why an answer has no content', async () => {
		const refusal = JSON.parse(answerLine('a')) as {
			response: { body: { choices: Array<{ message: IDataObject }> } };
		};
		refusal.response.body.choices[0].message = { content: null, refusal: 'I will not.' };
		const { id } = addHistory(product, {
			input: [requestLine('a')],
			output: [JSON.stringify(refusal)],
			request_counts: { total: 1, completed: 1, failed: 0 },
		});
		const [, row] = rowsIn(await fileOf(id));
		expect(row.slice(0, 6)).toEqual(['a', 'succeeded', '', 'stop', 'refused', 'I will not.']);
	});
});

describe('rows that Submit has kept', () => {
	const ANSWERS: Array<[string, string]> = [
		['b', '{"genre": "drama"}'],
		['a', '{"genre": "comedy"}'],
	];
	const included = { includeRow: true };

	it('are joined to items as row', async () => {
		const rows = keepRows([
			['a', { title: 'A', year: 1 }],
			['b', { title: 'B', tags: ['x'] }],
		]);
		const { id } = answered(ANSWERS, keptIn(rows));
		const result = await run(id, included, { returnAs: 'items' });
		expect(result.items('Node').map(({ json }) => [json.custom_id, json.row])).toEqual([
			['b', { title: 'B', tags: ['x'] }],
			['a', { title: 'A', year: 1 }],
		]);
		expect(hintsOf(result)).toEqual([]);
		const plain = await run(id, {}, { returnAs: 'items' });
		expect(plain.items('Node')[0].json).not.toHaveProperty('row');
	});

	it('give the columns of CSV by their head alone, in its order, also where a name is a number', async () => {
		const head = { columns: ['title', '2', '1', 'more'] };
		const rows = ['a', 'b'].map((id) => ({
			custom_id: id,
			// What the head does not name shows that the rows were not looked at.
			row: { title: id, '2': 'two', '1': '', unseen: id },
		}));
		const text = [head, ...rows].map((line) => `${JSON.stringify(line)}\n`).join('');
		const file = product.emulator.addFile(text, { purpose: 'batch' });
		const { id } = answered(ANSWERS, keptIn(file.id));
		const result = await run(id, { ...included, inputOrder: true }, { returnAs: 'csv' });
		expect(hintsOf(result)).toEqual([]);
		const lines = rowsIn((await binary(result.items('Node')[0])).toString());
		expect(lines.map((cells) => cells.slice(0, 5))).toEqual([
			['title', '2', '1', 'more', 'custom_id'],
			['a', 'two', '', '', 'a'],
			['b', 'two', '', '', 'b'],
		]);
	});

	it('are joined to the lines of JSONL, with all digits of their numbers', async () => {
		const file = product.emulator.addFile(
			'{"custom_id":"a","row":{"n": 12345678901234567890, "row": {"row":1}}}\n{"row" : {"2": [1.0]}, "custom_id" : "b"}',
			{ purpose: 'batch' },
		);
		const { id } = answered(ANSWERS, keptIn(file.id));
		const text = await fileOf(id, included, asJsonl);
		expect(text).toContain('"row":{"n": 12345678901234567890, "row": {"row":1}}}\n');
		expect(text).toContain('"row":{"2": [1.0]}}\n');
		expect(linesIn(text)).toEqual(await itemsOf(id, included));
	});

	it('are the first columns of CSV, in their own order, and overwrite nothing', async () => {
		const file = product.emulator.addFile(
			'{"custom_id":"a","row":{"title":"A","2020":"x","status":"old","genre":"?","n":98765432109876543210}}\n{"custom_id":"b","row":{"title":"=B","more":{"x":[1]},"__proto__":"p"}}\n',
			{ purpose: 'batch' },
		);
		const { id } = answered(ANSWERS, keptIn(file.id));
		const rows = rowsIn(await fileOf(id, { ...included, parseJson: true }));
		expect(rows[0].slice(0, 12)).toEqual([
			'title',
			'2020',
			'status',
			'genre',
			'n',
			'more',
			'__proto__',
			'custom_id',
			'result.status',
			'content.genre',
			'finish_reason',
			'error_code',
		]);
		const p = 'succeeded';
		expect(rows[1].slice(0, 10)).toEqual([
			"'=B",
			'',
			'',
			'',
			'',
			'{"x":[1]}',
			'p',
			'b',
			p,
			'drama',
		]);
		expect(rows[2].slice(0, 10)).toEqual([
			'A',
			'x',
			'old',
			'?',
			'98765432109876543210',
			'',
			'',
			'a',
			p,
			'comedy',
		]);
	});

	it('leave their columns empty for results without a row', async () => {
		const { id } = answered(ANSWERS, keptIn(keepRows([['a', { x: 1, y: 2 }]])));
		const rows = rowsIn(await fileOf(id, included));
		expect(rows.map((cells) => cells.slice(0, 3))).toEqual([
			['x', 'y', 'custom_id'],
			['', '', 'b'],
			['1', '2', 'a'],
		]);
	});

	it.each(['items', 'jsonl', 'csv'])('give their order back, as %s', async (returnAs) => {
		const ids = ['c', 'a', 'd', 'b', 'e'];
		const kept = keepRows(['a', 'b', 'c', 'x', 'd'].map((id) => [id, { id }]));
		const { id } = answered(
			ids.map((one) => [one, 'yes']),
			keptIn(kept),
		);
		const result = await run(id, { ...included, inputOrder: true }, { returnAs });
		const order =
			returnAs === 'items'
				? result.items('Node').map(({ json }) => json.custom_id)
				: (await contentOf(result))
						.trim()
						.split(/\r?\n/)
						.map((line) =>
							returnAs === 'csv' ? line.split(',')[1] : (JSON.parse(line) as IDataObject).custom_id,
						);
		const expected = ['a', 'b', 'c', 'd', 'e'];
		expect(order).toEqual(returnAs === 'csv' ? ['custom_id', ...expected] : expected);
	});

	it.each(['items', 'jsonl', 'csv'])('may be gone: a hint says so, as %s', async (returnAs) => {
		const { id } = answered(ANSWERS, keptIn('file-gone'));
		const result = await run(id, { ...included, inputOrder: true }, { returnAs });
		expect(result.error).toBeUndefined();
		expect(hintsOf(result)).toEqual([
			`The kept rows of batch ${id} are no longer at the service: their file has expired or was deleted. The results have no row.`,
		]);
		const count = returnAs === 'items' ? result.items('Node').length : 0;
		const lines = returnAs === 'items' ? [] : (await contentOf(result)).trim().split('\n');
		expect(count || lines.length).toBe(returnAs === 'csv' ? 3 : 2);
	});

	it('may be gone where the server describes no files', async () => {
		const { id } = answered(ANSWERS, keptIn('file-gone'));
		const path = /file-gone$/;
		product.emulator.faults.next({ path, times: 9, fault: { type: 'status', status: 405 } });
		const result = await run(id, included);
		expect(rowsIn(await contentOf(result))).toHaveLength(3);
		expect(hintsOf(result)).toEqual([expect.stringContaining('no longer at the service')]);
	});

	it('are none where their file has an id that is no id', async () => {
		const { id } = answered(ANSWERS, keptIn('../batches'));
		const result = await run(id, { ...included, deleteFiles: true });
		expect(rowsIn(await contentOf(result))).toHaveLength(3);
		expect(hintsOf(result)).toEqual([expect.stringContaining('No rows were kept')]);
	});

	it.each(['items', 'csv'])('may never have been kept: a hint says so, as %s', async (returnAs) => {
		const { id } = answered(ANSWERS);
		const result = await run(id, included, { returnAs });
		expect(hintsOf(result)).toEqual([
			`No rows were kept for batch ${id}, so the results have no row. Set Keep Fields when you submit.`,
		]);
	});

	describe.each(['items', 'jsonl', 'csv'])('as %s', (returnAs) => {
		/** The rows of the results by id, and the hints. */
		async function rowsOf(batchId: string, options: IDataObject = included) {
			const result = await run(batchId, options, { returnAs });
			const csv = returnAs === 'csv' ? rowsIn(await contentOf(result)) : [[]];
			const [header, ...lines] = csv;
			const place = header.indexOf('custom_id');
			const pairs = {
				items: () => result.items('Node').map(({ json }) => [json.custom_id, json.row]),
				jsonl: async () =>
					linesIn(await contentOf(result)).map((line) => [line.custom_id, line.row]),
				csv: () =>
					lines.map((cells) => [
						cells[place],
						place && cells[0] ? { n: Number(cells[0]) } : undefined,
					]),
			}[returnAs]!;
			return { rows: Object.fromEntries(await pairs()), hints: hintsOf(result) };
		}

		it('are left out where a line is no row, and a hint names the line', async () => {
			const lines = '{"custom_id":"a","row":{"n":1}}\n{"custom_id":"b"}\n';
			const file = product.emulator.addFile(lines, { purpose: 'batch' });
			const { id } = answered(ANSWERS, keptIn(file.id));
			const { rows, hints } = await rowsOf(id);
			expect(rows).toEqual({ a: { n: 1 }, b: undefined });
			expect(hints).toEqual([
				`Line 2 of the file ${file.id} is not a row that was kept by Submit, and was left out. 1 result has no row, since the kept rows of batch ${id} at the service are not complete.`,
			]);
		});

		it.each([
			['a head', '{"columns":["n"]}\n'],
			['no head', ''],
		])(
			'may be cut off at any byte, with %s: the results come, each with its own row or none, and a hint says so',
			async (_, head) => {
				const ids = ['ä', 'b"', 'c'];
				const lines = ids.map((custom_id, n) => `${JSON.stringify({ custom_id, row: { n } })}\n`);
				const whole = Buffer.from(head + lines.join(''));
				const all = [...(head === '' ? [] : [head]), ...lines];
				const ends = all.map((_, at) => Buffer.byteLength(all.slice(0, at + 1).join('')));
				for (let cut = 1; cut <= whole.length; cut++) {
					const file = product.emulator.addFile(whole.subarray(0, cut), { purpose: 'batch' });
					const { id } = answered(
						[...ids].reverse().map((one): [string, string] => [one, 'yes']),
						keptIn(file.id),
					);
					// A line needs no line break at its end.
					const linesThere = ends.filter((end) => cut >= end - 1).length;
					const there = Math.max(0, linesThere - (all.length - lines.length));
					const isWithinLine = ends.every((end) => cut !== end && cut !== end - 1);
					const { rows, hints } = await rowsOf(id, { ...included, inputOrder: cut % 2 === 0 });
					expect(rows).toEqual(
						Object.fromEntries(ids.map((one, n) => [one, n < there ? { n } : undefined])),
					);
					const lacking = ids.length - there;
					const about = [
						isWithinLine && `Line ${linesThere + 1} of the file ${file.id} is not a row`,
						lacking > 0 && `${lacking === 1 ? '1 result has' : `${lacking} results have`} no row`,
					].filter((one) => one !== false);
					expect(hints).toHaveLength(about.length > 0 ? 1 : 0);
					for (const one of about) expect(hints[0]).toContain(one);
				}
			},
		);
	});

	it('may be cut off in several batches: one hint counts the results without a row', async () => {
		const cut = product.emulator.addFile('{"custom_id":"a","row":{}}\n{"cus', { purpose: 'batch' });
		const submission = (part: number) => ({
			created_at: 5_000 + part,
			metadata: {
				submission_key: `${'c'.repeat(31)}${part}`,
				submission_part: `${part}/2`,
				rows_file_id: part === 1 ? cut.id : keepRows([]),
			},
		});
		const first = answered(ANSWERS, submission(1));
		const second = answered([['x', 'yes']], submission(2));
		const options = { ...included, wholeSubmission: true };
		for (const returnAs of ['items', 'csv']) {
			expect(hintsOf(await run(first.id, options, { returnAs }))).toEqual([
				`Line 2 of the file ${cut.id} is not a row that was kept by Submit, and was left out. 2 results have no row, since the kept rows of the batches ${first.id}, ${second.id} at the service are not complete.`,
			]);
		}
	});

	it('are deleted with the other files, once for all retries that share them', async () => {
		const kept = keepRows([['a', {}]]);
		const original = answered(ANSWERS, { created_at: 1_000, ...keptIn(kept) });
		const retry = answered([['a', 'again']], {
			created_at: 2_000,
			metadata: { retry_of: original.id, rows_file_id: kept },
		});
		await fileOf(original.id, { ...included, followRetries: true, deleteFiles: true });
		const deleted = product.emulator.ledger.calls('DELETE', /files/).map(({ path }) => path);
		expect(deleted.filter((path) => path.endsWith(kept))).toHaveLength(1);
		expect(deleted.some((path) => path.endsWith(retry.output_file_id!))).toBe(true);
	});
});

describe('a file over several batches', () => {
	const chain = () => {
		const kept = keepRows(['a', 'b', 'c', 'd'].map((id) => [id, { name: id.toUpperCase() }]));
		const original = addHistory(product, {
			created_at: 1_000,
			input: ['a', 'b', 'c', 'd'].map((id) => requestLine(id)),
			output: [answerLine('c', '{"from": 1}')],
			error: [failureLine('b', 500, 'broken'), failureLine('a', 500, 'broken')],
			request_counts: { total: 4, completed: 1, failed: 2 },
			...keptIn(kept),
		});
		const retry = addHistory(product, {
			created_at: 2_000,
			input: ['a', 'b', 'd'].map((id) => requestLine(id)),
			output: [answerLine('a', '{"from": 2}')],
			error: [failureLine('b', 503, 'overloaded')],
			request_counts: { total: 3, completed: 1, failed: 1 },
			metadata: { retry_of: original.id, rows_file_id: kept },
		});
		return { original, retry };
	};
	const options = { followRetries: true, includeRow: true };
	const byId = (items: IDataObject[]) =>
		[...items].sort((a, b) => (String(a.custom_id) < String(b.custom_id) ? -1 : 1));

	it('has the newest success of each request, those of retries behind the others', async () => {
		const { original, retry } = chain();
		const result = await run(retry.id, options, asJsonl);
		const lines = linesIn(await contentOf(result));
		expect(lines.map(({ custom_id: id }) => id)).toEqual(['c', 'a', 'b', 'd']);
		expect(byId(lines)).toEqual(byId(await itemsOf(original.id, options)));
		expect(lines.map(({ attempts }) => attempts)).toEqual([1, 2, 2, 2]);
		expect(result.items('Node')[0].json).toEqual({
			batch_ids: [original.id, retry.id],
			requests: 4,
			succeeded: 2,
			failed: 1,
			expired: 0,
			cancelled: 0,
			missing: 1,
			returned: 4,
		});
	});

	it('has the columns of what counts, and the rows', async () => {
		const { original } = chain();
		const rows = rowsIn(
			await fileOf(original.id, { ...options, parseJson: true, inputOrder: true }),
		);
		expect(rows.map((cells) => cells.slice(0, 4))).toEqual([
			['name', 'custom_id', 'status', 'from'],
			['A', 'a', 'succeeded', '2'],
			['B', 'b', 'failed', ''],
			['C', 'c', 'succeeded', '1'],
			['D', 'd', 'missing', ''],
		]);
	});

	it('takes Include Statuses, Offset and Limit over what counts', async () => {
		const { original } = chain();
		const ids = async (more: IDataObject) =>
			linesIn(await fileOf(original.id, { ...options, ...more }, asJsonl)).map(
				(one) => one.custom_id,
			);
		expect(await ids({ include: ['succeeded'] })).toEqual(['c', 'a']);
		expect(await ids({ include: ['failed', 'missing'], offset: 1 })).toEqual(['d']);
		expect(await ids({ offset: 1, limit: 2 })).toEqual(['a', 'b']);
	});

	let submissions = 0;

	/** Parts of two requests each, part by part. */
	const submission = (parts: number) => {
		const submissionId = (++submissions).toString(16).padStart(16, '0');
		return Array.from({ length: parts }, (_, index) => {
			const ids = [`p${index}-b`, `p${index}-a`];
			const kept = keepRows([...ids].reverse().map((id) => [id, { id, [`only${index}`]: index }]));
			return answered(
				ids.map((id) => [id, JSON.stringify({ part: index, [`field${index}`]: 1 })]),
				{
					created_at: 3_000 + index,
					metadata: {
						submission_key: `${submissionId}${'0'.repeat(15)}${index}`,
						submission_part: `${index + 1}/${parts}`,
						rows_file_id: kept,
					},
				},
			);
		});
	};
	const whole = { wholeSubmission: true, includeRow: true, parseJson: true };

	it('has all parts of a submission in their order, with the columns of all', async () => {
		const [, second, third] = submission(3);
		const result = await run(second.id, { ...whole, inputOrder: true });
		const rows = rowsIn(await contentOf(result));
		expect(rows[0].slice(0, 10)).toEqual([
			'id',
			'only0',
			'only1',
			'only2',
			'custom_id',
			'status',
			'part',
			'field0',
			'field1',
			'field2',
		]);
		expect(rows.slice(1).map(([id]) => id)).toEqual(
			[0, 1, 2].flatMap((part) => [`p${part}-a`, `p${part}-b`]),
		);
		expect(rows[6].slice(0, 10)).toEqual([
			'p2-b',
			'',
			'',
			'2',
			'p2-b',
			'succeeded',
			'2',
			'',
			'',
			'1',
		]);
		const { json, binary: fields } = result.items('Node')[0];
		expect(json).toMatchObject({ requests: 6, succeeded: 6, returned: 6 });
		expect((json.batch_ids as string[])[2]).toBe(third.id);
		expect(fields?.data.fileName).toBe(`results-${String(json.submission_id)}.csv`);
	});

	it('has the columns of each part by its head or by its rows, whatever it has', async () => {
		const lines = (part: number, head: string) =>
			`${head}${JSON.stringify({ custom_id: `h${part}`, row: { [`c${part}`]: part } })}\n`;
		const heads = [
			'{"columns":["c0"]}\n',
			'',
			'{"columns":["c2"]}\n',
			'{"columns":[{"toString":1}]}\n',
		];
		const parts = heads.map((head, part) =>
			answered([[`h${part}`, 'yes']], {
				created_at: 4_000 + part,
				metadata: {
					submission_key: `${'e'.repeat(31)}${part}`,
					submission_part: `${part + 1}/${heads.length}`,
					rows_file_id: product.emulator.addFile(lines(part, head), { purpose: 'batch' }).id,
				},
			}),
		);
		const result = await run(parts[0].id, { wholeSubmission: true, includeRow: true });
		const rows = rowsIn(await contentOf(result));
		expect(rows.map((cells) => cells.slice(0, 5))).toEqual([
			['c0', 'c1', 'c2', 'c3', 'custom_id'],
			['0', '', '', '', 'h0'],
			['', '1', '', '', 'h1'],
			['', '', '2', '', 'h2'],
			['', '', '', '3', 'h3'],
		]);
		expect(hintsOf(result)).toEqual([
			expect.stringMatching(/^Line 1 of the file file-\S+ is not a row/),
		]);
	});

	it('is returned once when several batches of a submission come as items, and once in each format', async () => {
		const parts = submission(2);
		const result = await product.run(
			'batch',
			'getResults',
			{ batchId: '={{ $json.id }}', returnAs: '={{ $json.as }}', options: whole } as never,
			parts.flatMap(({ id }) => ['csv', 'jsonl'].map((as) => ({ id, as }))),
		);
		const output = result.items('Node');
		expect(
			output.map(({ binary: fields, pairedItem }) => [fields?.data.mimeType, pairedItem]),
		).toEqual([
			['text/csv', { item: 0 }],
			['application/jsonl', { item: 1 }],
		]);
		expect(hintsOf(result)).toEqual(
			[0, 1].map((item) => expect.stringContaining(`were already returned for item ${item}, so`)),
		);
	});

	it('takes Offset and Limit over all parts', async () => {
		const [{ id }] = submission(3);
		for (const [offset, limit] of [
			[0, 3],
			[1, 4],
			[3, 2],
			[5, 9],
			[6, 1],
		]) {
			const items = await itemsOf(id, { ...whole, offset, limit });
			for (const more of [asJsonl, {}]) {
				const file = await fileOf(id, { ...whole, offset, limit }, more);
				const rows = 'returnAs' in more ? linesIn(file) : rowsIn(file).slice(1);
				expect(rows).toHaveLength(items.length);
				if ('returnAs' in more) expect(rows).toEqual(items);
			}
		}
	});
});

describe('the storage of n8n', () => {
	const full = () =>
		Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

	afterEach(async () => await storeIn('filesystem-v2'));

	it.each(STORAGES)('may be %s', async (storage) => {
		await storeIn(storage);
		const { id } = mixedBatch();
		const result = await run(id, {}, asJsonl);
		expect(linesIn(await contentOf(result))).toHaveLength(10);
		const [{ binary: fields }] = result.items('Node');
		expect(fields!.data.id?.split(':')[0]).toBe(storage === 'default' ? undefined : storage);
	});

	it('may be a database that cannot read the file again: a hint says so', async () => {
		const { id } = answered([['a', 'yes']]);
		for (const [bytes, hints] of [
			[268_435_443, []],
			[268_435_444, [expect.stringMatching(/^The file has 256 MiB or more\./)]],
		] as const) {
			await storeIn('database', { fileSize: bytes });
			expect(hintsOf(await run(id))).toEqual(hints);
		}
	});

	it('may be a database that cannot read the file again: Delete Files then deletes nothing', async () => {
		const { id } = answered([['a', 'yes']]);
		await storeIn('database', { fileSize: 268_435_444 });
		const hints = hintsOf(await run(id, { deleteFiles: true }));
		expect(hints).toContainEqual(
			expect.stringMatching(/^The files of the batch were not deleted, in spite of Delete Files/),
		);
		expect(product.emulator.ledger.calls('DELETE', /files/)).toEqual([]);
		await storeIn('database', { fileSize: 268_435_443 });
		expect(hintsOf(await run(id, { deleteFiles: true }))).toEqual([]);
		expect(product.emulator.ledger.calls('DELETE', /files/)).toHaveLength(2);
	});

	/** As n8n words it for its database. */
	const tooLarge = (bytes: number, fileName: string) =>
		new UserError(
			`Failed to write binary file "${fileName}" (1b2c) because its size of ${bytes / 1e6} MB exceeds the max size limit of 0.0001 MB set for \`database\` mode. Consider increasing \`N8N_BINARY_DATA_DATABASE_MAX_FILE_SIZE\` up to 1 GB, or using S3 storage mode if you require writes larger than 1 GB.`,
		);

	it('may refuse a file that is too large: the error has the sizes and what to do, and nothing is lost', async () => {
		const { id } = answered([['a', 'x'.repeat(1_000)]]);
		await storeIn('database', { refusal: tooLarge });
		const { error, items } = await run(id, { deleteFiles: true });
		expect(items('Node')).toEqual([]);
		expect(error).toMatchObject({
			name: 'NodeOperationError',
			message: expect.stringMatching(
				`^n8n cannot store the file 'results-${id}.csv': it has 0\\.001\\d+ MB, and n8n stores at most 0\\.0001 MB in its database$`,
			),
			description: expect.stringMatching(
				/^The results are still at the service, and none of their files was deleted\. Set Offset and Limit .* S3\./,
			),
			context: { itemIndex: 0 },
		});
		expect(error?.description).not.toContain('Whole Submission');
		expect(product.emulator.ledger.calls('DELETE', /files/)).toEqual([]);
		await storeIn('database');
		expect(rowsIn(await fileOf(id))).toHaveLength(2);
	});

	it('may refuse the file of a whole submission: a file for each batch is a way out', async () => {
		const submission = { submission_key: 'a'.repeat(32), submission_part: '1/1' };
		const { id } = answered([['a', 'yes']], { metadata: submission });
		await storeIn('database', { refusal: tooLarge });
		const { error } = await run(id, { wholeSubmission: true });
		expect(error?.description).toContain('turn off Whole Submission to get a file for each batch');
	});

	it('may give up while nothing comes: the error has the setting', async () => {
		const { id } = answered([['a', 'yes']]);
		const words = 'Response body timed out after 300000ms without data';
		await storeIn('database', { refusal: () => new UnexpectedError(words) });
		const { error } = await run(id);
		expect(error?.message).toBe(
			`n8n did not store the file 'results-${id}.csv', since nothing more of it came for 300 seconds`,
		);
		expect(error?.description).toContain('N8N_HTTP_RESPONSE_BODY_READ_TIMEOUT');
	});

	it.each([
		['a disk of n8n', 'ENOSPC: no space left on device, write'],
		['a quota of the disk', 'EDQUOT: disk quota exceeded, write'],
		['the disk of SQLite', 'SQLITE_FULL: database or disk is full'],
		['the disk of PostgreSQL', 'could not extend file "base/1/2": No space left on device'],
	])('may be full, as %s: the error says so, and nothing is deleted', async (_what, words) => {
		const { id } = answered([['a', 'yes']]);
		await storeIn('database', { refusal: () => new Error(words) });
		const { error } = await run(id, { deleteFiles: true });
		expect(error).toMatchObject({
			name: 'NodeOperationError',
			message: `n8n cannot store the file 'results-${id}.csv': its disk is full`,
			description: expect.stringMatching(
				/^The results are still at the service, and none of their files was deleted\. /,
			),
			context: { itemIndex: 0 },
		});
		expect(error?.description).toMatch(
			/ Make room on the disk where n8n stores its binary data\.$/,
		);
		expect(product.emulator.ledger.calls('DELETE', /files/)).toEqual([]);
	});

	it('may be a disk that becomes full while the file is written', async () => {
		const answers = Array.from({ length: 400 }, (_, index): [string, string] => [
			`r${index}`,
			'x'.repeat(1_000),
		]);
		const { id } = answered(answers);
		const writeFile = jest.spyOn(fs, 'writeFile').mockImplementation(async (_path, body) => {
			// So does n8n's storage: the first chunk has room.
			let chunks = 0;
			for await (const _chunk of body as AsyncIterable<Buffer>) if (++chunks === 2) throw full();
		});
		const { error } = await run(id).finally(() => writeFile.mockRestore());
		expect(error?.message).toBe(`n8n cannot store the file 'results-${id}.csv': its disk is full`);
	});

	it('gets the file when the first line is known, since it waits only some minutes for it', async () => {
		const kept = keepRows([['a', { n: 1 }]]);
		const { id, output_file_id: output } = answered([['a', '{"b": 2}']], keptIn(kept));
		const { ledger } = product.emulator;
		const readings = () =>
			[output!, kept].map((file) => ledger.calls('GET', new RegExp(`${file}/content$`)).length);
		let before: number[] | undefined;
		await storeIn('database', { onStore: () => (before = readings()) });
		const [, row] = rowsIn(await fileOf(id, { includeRow: true, parseJson: true }));
		expect(row.slice(0, 4)).toEqual(['1', 'a', 'succeeded', '2']);
		expect([before, readings()]).toEqual([
			[1, 1],
			[2, 2],
		]);
	});
});

describe('a file at the service that breaks off', () => {
	afterEach(async () => await storeIn('filesystem-v2'));

	const cut = { type: 'truncate' as const, bytes: 700, keepContentLength: true };

	it.each(['default', 'filesystem-v2'] as const)(
		'is an error that names it, whichever reading it is, with storage %s',
		async (mode) => {
			await storeIn(mode);
			const answers = Array.from({ length: 20 }, (_, index): [string, string] => [
				`r${index}`,
				`{"n": ${index}}`,
			]);
			const rows = keepRows(answers.map(([id]) => [id, { text: 'x'.repeat(100) }]));
			const { id, output_file_id: output } = answered(answers, keptIn(rows));
			const options = { includeRow: true, parseJson: true };
			for (const fileId of [output!, rows]) {
				for (const after of [0, 1]) {
					product.emulator.faults.clear();
					const path = new RegExp(`${fileId}/content$`);
					product.emulator.faults.next({ path, after, times: 99, fault: cut });
					const { error, items } = await run(id, options);
					expect(error?.message).toContain(`File ${fileId} could not be downloaded`);
					expect(items('Node')).toEqual([]);
				}
			}
		},
	);
});
