import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import type { NodeRunOptions } from '../support/engine';
import { productForEachTest, remarksOf } from './product';
import { stored } from './support/binaryStorage';
import { ASK_TEXT } from './support/submitParameters';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const product = productForEachTest();

const ITEMS: IDataObject[] = [
	{ id: 'a', text: 'one', year: 1979, tags: ['x', { y: null }], note: 'Größe "𝄞"\n' },
	{ id: 'b', text: 'two', year: 1986.5 },
	{ id: 'c', text: 'three', year: null, note: '' },
];

const submitItems = async (options: IDataObject, items = ITEMS, more: NodeRunOptions = {}) =>
	await product.run('batch', 'submit', { ...ASK_TEXT, options } as never, items, more);

async function submit(...args: Parameters<typeof submitItems>): Promise<IDataObject[]> {
	const { error, items } = await submitItems(...args);
	if (error) throw error;
	return items('Node').map(({ json }) => json);
}

const ROWS_FILE = {
	endpoint: ASK_TEXT.endpoint,
	requestSource: 'rowsFile',
	model: 'gpt-6-luna',
	prompt: 'Which genre is {title}?',
	customId: '{id}',
};

async function submitRows(
	content: string,
	options: IDataObject,
	more: IDataObject = {},
	settings: NodeRunOptions = {},
) {
	const names = { fileName: 'films.csv', mimeType: 'text/csv' };
	const data = await stored('filesystem-v2', Buffer.from(content), names);
	const items: INodeExecutionData[] = [{ json: {}, binary: { data } }];
	const parameters = { ...ROWS_FILE, ...more, options };
	return await product.run('batch', 'submit', parameters as never, items, settings);
}

const rowsFileId = ({ metadata }: IDataObject) => (metadata as IDataObject).rows_file_id as string;
const textOf = (fileId: unknown) => product.emulator.file(String(fileId)).text();
const linesOf = (fileId: unknown) => textOf(fileId).trimEnd().split('\n');
/** Without the head that a file of kept rows may have. */
const rowLinesOf = (fileId: unknown) =>
	linesOf(fileId).filter((line, index) => index > 0 || !line.startsWith('{"columns":'));
const idsIn = (fileId: unknown) =>
	rowLinesOf(fileId).map((line) => (JSON.parse(line) as IDataObject).custom_id);

/** The rows that are kept for a batch, by the custom id of their requests. */
const rowsOf = (batch: IDataObject) =>
	Object.fromEntries(
		rowLinesOf(rowsFileId(batch)).map((line) => {
			const { custom_id: id, row } = JSON.parse(line) as { custom_id: string; row: IDataObject };
			return [id, row];
		}),
	);

/** All files that the service has now, by id. */
async function files(): Promise<Record<string, IDataObject>> {
	const all = await product.json('file', 'getAll', { returnAll: true });
	return Object.fromEntries(all.map((file) => [file.id, file]));
}

const names = async () => Object.values(await files()).map(({ filename }) => String(filename));
const rowsFiles = async () => (await names()).filter((name) => /-rows-/.test(name));
const creates = () => product.emulator.ledger.calls('POST', /\/batches$/).length;
const uploads = () => product.emulator.ledger.calls('POST', /\/files$/).length;
const batches = () => product.emulator.ledger.batches as unknown as IDataObject[];
const strike = (method: string, path: string | RegExp, fault: object, times = 1) =>
	product.emulator.faults.next({ method, path, times, fault } as never);
const UNHARMED = { type: 'truncate', bytes: 1e9, keepContentLength: false };

