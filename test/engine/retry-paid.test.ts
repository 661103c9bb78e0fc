import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';
import { DIALECTS, type Dialect } from '../support/emulator';
import { addHistory, answerLine, failureLine, notRunLine, requestLine } from './batches';
import type { History } from './batches';
import { productForTests, startProduct } from './product';

/** Retry Unfinished runs nothing again that may have been paid, and says why. */
const product = productForTests();

const line = (fields: object) => JSON.stringify(fields);
const bedrock = (id: string) =>
	line({ recordId: id, modelInput: {}, modelOutput: { content: [] } });

async function retry(history: History, options: IDataObject = {}) {
	const batch = addHistory(product, history);
	const { error, hints, items } = await product.run('batch', 'retry', {
		batchId: batch.id,
		options: options as never,
	});
	const { uploads } = product.emulator.ledger;
	return {
		batch,
		text: error && `${error.message} ${error.description}`,
		hints: hints('Node').map(({ message }) => message),
		item: items('Node')[0]?.json,
		/** The ids in the file of the retry; undefined when there is none. */
		sent: uploads.at(-1) && idsIn(uploads.at(-1)!.id),
	};
}

const idsIn = (fileId: string) =>
	product.emulator
		.file(fileId)
		.text()
		.trim()
		.split('\n')
		.map((text) => (JSON.parse(text) as { custom_id: string }).custom_id);

describe('results that are not JSON', () => {
	const history: History = {
		input: ['a', 'b'].map((id) => requestLine(id)),
		output: ['{"custom_id":"a","response":{"status_code":200,"bo'],
		request_counts: null,
	};

	test('may be answers: nothing runs again', async () => {
		const { text, sent } = await retry(history);
		expect(text).toMatch(/^1 of the results .* cannot be read.*Retry Unreadable/);
		expect(sent).toBeUndefined();
	});

	test('run again where the user says so', async () => {
		const { sent } = await retry(history, { retryUnreadable: true });
		expect(sent).toEqual(['a', 'b']);
	});

	test('come with their text in Get Results', async () => {
		const batch = addHistory(product, history);
		const [result] = await product.json('batch', 'getResults', { batchId: batch.id });
		expect(result).toMatchObject({ custom_id: 'a', response: (history.output as string[])[0] });
	});
});

describe('an error file without a known length that comes empty, although a request failed', () => {
	const history: History = {
		input: ['a', 'b'].map((id) => requestLine(id)),
		output: [answerLine('a')],
		error: [failureLine('b', 400, 'invalid_request')],
		request_counts: { total: 2, completed: 1, failed: 1 },
	};

	beforeEach(() => {
		const { faults } = product.emulator;
		const nothing = { type: 'truncate', bytes: 0, keepContentLength: false } as const;
		// The input file is described; the files of the results are not.
		faults.next({ path: /files\/[^/]+$/, fault: { type: 'headers', headers: {} } });
		faults.next({ path: /files\/[^/]+$/, times: 2, fault: { type: 'status', status: 405 } });
		faults.next({ path: /content$/, fault: { type: 'headers', headers: {} } });
		faults.next({ path: /content$/, times: 3, fault: nothing });
	});

	test('may be the end of what failed for good: nothing runs again', async () => {
		const { text, sent } = await retry(history);
		expect(text).toMatch(/^The error file \S+ of batch \S+ came empty, although.*Retry Unreadable/);
		expect(sent).toBeUndefined();
	});

	test('is taken as it is where the user says so', async () => {
		const { item, sent } = await retry(history, { retryUnreadable: true });
		expect(sent).toEqual(['b']);
		expect(item).toMatchObject({ retried_missing: 1 });
	});
});

describe('an earlier retry', () => {
	const failing: History = {
		input: [requestLine('a')],
		error: [failureLine('a', 500, 'server_error')],
		request_counts: { total: 1, completed: 0, failed: 1 },
	};

	test.each([
		['answers without ids', [line({ response: { status_code: 200, body: { choices: [] } } })]],
		['answers of an unknown form', [bedrock('a')]],
		['fewer answers than it counts', []],
	])('has %s: nothing is paid a third time', async (_, output) => {
		const original = addHistory(product, failing);
		addHistory(product, {
			input: failing.input,
			output,
			metadata: { retry_of: original.id },
			request_counts: { total: 1, completed: 1, failed: 0 },
		});
		const { error } = await product.run('batch', 'retry', { batchId: original.id });
		expect(`${error?.message} ${error?.description}`).toMatch(/Retry Unreadable/);
		expect(product.emulator.ledger.uploads).toEqual([]);
	});

	test('runs requests that nobody can read: they are not run beside it', async () => {
		const original = addHistory(product, failing);
		const earlier = addHistory(product, {
			status: 'in_progress',
			completed_at: null,
			metadata: { retry_of: original.id },
		});
		const run = async (options: object) =>
			await product.run('batch', 'retry', { batchId: original.id, options: options as never });
		const { error } = await run({});
		expect(error?.message).toContain(`Batch ${earlier.id}, an earlier retry, is not finished`);
		expect(product.emulator.ledger.uploads).toEqual([]);
		expect((await run({ retryUnreadable: true })).error).toBeUndefined();
	});
});

test('input lines without an id are left out, and counted, beside others', async () => {
	const input = [requestLine('a'), '{"body":{}}', 'not JSON', requestLine('b')];
	const { hints, item, sent } = await retry({ input, output: [answerLine('b')] });
	expect(sent).toEqual(['a']);
	expect(item).toMatchObject({ requests: 1, not_retried: 2 });
	expect(hints).toEqual([expect.stringMatching(/^2 lines have no custom_id in the input file/)]);
	const rest = await retry({ input, output: [answerLine('a'), answerLine('b')] });
	expect(rest.text).toMatch(/has no requests to retry 2 lines have no custom_id/);
});

