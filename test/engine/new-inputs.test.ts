import type { IDataObject } from 'n8n-workflow';
import type { Dialect } from '../support/emulator';
import { DIALECTS } from '../support/emulator';
import type { History } from './batches';
import { addHistory, answerLine, failureLine, requestLine } from './batches';
import { reported, startServer, type Server } from './servers';

/**
 * Inputs that were made up before anybody looked whether the product can read them, with what is
 * right for somebody who has paid for the answers.
 */
jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const { openai } = DIALECTS;

let server: Server;

afterEach(async () => await server.stop());

/** A server like OpenAI but for the form of its batches. */
const withBatches = (batch: (batch: IDataObject) => unknown): Dialect => ({
	...openai,
	batch: batch as Dialect['batch'],
});

/** A server like OpenAI but for the form of its list of batches. */
const withList = (page: (page: IDataObject) => unknown): Dialect => ({
	...openai,
	batchList: { ...openai.batchList, page: page as Dialect['batchList']['page'] },
});

const resultsOf = async (batchId: string) => await server.json('batch', 'getResults', { batchId });

const results = async (history: History) => await resultsOf(addHistory(server, history).id);

/** The ids of the requests that Retry Unfinished sends again. */
async function retried(history: History): Promise<string[]> {
	const { id } = addHistory(server, history);
	const [retry] = await server.json('batch', 'retry', { batchId: id });
	const text = server.emulator.file(String(retry.input_file_id)).text();
	return text
		.trim()
		.split('\n')
		.map((line) => (JSON.parse(line) as { custom_id: string }).custom_id);
}

const BODY = {
	object: 'chat.completion',
	model: 'm',
	choices: [{ index: 0, message: { role: 'assistant', content: 'Yes' }, finish_reason: 'stop' }],
};

describe('paid answers are not asked for again', () => {
	beforeEach(async () => {
		server = await startServer(openai);
	});

	it.each([
		[
			'two parts of a file that were joined without a line feed between them',
			[`${answerLine('a')}${answerLine('b')}`],
		],
		[
			'texts with control characters as they are, as some servers write them',
			[
				answerLine('a', 'left-right').replace('left-right', 'left\tright'),
				answerLine('b', 'left-right').replace('left-right', 'left\u0001right'),
			],
		],
		[
			'names in camel case, as Java servers write them',
			['a', 'b'].map((customId) =>
				JSON.stringify({ customId, response: { statusCode: 200, requestId: 'r', body: BODY } }),
			),
		],
		[
			'the key of Gemini instead of the custom_id',
			['a', 'b'].map((key) =>
				JSON.stringify({ key, response: { status_code: 200, body: BODY }, error: null }),
			),
		],
		[
			'a body beside the id, without a response around it',
			['a', 'b'].map((custom_id) => JSON.stringify({ custom_id, status_code: 200, body: BODY })),
		],
		[
			'the result below another name',
			['a', 'b'].map((custom_id) =>
				JSON.stringify({ custom_id, result: { status_code: 200, body: BODY } }),
			),
		],
	])('%s', async (_, output) => {
		const ids = ['a', 'b', 'c'];
		const history = {
			input: ids.map((id) => requestLine(id)),
			output,
			error: [failureLine('c', 503, 'server_error')],
			request_counts: { total: 3, completed: 2, failed: 1 },
		};
		const items = await results(history);
		expect(items.map(({ custom_id, status }) => [custom_id, status])).toEqual([
			['a', 'succeeded'],
			['b', 'succeeded'],
			['c', 'failed'],
		]);
		expect(await retried(history)).toEqual(['c']);
	});

	it('answers in the form of Gemini itself', async () => {
		const line = (key: string) =>
			JSON.stringify({
				key,
				response: {
					candidates: [
						{ content: { parts: [{ text: 'Yes' }], role: 'model' }, finishReason: 'STOP' },
					],
					usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 1, totalTokenCount: 4 },
					modelVersion: 'gemini-3-flash',
				},
			});
		const history = {
			input: ['a', 'b'].map((id) => requestLine(id)),
			output: [line('a'), line('b')],
			request_counts: { total: 2, completed: 2, failed: 0 },
		};
		const items = await results(history);
		expect(items.map(({ custom_id }) => custom_id)).toEqual(['a', 'b']);
		expect(JSON.stringify(items)).toContain('Yes');
		const { error } = await server.run('batch', 'retry', {
			batchId: addHistory(server, history).id,
		});
		expect(error).toBeDefined();
		expect(server.emulator.ledger.calls('POST', '/batches')).toHaveLength(0);
	});

	it('one file that is named as the output and as the errors is read once', async () => {
		const output = ['a', 'a', 'b'].map((id) => answerLine(id));
		const batch = addHistory(server, {
			input: ['a', 'a', 'b'].map((id) => requestLine(id)),
			output,
		});
		Object.assign(batch, { error_file_id: batch.output_file_id });
		expect(await resultsOf(batch.id)).toHaveLength(3);
	});

	it('an error status under another name is no success', async () => {
		const output = [
			answerLine('a'),
			JSON.stringify({
				custom_id: 'b',
				response: { status: 503, body: { message: 'upstream connect error' } },
				error: null,
			}),
		];
		const history = { input: ['a', 'b'].map((id) => requestLine(id)), output };
		const items = await results(history);
		expect(items.map(({ status }) => status)).toEqual(['succeeded', 'failed']);
		expect(items[1].error).toMatchObject({ message: 'upstream connect error' });
		expect(await retried(history)).toEqual(['b']);
	});
});