describe('which fields are kept', () => {
	it('keeps the named fields of items beside their requests, in the order of the item', async () => {
		const [batch] = await submit({ keepFields: ' year , id,year' });
		expect(linesOf(rowsFileId(batch))).toEqual([
			'{"custom_id":"a","row":{"id":"a","year":1979}}',
			'{"custom_id":"b","row":{"id":"b","year":1986.5}}',
			'{"custom_id":"c","row":{"id":"c","year":null}}',
		]);
		const { object } = product.emulator.file(rowsFileId(batch));
		expect(object.purpose).toBe('batch');
		const inputName = product.emulator.file(String(batch.input_file_id)).object.filename;
		expect(object.filename).toMatch(/^n8n-batch-\w{8}-1-of-1-rows-[0-9a-f]{8}\.jsonl$/);
		expect(String(object.filename)).toContain(String(inputName).replace('.jsonl', '-rows-'));
	});

	it('keeps all fields with *, and leaves out those that an item does not have', async () => {
		const [batch] = await submit({ keepFields: '*' });
		expect(rowsOf(batch)).toEqual(Object.fromEntries(ITEMS.map((item) => [item.id, item])));
	});

	it('takes a list from an expression', async () => {
		const [batch] = await submit({ keepFields: '={{ ["year"] }}' });
		expect(rowsOf(batch).b).toEqual({ year: 1986.5 });
	});

	it('keeps nothing without the option, and makes no second file', async () => {
		for (const options of [{}, { keepFields: '' }, { keepFields: ' , ' }]) {
			const [batch] = await submit(options);
			expect(rowsFileId(batch)).toBeUndefined();
		}
		expect(await rowsFiles()).toEqual([]);
	});

	it('keeps fields of items with a JSON body, and with ready-made lines without what the request has', async () => {
		const body = { model: 'gpt-6-luna', messages: [{ role: 'user', content: 'x' }] };
		const json = {
			endpoint: ASK_TEXT.endpoint,
			requestSource: 'json',
			body,
			customId: '={{ $json.id }}',
		};
		const options = { keepFields: '*' };
		const [first] = await product.json('batch', 'submit', { ...json, options } as never, ITEMS);
		expect(rowsOf(first).b).toEqual(ITEMS[1]);
		const lines = ITEMS.map(({ id, year }) => ({
			custom_id: id,
			method: 'POST',
			url: ASK_TEXT.endpoint,
			body,
			year,
		}));
		const parameters = { endpoint: ASK_TEXT.endpoint, requestSource: 'lines', options };
		const [second] = await product.json('batch', 'submit', parameters as never, lines);
		expect(rowsOf(second).a).toEqual({ year: 1979 });
		// The year does not change the request.
		expect(second.id).not.toBe(first.id);
	});

	it('keeps the ids that n8n had to evaluate', async () => {
		const parameters = { ...ASK_TEXT, customId: '={{ $json.id.toUpperCase() + $itemIndex }}' };
		const options = { keepFields: 'text' };
		const [batch] = await product.json(
			'batch',
			'submit',
			{ ...parameters, options } as never,
			ITEMS,
		);
		expect(rowsOf(batch)).toEqual({
			A0: { text: 'one' },
			B1: { text: 'two' },
			C2: { text: 'three' },
		});
	});

	it('keeps ids that would be others if they were evaluated again', async () => {
		const parameters = { ...ASK_TEXT, customId: '={{ $json.id + Math.random() }}' };
		const options = { keepFields: 'id' };
		const [batch] = await product.json(
			'batch',
			'submit',
			{ ...parameters, options } as never,
			ITEMS,
		);
		expect(idsIn(rowsFileId(batch))).toEqual(idsIn(batch.input_file_id));
	});

	it('keeps columns of a CSV as text, and only of rows that are submitted', async () => {
		const csv = 'id; title ;year\n1;"Alien; ""cut"" ！";007\n1;twice;1\n3;Brazil;\n';
		const options = { keepFields: 'year, title' };
		const { items } = await submitRows(csv, options, {}, { onError: 'continueRegularOutput' });
		const [batch, bad] = items('Node').map(({ json }) => json);
		expect(bad.code).toBe('duplicate_custom_id');
		expect(linesOf(rowsFileId(batch))).toEqual([
			'{"columns":[" title ","year"]}',
			'{"custom_id":"1","row":{" title ":"Alien; \\"cut\\" ！","year":"007"}}',
			'{"custom_id":"3","row":{" title ":"Brazil","year":""}}',
		]);
	});

	it('keeps fields of JSONL as they are written, with all their digits', async () => {
		const first = '{"id": 1,  "title": "a", "n": 12345678901234567890, "o": {"p": [1.50]}}';
		const rows = `${first}\n{"title":"b","id":"x","q":1e3}\n`;
		const some = await submitRows(rows, { keepFields: 'n,o,q' });
		expect(linesOf(rowsFileId(some.items('Node')[0].json))).toEqual([
			'{"custom_id":"1","row":{"n":12345678901234567890,"o":{"p": [1.50]}}}',
			'{"custom_id":"x","row":{"q":1e3}}',
		]);
		const all = await submitRows(rows, { keepFields: '*', submissionKey: 'all' });
		expect(linesOf(rowsFileId(all.items('Node')[0].json))[0]).toBe(
			`{"custom_id":"1","row":${first}}`,
		);
	});
});

