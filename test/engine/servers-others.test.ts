import type { IDataObject } from 'n8n-workflow';
import type { DialectName, EmulatorOptions } from '../support/emulator';
import { NODE } from './product';
import {
	A_WHILE,
	chatPath,
	completionWindow,
	startServer,
	submitParameters,
	type Server,
} from './servers';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const ROWS = [{ id: 'a', text: 'Hello' }];

let server: Server;

const start = async (dialect: DialectName, options: EmulatorOptions = {}) =>
	(server = await startServer(dialect, options));

afterEach(async () => await server.stop());

const submit = async (options: IDataObject = {}, rows: IDataObject[] = ROWS) =>
	await server.json('batch', 'submit', submitParameters(server.dialect, options), rows);

const lineOf = (id: string, body: IDataObject = {}) => ({
	custom_id: id,
	method: 'POST',
	url: chatPath(server.dialect),
	body: { model: 'gpt-6-luna', messages: [{ role: 'user', content: 'Hello' }], ...body },
});

/** Puts JSONL into n8n's binary data, and uploads it. */
async function upload(lines: string[]): Promise<IDataObject> {
	const data = Buffer.from(`${lines.join('\n')}\n`).toString('base64');
	const binary = { data: { data, mimeType: 'application/jsonl', fileName: 'requests.jsonl' } };
	const [file] = await server.json('file', 'upload', { purpose: 'batch' }, [{ json: {}, binary }]);
	return file;
}

const createOf = async ({ id }: IDataObject) =>
	(
		await server.json('batch', 'create', {
			fileId: id as string,
			endpoint: chatPath(server.dialect),
			options: { completionWindow: completionWindow(server.dialect) },
		})
	)[0];

describe('Groq', () => {
	const many = (count: number) => {
		for (let n = 0; n < count; n++) server.emulator.addBatch({ id: `batch_${n}` });
	};

	it('has a list in pages of 20, which are read to the end', async () => {
		await start('groq');
		many(45);
		const listed = await server.json('batch', 'getAll', { returnAll: true });
		expect(new Set(listed.map(({ id }) => id)).size).toBe(45);
		expect(listed).toHaveLength(45);
	});

	it('has a list in pages for the picker too', async () => {
		await start('groq');
		many(25);
		const page = async (token?: string) =>
			await server.engine.listSearch(NODE, 'searchBatches', {}, {
				paginationToken: token,
				credentialData: server.credentialData,
			} as never);
		const first = await page();
		const second = await page(first.paginationToken as string);
		expect([first.results.length, second.results.length]).toEqual([20, 5]);
		expect(second.paginationToken).toBeUndefined();
	});

	it('has batches on later pages that are found again by their key', async () => {
		await start('groq');
		const [first] = await submit({ submissionKey: 'films' });
		many(30);
		const [again] = await submit({ submissionKey: 'films' });
		expect(again).toMatchObject({ id: first.id, adopted: true });
	});

	it('reports no usage, so that a batch has no cost', async () => {
		await start('groq');
		const [{ id }] = await submit();
		await server.emulator.advance(A_WHILE);
		const options = { inputPricePerMillion: 1, outputPricePerMillion: 2 };
		const [batch] = await server.json('batch', 'get', { batchId: id as string, options });
		expect(batch.cost).toBeNull();
	});

	it('runs the other lines of a file with a bad line', async () => {
		await start('groq');
		const bad = { ...lineOf('bad'), method: 'GET' };
		const file = await upload([JSON.stringify(lineOf('good')), JSON.stringify(bad)]);
		const { id } = await createOf(file);
		await server.emulator.advance(A_WHILE);
		const results = await server.json('batch', 'getResults', { batchId: id as string });
		const statuses = results.map(({ custom_id: one, status }) => [one, status]);
		expect(statuses).toEqual(expect.arrayContaining([['good', 'succeeded']]));
		expect(statuses).toHaveLength(2);
	});
});