describe('results that are there can be had', () => {
	const twoAnswers = () => ({
		input: ['a', 'b'].map((id) => requestLine(id)),
		output: ['a', 'b'].map((id) => answerLine(id)),
		request_counts: { total: 2, completed: 2, failed: 0 },
	});
	const ids = (items: IDataObject[]) => items.map(({ custom_id, status }) => [custom_id, status]);
	const BOTH = [
		['a', 'succeeded'],
		['b', 'succeeded'],
	];

	it('output in several files', async () => {
		server = await startServer(
			withBatches((batch) => ({
				...batch,
				output_file_id: String(batch.output_file_id).split('+'),
			})),
		);
		const [one, two] = ['a', 'b'].map((id) => server.emulator.addFile(`${answerLine(id)}\n`).id);
		const batch = addHistory(server, { ...twoAnswers(), output: undefined });
		Object.assign(batch, { output_file_id: `${one}+${two}` });
		expect(ids(await resultsOf(batch.id))).toEqual(BOTH);
	});

	it.each<[string, (batch: IDataObject) => unknown]>([
		[
			'a file object in place of its id',
			({ output_file_id: id, ...batch }) => ({ ...batch, output_file: { id, object: 'file' } }),
		],
		[
			'a status for batches with some failures',
			(batch) => ({ ...batch, status: 'completed_with_errors' }),
		],
		[
			'a status for batches with some failures in capitals',
			(batch) => ({ ...batch, status: 'PARTIAL_SUCCESS' }),
		],
		['no status at all, but the time of the end', ({ status: _, ...batch }) => batch],
		[
			'a batch in an envelope',
			(batch) => ({ code: 20000, message: 'Ok', status: true, data: batch }),
		],
		['a batch below its name', (batch) => ({ batch })],
		['an id called batch_id', ({ id, ...batch }) => ({ ...batch, batch_id: id })],
		[
			'names in camel case',
			(batch) => ({
				id: batch.id,
				object: 'batch',
				status: 'COMPLETED',
				inputFileId: batch.input_file_id,
				outputFileId: batch.output_file_id,
				createdAt: batch.created_at,
				completedAt: batch.completed_at,
			}),
		],
	])('%s', async (_, shape) => {
		server = await startServer(withBatches(shape));
		expect(ids(await results(twoAnswers()))).toEqual(BOTH);
	});

	it.each<[string, Dialect['file']]>([
		['below its name', (file) => ({ file })],
		['without an id', ({ id: _, ...file }) => file],
		['as a list of one', (file) => [file]],
	])('a file that is described %s', async (_, file) => {
		server = await startServer({ ...openai, file });
		expect(ids(await results(twoAnswers()))).toEqual(BOTH);
	});
});