describe('what is refused before anything is sent', () => {
	const refusal = async (result: Awaited<ReturnType<typeof submitItems>>) => {
		expect(uploads()).toBe(0);
		return `${result.error!.message}\n${result.error!.description ?? ''}`;
	};

	it('a field that no item has, with a list of the fields', async () => {
		const text = await refusal(await submitItems({ keepFields: 'titel, year, x' }));
		expect(text).toContain("Keep Fields names 'titel', but no row has this field, nor 'x'");
		expect(text).toContain("The rows have these fields: 'id', 'text', 'year', 'tags', 'note'.");
	});

	it('a field that only some items have is none of them', async () => {
		expect((await submitItems({ keepFields: 'tags, note' })).error).toBeUndefined();
	});

	it.each(['id,title\n1,a\n', '{"id": "1", "title": "a"}\n'])(
		'a column that %j has not',
		async (rows) => {
			const text = await refusal(await submitRows(rows, { keepFields: 'titel' }));
			expect(text).toContain("Keep Fields names 'titel', but no row has this field");
			expect(text).toContain("'id', 'title'");
		},
	);

	it('Keep Fields for a file of requests', async () => {
		const more = { requestSource: 'requestsFile' };
		const text = await refusal(await submitRows('{"custom_id": "a"}\n', { keepFields: '*' }, more));
		expect(text).toContain('Keep Fields cannot be used with Requests File');
	});

	it('what is no list of names', async () => {
		const text = await refusal(await submitItems({ keepFields: '={{ 7 }}' }));
		expect(text).toContain('Keep Fields has to be text or a list of texts');
	});

	it('more metadata pairs than there is room for, and the name of our own', async () => {
		const pairs = Array.from({ length: 14 }, (_, n) => ({ key: `k${n}`, value: 'v' }));
		const run = async (list: unknown[], options: IDataObject) =>
			await product.run(
				'batch',
				'submit',
				{ ...ASK_TEXT, options, metadata: { pairs: list } } as never,
				ITEMS,
			);
		const keep = { keepFields: 'id' };
		const text = await refusal(await run(pairs, keep));
		expect(text).toContain('a batch can have 13 besides the 3 that this node adds. Remove 1.');
		const both = await refusal(await run(pairs.slice(1), { ...keep, maxEnqueuedTokens: 100 }));
		expect(both).toContain('a batch can have 12 besides the 4');
		const own = await refusal(await run([{ key: 'rows_file_id', value: 'x' }], keep));
		expect(own).toContain("The metadata key 'rows_file_id' is set by this node itself");
		expect((await run(pairs.slice(1), keep)).error).toBeUndefined();
		expect((await run(pairs, {})).error).toBeUndefined();
	});

	it('a row that is larger than a file may be, with what to do', async () => {
		const items = [{ id: 'a', text: 'x', note: 'y'.repeat(2_000) }];
		const text = await refusal(
			await submitItems({ keepFields: '*', maxBytesPerBatch: 1_000 }, items),
		);
		expect(text).toContain(
			'bytes of kept fields, more than the 1000 that a batch may have. Keep fewer',
		);
	});
});