describe('where the server leaves out', () => {
	const leaveOut = (field: string, value?: null) => {
		const { openai } = DIALECTS;
		const batch: Dialect['batch'] = (...args) => ({ ...openai.batch(...args), [field]: value });
		product.emulator.speak({ ...openai, batch });
	};

	afterEach(() => product.emulator.speak('openai'));

	test('the input file, that is said', async () => {
		leaveOut('input_file_id');
		const { batch, text } = await retry({ error: [failureLine('a', 500, 'server_error')] });
		expect(text).toMatch(`The server does not name the input file of batch ${batch.id} `);
		expect(text).toMatch(/from your own data/);
	});

	const full: History = {
		status: 'failed',
		input: [requestLine('a')],
		errors: { object: 'list', data: [{ code: 'token_limit_exceeded', message: 'Full.' }] },
	};

	test.each([null, undefined])('the endpoint (%s), it is that of the lines', async (value) => {
		leaveOut('endpoint', value);
		const { batch, text } = await retry(full);
		expect(text).toBeUndefined();
		expect(product.emulator.ledger.calls('POST', '/batches')[0].body).toMatchObject({
			endpoint: '/v1/chat/completions',
			input_file_id: batch.input_file_id,
		});
	});

	test('the endpoint, and the lines have none, nothing is sent', async () => {
		leaveOut('endpoint');
		const { text } = await retry({ ...full, input: ['{"custom_id":"a","body":{}}'] });
		expect(text).toMatch(/^The endpoint of batch .* is named neither by the server nor/);
		expect(product.emulator.ledger.calls('POST', /./)).toEqual([]);
	});

	test.each([null, undefined])('times (%s), retries are still in their order', async (value) => {
		const own = await startProduct();
		const created_at = Math.floor(Date.now() / 1000) - 600;
		const original = addHistory(own, {
			input: [requestLine('a'), requestLine('b')],
			error: ['a', 'b'].map((id) => failureLine(id, 500, 'server_error')),
			created_at,
		});
		const add = (output: string[], after: number) =>
			addHistory(own, {
				output,
				created_at: created_at + after,
				metadata: { retry_of: original.id },
			});
		add([answerLine('a', 'first')], 1);
		add([answerLine('a', 'second'), answerLine('b', 'second')], 2);
		const { openai } = DIALECTS;
		const batch: Dialect['batch'] = (...args) => ({ ...openai.batch(...args), created_at: value });
		own.emulator.speak({ ...openai, batch });
		const items = await own.json('batch', 'getResults', {
			batchId: original.id,
			options: { followRetries: true },
		});
		await own.stop();
		expect(items.map(({ custom_id: id, content }) => [id, content])).toEqual([
			['a', 'second'],
			['b', 'second'],
		]);
	});
});

/** What became of a request, by how its line looks. */
const ANSWER = { choices: [{ index: 0, message: { content: 'Hi' }, finish_reason: 'stop' }] };

const ANSWERED: Record<string, (id: string) => string> = {
	usual: (id) => answerLine(id),
	direct: (id) => line({ custom_id: id, response: ANSWER }),
	'as text': (id) =>
		line({ custom_id: id, response: { status_code: '200', body: JSON.stringify(ANSWER) } }),
	'without a status': (id) => line({ custom_id: id, response: { body: ANSWER } }),
};

const UNREADABLE: Record<string, (id: string) => string> = {
	bedrock,
	anthropic: (id) => line({ custom_id: id, result: { type: 'succeeded', message: {} } }),
	vertex: (id) => line({ custom_id: id, response: { candidates: [{ content: {} }] } }),
	cut: (id) => answerLine(id).slice(0, 80),
	'without an id': (id) => answerLine(id).replace(`"custom_id":"${id}",`, ''),
	'in words': (id) => `${id}: Hi`,
};

const UNFINISHED: Record<string, (id: string) => string | undefined> = {
	failed: (id) => failureLine(id, 503, 'server_is_overloaded'),
	expired: (id) => notRunLine(id, 'batch_expired'),
	absent: () => undefined,
};

const PERMANENT = { wrong: (id: string) => failureLine(id, 400, 'invalid_prompt') };

const FATES = { ...ANSWERED, ...UNREADABLE, ...UNFINISHED, ...PERMANENT };

test('whatever became of the requests, none runs again that may have been paid', async () => {
	const fates = fc.array(fc.constantFrom(...(Object.keys(FATES) as Array<keyof typeof FATES>)), {
		minLength: 1,
		maxLength: 8,
	});
	await fc.assert(
		fc.asyncProperty(fates, fc.boolean(), async (chosen, isCounted) => {
			product.emulator.ledger.clear();
			const requests = chosen.map((fate, index) => ({ fate, id: `r${index}` }));
			const of = (kind: object) => requests.filter(({ fate }) => fate in kind);
			const answers = of({ ...ANSWERED, ...UNREADABLE });
			const lines = requests.flatMap(({ fate, id }) => FATES[fate](id) ?? []);
			const { sent, text } = await retry({
				input: requests.map(({ id }) => requestLine(id)),
				output: lines,
				request_counts: isCounted
					? {
							total: requests.length,
							completed: answers.length,
							failed: of(PERMANENT).length + of({ failed: 1 }).length,
						}
					: null,
			});
			const isUnreadable = of(UNREADABLE).length > 0;
			const expected = of(UNFINISHED).map(({ id }) => id);
			expect(sent).toEqual(isUnreadable || expected.length === 0 ? undefined : expected);
			if (isUnreadable) expect(text).toMatch(/Retry Unreadable/);
		}),
		{ numRuns: 120 },
	);
});