describe('times in other forms', () => {
	const iso = (seconds: unknown) => new Date(Number(seconds) * 1000).toISOString();
	const forms: Array<[string, (seconds: number) => unknown]> = [
		['microseconds', (seconds) => seconds * 1e6 + 17],
		['nanoseconds as text', (seconds) => `${seconds}000000017`],
		['the form of SQL', (seconds) => iso(seconds).replace('T', ' ').slice(0, 19)],
		[
			'the form of SQL with its zone',
			(seconds) => `${iso(seconds).replace('T', ' ').slice(0, 19)} UTC`,
		],
		['the form of mails and HTTP', (seconds) => new Date(seconds * 1000).toUTCString()],
		['an object of seconds', (seconds) => ({ seconds: String(seconds), nanos: 17_000_000 })],
		['nine decimals', (seconds) => iso(seconds).replace('.000Z', '.000000017Z')],
	];
	const inForm = (form: (seconds: number) => unknown) =>
		withBatches((batch) =>
			Object.fromEntries(
				Object.entries(batch).map(([name, value]) => [
					name,
					name.endsWith('_at') && typeof value === 'number' ? form(value) : value,
				]),
			),
		);

	it.each(forms)('the trigger reports the end of a batch: %s', async (_, form) => {
		server = await startServer(inForm(form));
		const now = Math.floor(Date.now() / 1000);
		server.emulator.addBatch({ id: 'old', created_at: now - 9_000, completed_at: now - 8_000 });
		const batch = server.emulator.addBatch({
			id: 'new',
			status: 'in_progress',
			created_at: now - 60,
			completed_at: null,
		});
		const poller = server.poller();
		expect((await poller.activate()).error).toBeUndefined();
		Object.assign(batch, { status: 'completed', completed_at: now });
		const events = reported(await poller.tick());
		expect(events.map(({ id, event_time }) => [id, event_time])).toEqual([['new', now]]);
	});

	it.each(forms)('Get Many finds the batches since a date: %s', async (_, form) => {
		server = await startServer(inForm(form));
		const noon = Date.UTC(2026, 10, 22, 12) / 1000;
		for (const hours of [-2, -1, 1, 2]) {
			server.emulator.addBatch({ id: `at_${hours}`, created_at: noon + hours * 3_600 });
		}
		const filters = { createdAfter: '2026-11-22T12:00:00Z' };
		const found = await server.json('batch', 'getAll', { returnAll: true, filters });
		expect(found.map(({ id }) => id)).toEqual(['at_2', 'at_1']);
	});

	it('a list in the order of the last change hides no batch from a date filter', async () => {
		server = await startServer(openai);
		const noon = Date.UTC(2026, 10, 22, 12) / 1000;
		const times = [-1, 2, -3, 1];
		for (const hours of times) {
			server.emulator.addBatch({ id: `at_${hours}`, created_at: noon + hours * 3_600 });
		}
		server.emulator.speak(
			withList(({ data, ...page }) => {
				const batches = data as Array<{ id: string }>;
				const place = ({ id }: { id: string }) => times.indexOf(Number(id.slice(3)));
				return { ...page, data: [...batches].sort((a, b) => place(b) - place(a)) };
			}),
		);
		const filters = { createdAfter: '2026-11-22T12:00:00Z' };
		const found = await server.json('batch', 'getAll', { returnAll: true, filters });
		expect(found.map(({ id }) => id).sort()).toEqual(['at_1', 'at_2']);
	});
});