describe('splitting', () => {
	it('gives each part a file of its own, with exactly its requests', async () => {
		const items = Array.from({ length: 7 }, (_, n) => ({ id: `i${n}`, text: `t${n}`, n }));
		const parts = await submit({ keepFields: 'n', maxRequestsPerBatch: 3 }, items);
		expect(parts).toHaveLength(3);
		expect(new Set(parts.map(rowsFileId)).size).toBe(3);
		for (const part of parts) expect(idsIn(rowsFileId(part))).toEqual(idsIn(part.input_file_id));
		expect(parts.map(rowsOf).reduce((all, one) => ({ ...all, ...one }))).toEqual(
			Object.fromEntries(items.map(({ id, n }) => [id, { n }])),
		);
	});

	it('cuts parts also by the bytes that are kept', async () => {
		const items = Array.from({ length: 4 }, (_, n) => ({
			id: `i${n}`,
			text: 't',
			note: 'y'.repeat(600),
		}));
		const parts = await submit({ keepFields: 'note', maxBytesPerBatch: 1_400 }, items);
		expect(parts.map(({ requests }) => requests)).toEqual([2, 2]);
		expect(parts.map((part) => textOf(rowsFileId(part)).length)).toEqual([1_274, 1_274]);
	});

	it('splits a file of rows by model, with the rows of each part', async () => {
		const rows = Array.from({ length: 9 }, (_, n) => `${n},t${n}`);
		const csv = `id,title\n${rows.join('\n')}\n`;
		const { items } = await submitRows(csv, { keepFields: '*', maxRequestsPerBatch: 4 });
		const parts = items('Node').map(({ json }) => json);
		expect(parts.map((part) => idsIn(rowsFileId(part)))).toEqual(
			parts.map((part) => idsIn(part.input_file_id)),
		);
		expect(rowsOf(parts[2])).toEqual({ '8': { id: '8', title: 't8' } });
	});

	it('expires together with the requests', async () => {
		const [batch] = await submit({ keepFields: 'id', inputExpiresAfter: 48 });
		const expiries = [batch.input_file_id, rowsFileId(batch)].map(
			(id) => product.emulator.file(String(id)).object.expires_at,
		);
		expect(expiries[0]).toBeGreaterThan(0);
		expect(Math.abs(Number(expiries[1]) - Number(expiries[0]))).toBeLessThan(5);
	});

	it('only measures in a dry run', async () => {
		const [part] = await submit({ keepFields: 'year', dryRun: true });
		expect(part.rows_bytes).toBe(
			ITEMS.map(
				({ id, year }) => JSON.stringify({ custom_id: id, row: { year } }).length + 1,
			).reduce((sum, bytes) => sum + bytes),
		);
		expect(uploads()).toBe(0);
		expect((await submit({ dryRun: true }))[0]).not.toHaveProperty('rows_bytes');
	});
});