describe('Novita', () => {
	it('says why a batch failed in a text, which is shown', async () => {
		await start('novita');
		server.emulator.control.batches({ match: () => true, fate: 'file_not_found' });
		const [{ id }] = await submit();
		await server.emulator.advance(A_WHILE);
		const error = await server.failure('batch', 'getResults', { batchId: id as string });
		expect(error?.message).toMatch(/^Batch \S+ failed: Cannot find file/);
	});

	it('refuses the usual window, and says which one it wants', async () => {
		await start('novita');
		const parameters = { ...submitParameters(server.dialect), options: {} };
		const error = await server.failure('batch', 'submit', parameters, ROWS);
		expect(error?.message).toMatch(/its input file \S+ was deleted: .*'24h'.*48h/);
	});

	it('has batches that are found by date, since ISO times are times', async () => {
		await start('novita');
		const [{ id, created_at: at }] = await submit();
		const createdAfter = new Date(Date.parse(String(at)) - 1000).toISOString();
		const filters = { createdAfter, status: ['validating'] };
		const listed = await server.json('batch', 'getAll', { filters });
		expect(listed.map((batch) => batch.id)).toEqual([id]);
	});

	it('takes no files above 100 MB, which Max Bytes per Batch respects', async () => {
		await start('novita', { limits: { batchBytes: 400 } });
		const rows = Array.from({ length: 4 }, (_, n) => ({ id: `row ${n}`, text: 'Hello' }));
		const batches = await submit({ maxBytesPerBatch: 400 }, rows);
		expect(batches.length).toBeGreaterThan(1);
		await server.emulator.advance(A_WHILE);
		const statuses = server.emulator.ledger.batches.map(({ status }) => status);
		expect(new Set(statuses)).toEqual(new Set(['completed']));
	});
});

describe('SiliconFlow', () => {
	it('answers an upload in an envelope, which is opened', async () => {
		await start('siliconflow');
		const file = await upload([JSON.stringify(lineOf('a'))]);
		expect(file).toMatchObject({
			id: expect.stringMatching(/^file-/),
			purpose: 'batch',
			bytes: expect.any(Number),
			created_at: expect.any(Number),
		});
		await createOf(file);
		expect(server.emulator.ledger.batches[0].input_file_id).toBe(file.id);
	});

	it('takes requests that stream, as its own examples do', async () => {
		await start('siliconflow');
		const parameters = {
			endpoint: chatPath(server.dialect),
			requestSource: 'lines',
			options: { completionWindow: completionWindow(server.dialect) },
		};
		const line = lineOf('a', { stream: true });
		await server.json('batch', 'submit', parameters, [line]);
		const [{ id }] = server.emulator.ledger.uploads;
		expect(server.emulator.file(id).text()).toContain('"stream":true');
	});

	it('takes 5,000 requests a file, which Max Requests per Batch respects', async () => {
		await start('siliconflow');
		const rows = Array.from({ length: 5_001 }, (_, n) => ({ id: `row ${n}`, text: 'Hello' }));
		const batches = await submit({ maxRequestsPerBatch: 5_000 }, rows);
		expect(batches.map(({ requests }) => requests)).toEqual([5_000, 1]);
	});

	it('lists everything at once', async () => {
		await start('siliconflow');
		for (let n = 0; n < 130; n++) server.emulator.addBatch({ id: `batch_${n}` });
		const listed = await server.json('batch', 'getAll', { returnAll: true });
		expect(listed).toHaveLength(130);
		expect(server.emulator.ledger.calls('GET', '/batches')).toHaveLength(1);
	});
});

describe('Doubleword', () => {
	it('refuses in plain text, which is shown', async () => {
		await start('doubleword');
		const parameters = submitParameters(server.dialect, { completionWindow: '48h' });
		const error = await server.failure('batch', 'submit', parameters, ROWS);
		expect(error?.message).toMatch(
			/: Unsupported completion_window. Allowed values: 24h, 1h, background$/,
		);
		const unknown = await server.failure('batch', 'get', { batchId: 'batch_1' });
		expect(unknown?.message).toBe('Batch with ID batch_1 not found');
		expect(unknown?.description).toMatch(/Check the id/);
	});

	it('refuses a file that is too large, which Max Bytes per Batch respects', async () => {
		await start('doubleword', { limits: { fileBytes: 400 } });
		const rows = Array.from({ length: 4 }, (_, n) => ({ id: `row ${n}`, text: 'Hello' }));
		const error = await server.failure('batch', 'submit', submitParameters(server.dialect), rows);
		expect(error?.message).toMatch(/maximum allowed size of \d+ bytes/);
		expect((await submit({ maxBytesPerBatch: 400 }, rows)).length).toBeGreaterThan(1);
	});

	it('calls a batch failed when all its requests failed, and its results are there', async () => {
		await start('doubleword');
		const [{ id }] = await submit({}, [
			{ id: 'a', text: '[[emulator:fail 400 context_length_exceeded]]' },
			{ id: 'b', text: '[[emulator:fail 500 server_error]]' },
		]);
		await server.emulator.advance(A_WHILE);
		expect(server.emulator.batch(id as string).status).toBe('failed');
		const results = await server.json('batch', 'getResults', { batchId: id as string });
		expect(results.map(({ custom_id: one, status }) => [one, status])).toEqual(
			expect.arrayContaining([
				['a', 'failed'],
				['b', 'failed'],
			]),
		);
		const [retry] = await server.json('batch', 'retry', {
			batchId: id as string,
			options: { retryAllFailed: true },
		});
		expect(retry).toMatchObject({ retry_of: id, requests: 2 });
	});
});