describe("the server's own reason", () => {
	it.each<[string, unknown, RegExp]>([
		[
			'problem details with errors by field',
			{
				type: 'https://tools.ietf.org/html/rfc9110#section-15.5.1',
				title: 'One or more validation errors occurred.',
				status: 400,
				errors: { completion_window: ['The window 24h is not offered.'] },
			},
			/The window 24h is not offered/,
		],
		[
			'error_msg',
			{ error_code: 336003, error_msg: 'The prompt is too long' },
			/The prompt is too long/,
		],
		[
			'status_msg in an envelope',
			{ base_resp: { status_code: 1008, status_msg: 'insufficient balance' } },
			/insufficient balance/,
		],
		['errorMessage', { errorType: 'Runtime', errorMessage: 'Task timed out' }, /Task timed out/],
		['description', { status: 'error', description: 'No such tenant' }, /No such tenant/],
		[
			'an error whose message is an object',
			{ error: { message: { text: 'Model is paused', lang: 'en' } } },
			/Model is paused/,
		],
	])('an HTTP error: %s', async (_, body, words) => {
		server = await startServer(openai);
		const fault = { type: 'status' as const, status: 400, body };
		server.emulator.faults.next({ path: '/batches', method: 'GET', fault });
		const error = await server.failure('batch', 'getAll', {});
		expect(`${error?.message} ${error?.description}`).toMatch(words);
	});

	it.each<[string, object]>([
		['last_error', { last_error: { code: 'quota', message: 'Your quota is used up' } }],
		['error', { error: { message: 'Your quota is used up' } }],
		['error as text', { error: 'Your quota is used up' }],
		['failure_reason', { failure_reason: 'Your quota is used up' }],
		['error_message', { error_message: 'Your quota is used up' }],
		['errors by line', { errors: { 'line 3': 'Your quota is used up' } }],
		['status_details', { status_details: { reason: 'Your quota is used up' } }],
	])('a failed batch: %s', async (_, fields) => {
		server = await startServer(
			withBatches(({ errors: _errors, ...batch }) => ({ ...batch, ...fields })),
		);
		const { id } = addHistory(server, { status: 'failed', input: [requestLine('a')] });
		const error = await server.failure('batch', 'getResults', { batchId: id });
		expect(error?.message).toContain('Your quota is used up');
	});

	it.each<[string, object]>([
		[
			'in the response beside the status',
			{ response: { status_code: 400, error: { message: 'It is too long', code: 'too_long' } } },
		],
		['in a list of errors', { response: null, errors: [{ message: 'It is too long' }] }],
		['as error_message', { response: null, error_message: 'It is too long' }],
		['in a response that is a text', { response: 'It is too long', status_code: 400 }],
		[
			'in a body with base_resp',
			{
				response: {
					status_code: 400,
					body: { base_resp: { status_code: 2013, status_msg: 'It is too long' } },
				},
			},
		],
	])('a result line: %s', async (_, fields) => {
		server = await startServer(openai);
		const [item] = await results({
			input: [requestLine('a')],
			error: [JSON.stringify({ custom_id: 'a', ...fields })],
		});
		expect(item).toMatchObject({ custom_id: 'a', status: 'failed' });
		expect((item.error as IDataObject).message).toContain('It is too long');
	});
});

describe('lists in other forms', () => {
	const addThree = () => {
		for (const n of [1, 2, 3])
			server.emulator.addBatch({ id: `b${n}`, created_at: 1_800_000_000 + n });
	};
	const all = async () =>
		(await server.json('batch', 'getAll', { returnAll: true })).map(({ id }) => id);

	it.each<[string, (page: IDataObject) => unknown]>([
		['a bare list', ({ data }) => data],
		['a list called batches', ({ data }) => ({ batches: data, next_page_token: '' })],
		['a list called items', ({ data }) => ({ items: data, total: 3 })],
		['a list in an envelope', (page) => ({ code: 0, msg: 'ok', data: page })],
		[
			'null between the batches',
			({ data, ...page }) => ({ ...page, data: [null, data, null].flat() }),
		],
		['has_more as text', (page) => ({ ...page, has_more: 'false', last_id: undefined })],
	])('%s', async (_, page) => {
		server = await startServer(withList(page));
		addThree();
		expect(await all()).toEqual(['b3', 'b2', 'b1']);
	});

	it('a server that sends the same page again lists each batch once', async () => {
		server = await startServer({
			...openai,
			batchList: {
				query: () => ({ isEverything: true }),
				page: (page) => ({ ...page, has_more: true }),
			},
		});
		addThree();
		expect(await all()).toEqual(['b3', 'b2', 'b1']);
	});
});