describe('nothing is paid twice or left behind', () => {
	const KEY = { keepFields: 'year', submissionKey: 'k', maxRequestsPerBatch: 2 };

	it('adopts all parts of an earlier run without uploading anything', async () => {
		const first = await submit(KEY, ITEMS, { executionId: '1' });
		const before = [uploads(), (await rowsFiles()).length];
		const again = await submit(KEY, ITEMS, { executionId: '2' });
		expect(again.map(({ id, adopted }) => [id, adopted])).toEqual(
			first.map(({ id }) => [id, true]),
		);
		expect([uploads(), (await rowsFiles()).length]).toEqual(before);
		expect(before).toEqual([4, 2]);
	});

	it('does not pay again when other fields are kept, and says that there are no rows', async () => {
		const [first] = await submit({ submissionKey: 'k' }, ITEMS, { executionId: '1' });
		const { items, hints } = await submitItems({ keepFields: 'id', submissionKey: 'k' }, ITEMS, {
			executionId: '2',
		});
		expect(items('Node')[0].json).toMatchObject({ id: first.id, adopted: true });
		expect(
			remarksOf({ hints })
				.map(({ message }) => message)
				.join(),
		).toContain(`Batch ${first.id} was created before, without Keep Fields.`);
		expect(await rowsFiles()).toEqual([]);
	});

	it('says that the batch of an earlier run has kept other rows, or that they are gone', async () => {
		let executions = 0;
		const run = async (keepFields: string, items = ITEMS) => {
			const options = { keepFields, submissionKey: 'k', fileName: keepFields };
			const executionId = `${++executions}`;
			const { error, hints } = await submitItems(options, items, { executionId });
			if (error) throw error;
			expect(batches()).toHaveLength(1);
			return remarksOf({ hints }).map(({ message }) => message);
		};
		expect(await run('id')).toEqual([]);
		expect(await run('id')).toEqual([]);
		const [batch] = batches();
		const others = `Batch ${String(batch.id)} was created before, and has kept other rows`;
		expect(await run('year')).toEqual([expect.stringContaining(others)]);
		const changed = ITEMS.map((item) => ({ ...item, note: 'new' }));
		expect(await run('id,note', changed)).toEqual([expect.stringContaining(others)]);
		const uploaded = uploads();
		await product.json('file', 'delete', { fileId: rowsFileId(batch) });
		const gone = `Batch ${String(batch.id)} was created before, and its kept rows are no longer`;
		expect(await run('id')).toEqual([expect.stringContaining(gone)]);
		expect(uploads()).toBe(uploaded);
	});

	it('finishes only what is missing after a run that ended between the parts', async () => {
		strike('POST', '/batches', UNHARMED);
		strike('POST', '/batches', { type: 'status', status: 403 });
		const { error } = await submitItems(KEY, ITEMS, { executionId: '1' });
		expect(error?.message).toContain('Part 2 of 2');
		// The refused part has left neither of its files.
		expect(await names()).toHaveLength(2);
		const again = await submit(KEY, ITEMS, { executionId: '2' });
		expect(again.map(({ adopted }) => adopted)).toEqual([true, false]);
		expect(again.map((part) => idsIn(rowsFileId(part)))).toEqual([['a', 'b'], ['c']]);
		expect([(await names()).length, batches().length]).toEqual([4, 2]);
	});

	it.each([
		['the file of rows', 0],
		['the file of requests', 1],
	])('leaves nothing behind when %s cannot be uploaded', async (_what, spared) => {
		if (spared) strike('POST', '/files', UNHARMED);
		strike('POST', '/files', { type: 'status', status: 403 });
		const { error } = await submitItems({ keepFields: 'id' });
		expect(error).toBeDefined();
		expect([creates(), await names()]).toEqual([0, []]);
	});

	it('keeps both files of a create whose answer is lost, and adopts the batch', async () => {
		strike('POST', '/batches', { type: 'reset', when: 'after' });
		const [batch] = await submit({ keepFields: 'id' });
		expect(batch.adopted).toBe(true);
		expect(idsIn(rowsFileId(batch))).toEqual(['a', 'b', 'c']);
		expect(await names()).toHaveLength(2);
	});

	/** Two executions that create the same batch, neither of which sees that of the other before. */
	async function createTwice(): Promise<unknown[]> {
		const parameters = { ...ASK_TEXT, options: { keepFields: 'id', submissionKey: 'k' } };
		const { ledger } = product.emulator;
		let creators = 0;
		let goOn = () => {};
		const bothAreThere = new Promise<void>((resolve) => (goOn = resolve));
		ledger.onRequest = async ({ method, path }, stage) => {
			if (stage !== 'arrived' || method !== 'POST' || !path.endsWith('/batches')) return;
			if (++creators === 2) goOn();
			await bothAreThere;
		};
		const both = await Promise.all(
			['1', '2'].map(
				async (executionId) =>
					await product.run('batch', 'submit', parameters as never, ITEMS, { executionId }),
			),
		);
		ledger.onRequest = () => {};
		expect([creators, batches().length]).toEqual([2, 2]);
		return both.map(({ items }) => items('Node')[0].json.id);
	}

	/** The ids of the files of rows that the service has. */
	const rowsFileIds = async () =>
		Object.entries(await files())
			.filter(([, { filename }]) => String(filename).includes('-rows-'))
			.map(([id]) => id);

	it('deletes its rows when another execution has created the batch at the same moment', async () => {
		const ids = await createTwice();
		expect(ids[0]).toBe(ids[1]);
		const standing = batches().find(({ id }) => id === ids[0])!;
		expect(await rowsFileIds()).toEqual([rowsFileId(standing)]);
	});

	it('leaves the rows of a batch that could not be given up to the execution that cancels it', async () => {
		strike('POST', /cancel$/, { type: 'status', status: 403 }, 2);
		const ids = await createTwice();
		expect((await rowsFileIds()).sort()).toEqual(batches().map(rowsFileId).sort());
		product.emulator.faults.clear();
		const [third] = await submit({ keepFields: 'id', submissionKey: 'k' }, ITEMS, {
			executionId: '3',
		});
		expect(third.id).toBe(ids[0]);
		expect(await rowsFileIds()).toEqual([rowsFileId(third)]);
	});

	it('names the files when it is not known whether the batch was created', async () => {
		strike('GET', '/batches', UNHARMED);
		strike('POST', '/batches', { type: 'reset', when: 'after' });
		strike('GET', '/batches', { type: 'status', status: 403 }, 3);
		const { error } = await submitItems({ keepFields: 'id' });
		const [batch] = batches();
		expect(error!.message).toContain(
			`its input file is ${String(batch.input_file_id)}, and the file of kept rows is ${rowsFileId(batch)}`,
		);
		expect(await names()).toHaveLength(2);
	});

	it('keeps both files for Create when the queue of the service is full', async () => {
		const code = 'token_limit_exceeded';
		const message = 'Enqueued token limit reached for gpt-6-luna in organization org-1.';
		strike(
			'POST',
			'/batches',
			{ type: 'status', status: 429, body: { error: { message, code } } },
			9,
		);
		const { error } = await submitItems({ keepFields: 'id' });
		const [rows] = await rowsFiles();
		const id = Object.values(await files()).find(({ filename }) => filename === rows)!.id;
		expect(error!.message).toContain(
			`is kept, for the operation Create, with ${String(id)} as rows_file_id in the metadata`,
		);
		expect(await names()).toHaveLength(2);
	});

	it('says what to do where the server looks into the file and refuses it', async () => {
		const body = { error: { message: "Missing required parameter: 'method'.", code: 'invalid' } };
		strike('POST', '/files', { type: 'status', status: 400, body });
		const { error } = await submitItems({ keepFields: 'id' });
		expect(error!.message).toContain('-rows-');
		expect(error!.description).toContain('remove Keep Fields');
		expect(await names()).toEqual([]);
	});
});