describe('Alibaba', () => {
	it('gets its instructions in the metadata', async () => {
		await start('alibaba');
		const pairs = [{ key: 'ds_name', value: 'films' }];
		const parameters = { ...submitParameters(server.dialect), metadata: { pairs } };
		await server.json('batch', 'submit', parameters, ROWS);
		expect(server.emulator.ledger.batches[0].metadata).toMatchObject({ ds_name: 'films' });
	});
});

describe("vLLM's production stack", () => {
	it('has counts beside the other fields, which are read', async () => {
		await start('vllm');
		server.emulator.speak({
			...server.dialect,
			batch: (batch, moment) => ({
				...server.dialect.batch(batch, moment),
				total_requests: 4,
				completed_requests: 1,
				failed_requests: 2,
			}),
		});
		const [{ id }] = await submit();
		await server.emulator.step(id as string, 'in_progress');
		const [waited] = await server.json('batch', 'wait', {
			batchId: id as string,
			options: { maxWait: 0, onTimeout: 'continue' },
		});
		expect(waited).toMatchObject({
			status: 'in_progress',
			request_counts: { total: 4, completed: 1, failed: 2 },
			progress: 75,
		});
	});

	it('cannot cancel, which is said; the id is not blamed', async () => {
		await start('vllm');
		const [{ id }] = await submit();
		const error = await server.failure('batch', 'cancel', { batchId: id as string });
		expect(error?.message).toMatch(/cannot cancel batches/);
		expect(error?.description).not.toMatch(/Check the id/);
		const unknown = await server.failure('batch', 'cancel', { batchId: 'batch_abcdef' });
		expect(unknown?.message).not.toMatch(/cannot cancel batches/);
	});

	it('has one file for all lines', async () => {
		await start('vllm');
		const [{ id }] = await submit({}, [
			...ROWS,
			{ id: 'b', text: '[[emulator:fail 400 context_length_exceeded]]' },
		]);
		await server.emulator.advance(A_WHILE);
		const results = await server.json('batch', 'getResults', { batchId: id as string });
		expect(results.map(({ custom_id: one, status }) => [one, status])).toEqual(
			expect.arrayContaining([
				['a', 'succeeded'],
				['b', 'failed'],
			]),
		);
	});
});

describe('a server without a list of batches', () => {
	const WITHOUT_LIST = { 'GET /batches': { status: 405, text: 'Method Not Allowed' } };

	const startWithout = async () => {
		await start('openai');
		server.emulator.speak({ ...server.dialect, lacks: WITHOUT_LIST });
	};

	it('gets no batch unless the user says so, and is named', async () => {
		await startWithout();
		const error = await server.failure('batch', 'submit', submitParameters(server.dialect), ROWS);
		expect(error?.message).toMatch(/no list of batches.*Check the Base URL.*Create Without Search/);
		expect(server.emulator.ledger.requests.every(({ method }) => method === 'GET')).toBe(true);
	});

	it('has no queue whose room is known, so Max Enqueued Tokens is refused', async () => {
		await startWithout();
		const options = { createWithoutSearch: true, maxEnqueuedTokens: 1 };
		const parameters = submitParameters(server.dialect, options);
		const error = await server.failure('batch', 'submit', parameters, ROWS);
		expect(error?.message).toMatch(/no list of batches.*Remove the option Max Enqueued Tokens/);
		expect(server.emulator.ledger.uploads).toEqual([]);
	});

	it('goes the whole way with Create Without Search', async () => {
		await startWithout();
		const createWithoutSearch = true;
		const [{ id }] = await submit({ createWithoutSearch }, [
			...ROWS,
			{ id: 'b', text: '[[emulator:fail 500 server_error]]' },
		]);
		await server.emulator.advance(A_WHILE);
		const parameters = { batchId: id as string };
		expect(await server.json('batch', 'getResults', parameters)).toHaveLength(2);
		const options = { createWithoutSearch };
		const [retry] = await server.json('batch', 'retry', { ...parameters, options });
		expect(retry).toMatchObject({ retry_of: id, requests: 1 });
	});

	it('has no events, which the trigger says when it is published', async () => {
		await startWithout();
		const { error } = await server.poller().activate();
		expect(error?.message).toMatch(/no list of batches/);
	});
});