describe('parts that wait', () => {
	const LIMIT = { keepFields: 'id', maxRequestsPerBatch: 1, maxEnqueuedTokens: 1 };
	const submitWaiting = async () =>
		await product.json('batch', 'submitWaiting', { options: {} } as never);

	it('have their rows at the service before they wait, and get them with their batch', async () => {
		const parts = await submit(LIMIT);
		expect(parts.map(({ status }) => status)).toEqual(['validating', 'waiting', 'waiting']);
		expect(await rowsFiles()).toHaveLength(3);
		expect(idsIn(parts[2].rows_file_id)).toEqual(['c']);
		await product.finish(String(parts[0].id));
		const [second, third] = await submitWaiting();
		expect(second.status).toBe('validating');
		expect(rowsFileId(second)).toBe(parts[1].rows_file_id);
		expect(third).toMatchObject({ status: 'waiting', rows_file_id: parts[2].rows_file_id });
		await product.finish(String(second.id));
		const [last] = await submitWaiting();
		expect(idsIn(rowsFileId(last))).toEqual(['c']);
		expect(await rowsFiles()).toHaveLength(3);
	});

	it.each([1, 2, 3, 4, 5])(
		'are uploaded once when a run ends after %i uploads and another goes on',
		async (count) => {
			const options = { ...LIMIT, submissionKey: 'k' };
			strike('POST', '/files', UNHARMED, count);
			strike('POST', '/files', { type: 'status', status: 403 });
			const { error } = await submitItems(options, ITEMS, { executionId: '1' });
			expect(error).toBeDefined();
			expect(await names()).toHaveLength(count);
			const parts = await submit(options, ITEMS, { executionId: '2' });
			expect(parts.map(({ status }) => status)).toEqual(['validating', 'waiting', 'waiting']);
			expect([creates(), (await rowsFiles()).length]).toEqual([1, 3]);
			// Three files of requests, three of rows, and the list of what waits.
			expect(await names()).toHaveLength(7);
		},
	);

	it('do not take the rows of an earlier run that kept others', async () => {
		const options = { ...LIMIT, submissionKey: 'k', keepFields: 'n' };
		const items = (n: number) => ITEMS.map(({ id, text }) => ({ id, text, n }));
		strike('POST', '/files', UNHARMED, 2);
		strike('POST', '/files', { type: 'status', status: 403 });
		await submitItems(options, items(1), { executionId: '1' });
		const [first] = await submit(options, items(2), { executionId: '2' });
		expect(rowsOf(first)).toEqual({ a: { n: 2 } });
	});
});

describe('Retry Unfinished', () => {
	it('keeps the rows of the original in its metadata', async () => {
		const [batch] = await submit({ keepFields: 'id' });
		await product.emulator.step(String(batch.id), 'in_progress', { done: 1 });
		await product.json('batch', 'cancel', { batchId: batch.id } as never);
		await product.emulator.step(String(batch.id), 'cancelled');
		const retry = { batchId: batch.id, options: {} };
		const pairs = Array.from({ length: 13 }, (_, n) => ({ key: `k${n}`, value: 'v' }));
		const { error } = await product.run('batch', 'retry', {
			...retry,
			metadata: { pairs },
		} as never);
		expect(error!.message).toContain('a batch can have 12 besides the 4 that this node adds');
		const [again] = await product.json('batch', 'retry', {
			...retry,
			metadata: { pairs: pairs.slice(1) },
		} as never);
		expect(rowsFileId(again)).toBe(rowsFileId(batch));
		expect(Object.keys(again.metadata as IDataObject)).toHaveLength(16);
	});
});

describe.each([
	['', {}],
	[' whose parts wait', { maxEnqueuedTokens: 1 }],
])('a submission%s that is killed anywhere', (_name, options) => {
	const parameters = {
		resource: 'batch',
		operation: 'submit',
		...ASK_TEXT,
		options: { keepFields: 'year', submissionKey: 'k', maxRequestsPerBatch: 2, ...options },
	};
	const isOfPart = /-(\d)-of-2/;

	it.each(
		[1, 2, 3, 4, 5, 6, 7, 8].flatMap((at) => [[at, 'arrived'] as const, [at, 'done'] as const]),
	)(
		'at request %i, when it has %s, is finished by the next run, with the rows of each part',
		async (at, stage) => {
			const { ledger } = product.emulator;
			let count = 0;
			ledger.onRequest = (_request, now) => {
				if (now === 'arrived') count++;
				if (count === at && now === stage) execution.cancel();
			};
			const input = ITEMS.map((json) => ({ json }));
			const execution = product.engine.startNode('openAiBatch', parameters as never, input);
			await execution.finished;
			ledger.onRequest = () => {};
			// A create that was on its way is worked on.
			for (let quiet = 0; quiet < 5; quiet = ledger.creating > 0 ? 0 : quiet + 1) {
				await new Promise((resolve) => setImmediate(resolve));
			}
			const { items, error } = await product.engine.node('openAiBatch', parameters as never, input);
			expect(error).toBeUndefined();
			expect(batches()).toHaveLength('maxEnqueuedTokens' in options ? 1 : 2);
			const parts = items('Node').map(({ json }) => json);
			for (const part of parts) {
				const kept = part.status === 'waiting' ? part.rows_file_id : rowsFileId(part);
				expect(idsIn(kept)).toEqual(idsIn(part.input_file_id));
			}
			if (!('maxEnqueuedTokens' in options)) return;
			const numbers = (await rowsFiles()).map((file) => isOfPart.exec(file)?.[1]).sort();
			expect([...new Set(numbers)]).toEqual(['1', '2']);
			// What was uploaded is used again. An upload that was on its way may end later.
			if (stage === 'done') expect(numbers).toHaveLength(2);
		},
	);
});
