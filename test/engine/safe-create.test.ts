import type { IDataObject } from 'n8n-workflow';
import type { Fault } from '../support/emulator';
import type { NodeRunOptions } from '../support/engine';
import { productForTests, startProduct, type Product } from './product';
import { EMBED_TEXT } from './support/submitParameters';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const product = productForTests();

const ledger = () => product.emulator.ledger;
const creates = () => ledger().calls('POST', '/batches').length;
const uploads = () => ledger().calls('POST', '/files').length;
const batches = () => ledger().batches;

let contents = 0;

/** Submit of some new content, or Create of a batch from a new file. */
const operations = {
	submit: () => {
		const text = `content ${++contents}`;
		return async (options: IDataObject = {}, more: NodeRunOptions = {}, items = 1, metadata = {}) =>
			await product.run(
				'batch',
				'submit',
				{ ...EMBED_TEXT, options, metadata } as never,
				Array.from({ length: items }, (_, index) => ({ text: `${text} ${index}` })),
				more,
			);
	},
	create: () => {
		const line = JSON.stringify({
			custom_id: '1',
			method: 'POST',
			url: '/v1/embeddings',
			body: { model: 'text-embedding-3-small', input: String(++contents) },
		});
		const { id: fileId } = product.emulator.addFile(`${line}\n`, { purpose: 'batch' });
		return async (options: IDataObject = {}, more: NodeRunOptions = {}, items = 1, metadata = {}) =>
			await product.run(
				'batch',
				'create',
				{ fileId, endpoint: '/v1/embeddings', options, metadata } as never,
				Array.from({ length: items }, () => ({})),
				more,
			);
	},
};

const outputOf = (result: Awaited<ReturnType<Product['run']>>): IDataObject => {
	if (result.error) throw result.error;
	return result.items('Node')[0].json;
};

const strike = (method: string, path: string | RegExp, fault: Fault, times = 1) =>
	product.emulator.faults.next({ method, path, times, fault });

/** Strikes without harm, to spare the call before the one that is meant. */
const UNHARMED: Fault = { type: 'truncate', bytes: 1e9, keepContentLength: false };

const SERVER_ERROR: Fault = { type: 'status', status: 500 };

describe.each(Object.entries(operations))('%s', (_name, operation) => {
	test.each<[string, Fault]>([
		['a reset', { type: 'reset', when: 'after' }],
		['a stall', { type: 'stall', when: 'after' }],
		['a 500', { type: 'status-after', status: 500 }],
		['a 502 page', { type: 'status-after', status: 502, body: '<html>' }],
		['a 409', { type: 'status-after', status: 409 }],
		['an error under a good status', { type: 'status-after', status: 200 }],
	])('adopts what was created when the answer is lost to %s', async (_fault, fault) => {
		strike('POST', '/batches', fault);
		const output = outputOf(await operation()());
		expect(creates()).toBe(1);
		expect(batches()).toHaveLength(1);
		expect(output).toMatchObject({ id: batches()[0].id, adopted: true });
	});

	test.each<[string, Fault]>([
		['a reset', { type: 'reset', when: 'before' }],
		['a 500', SERVER_ERROR],
		['a 429', { type: 'status', status: 429 }],
	])('creates again after %s without effect', async (_fault, fault) => {
		strike('POST', '/batches', fault);
		const output = outputOf(await operation()());
		expect(creates()).toBe(2);
		expect(batches()).toHaveLength(1);
		expect(output).toMatchObject({ id: batches()[0].id, adopted: false });
	});

	test('waits for a list that lags behind the lost create', async () => {
		product.emulator.faults.listLag(2);
		strike('POST', '/batches', { type: 'reset', when: 'after' });
		expect(outputOf(await operation()())).toMatchObject({ adopted: true });
		expect(creates()).toBe(1);
	});

	test('does not create again while the list cannot be read, and says so', async () => {
		const run = operation();
		strike('GET', '/batches', UNHARMED);
		strike('POST', '/batches', { type: 'reset', when: 'after' });
		strike('GET', '/batches', { type: 'status', status: 403 }, 3);
		const { error } = await run({}, { executionId: `unreadable-${contents}` });
		const [{ metadata }] = batches();
		expect(error!.message).toContain('The batch may or may not have been created');
		expect(error!.message).toContain(metadata!.submission_key);
		expect(creates()).toBe(1);

		const output = outputOf(await run({}, { executionId: `unreadable-${contents}` }));
		expect(output).toMatchObject({ id: batches()[0].id, adopted: true });
		expect(creates()).toBe(1);
	});

	test('asks no list that answers without being one', async () => {
		const run = operation();
		strike('GET', '/batches', UNHARMED);
		strike('POST', '/batches', { type: 'reset', when: 'after' });
		strike('GET', '/batches', { type: 'status', status: 200, body: { status: 'ok' } }, 15);
		expect((await run()).error!.message).toContain('may or may not have been created');
		expect(creates()).toBe(1);
	});

	test('gives up after three creates without effect, and leaves one way to look', async () => {
		strike('POST', '/batches', SERVER_ERROR, 9);
		const { error } = await operation()();
		expect(error!.message).toMatch(
			/may or may not have been created \(look for submission_key \w{32} /,
		);
		expect(creates()).toBe(3);
	});

	test('tells a refusal as one', async () => {
		const error = { message: 'Billing hard limit has been reached', type: 'x', code: 'y' };
		strike('POST', '/batches', { type: 'status', status: 400, body: { error } });
		const result = await operation()();
		expect(result.error!.message).toMatch(/^The batch was not created.*: Billing hard limit/);
		expect(creates()).toBe(1);
	});

	test('Retry On Fail finds a batch that the list does not show yet', async () => {
		product.emulator.faults.listLag(2);
		strike('GET', '/batches', UNHARMED);
		strike('POST', '/batches', { type: 'reset', when: 'after' });
		strike('GET', '/batches', { type: 'status', status: 403 }, 3);
		const retry = { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 };
		const output = outputOf(await operation()({}, retry));
		expect(output).toMatchObject({ id: batches()[0].id, adopted: true });
		expect(creates()).toBe(1);
	});

	test('looks back to the start of the execution, less ten minutes', async () => {
		const run = operation();
		const executionId = `old-${contents}`;
		const first = outputOf(await run({}, { executionId }));
		const [wire] = batches();
		wire.created_at -= 9 * 60;
		expect(outputOf(await run({}, { executionId })).id).toBe(first.id);
		wire.created_at -= 2 * 60;
		expect(outputOf(await run({}, { executionId })).id).not.toBe(first.id);
	});

	test('a re-run in the same execution finds what exists', async () => {
		const run = operation();
		const first = outputOf(await run({}, { executionId: 'same' }));
		const second = outputOf(await run({}, { executionId: 'same' }));
		expect(second).toMatchObject({ id: first.id, adopted: true });
		expect(second.submission_key).toBe(first.submission_key);
		expect(creates()).toBe(1);
	});

	test('a new execution creates a new batch, another node as well', async () => {
		const run = operation();
		const first = outputOf(await run());
		const second = outputOf(await run());
		const third = outputOf(await run({}, { executionId: 'nodes' }));
		const fourth = outputOf(await run({}, { executionId: 'nodes', id: 'another-node' }));
		expect(new Set([first, second, third, fourth].map(({ id }) => id)).size).toBe(4);
	});

	test('a key of the user holds over executions', async () => {
		const run = operation();
		const key = { submissionKey: `films-${contents}` };
		const first = outputOf(await run(key));
		const second = outputOf(await run({ submissionKey: ` films-${contents} ` }));
		const other = outputOf(await run({ submissionKey: 'others' }));
		expect(second).toMatchObject({ id: first.id, adopted: true });
		expect(other.id).not.toBe(first.id);
		expect(creates()).toBe(2);
	});

	test('a key of the user holds for seven days', async () => {
		const run = operation();
		const options = { submissionKey: `week-${contents}` };
		const first = outputOf(await run(options));
		const wire = batches()[0];
		wire.created_at -= 7 * 86_400 - 60;
		expect(outputOf(await run(options)).id).toBe(first.id);
		wire.created_at -= 120;
		expect(outputOf(await run(options)).id).not.toBe(first.id);
	});

	test.each(['failed', 'cancelling', 'cancelled'] as const)(
		'does not adopt a batch that is %s',
		async (status) => {
			const run = operation();
			const first = outputOf(await run({}, { executionId: `spent-${status}` }));
			batches()[0].status = status;
			// The first look after a lost create finds nothing but the spent one, the second a new one.
			strike('POST', '/batches', SERVER_ERROR);
			strike('POST', '/batches', { type: 'reset', when: 'after' });
			const second = outputOf(await run({}, { executionId: `spent-${status}` }));
			expect(second.id).not.toBe(first.id);
			expect(second).toMatchObject({ id: batches()[1].id, adopted: true });
			expect(creates()).toBe(3);
		},
	);

	test.each(['validating', 'in_progress', 'finalizing', 'completed', 'expired'] as const)(
		'adopts a batch that is %s',
		async (status) => {
			const run = operation();
			const first = outputOf(await run({}, { executionId: `adopt-${status}` }));
			batches()[0].status = status;
			const second = outputOf(await run({}, { executionId: `adopt-${status}` }));
			expect(second).toMatchObject({ id: first.id, status, adopted: true });
			expect(creates()).toBe(1);
		},
	);

	test.each<[string, IDataObject, RegExp]>([
		[
			'too many pairs',
			{ pairs: Array.from({ length: 15 }, (_, index) => ({ key: `k${index}`, value: 'v' })) },
			/14/,
		],
		['a key that gets lost', { pairs: [{ key: '__proto__', value: 'v' }] }, /__proto__/],
		['a key that gets lost', { pairs: [{ key: 'constructor', value: 'v' }] }, /constructor/],
		['a key of ours', { pairs: [{ key: 'submission_key', value: 'v' }] }, /submission_key/],
		['a long value', { pairs: [{ key: 'k', value: 'v'.repeat(513) }] }, /512/],
	])('refuses metadata with %s before any request', async (_problem, metadata, message) => {
		const { error } = await operation()({}, {}, 1, metadata);
		expect(error!.message).toMatch(message);
		expect(ledger().requests).toEqual([]);
	});
});

test('looks through a long history, no further than it has to', async () => {
	const { emulator, json, stop } = await startProduct();
	const { id: fileId } = emulator.addFile('{}\n', { purpose: 'batch' });
	const now = Math.floor(Date.now() / 1000);
	for (let index = 0; index < 300; index++) emulator.addBatch({ created_at: now - 86_400 });
	const create = async () =>
		await json('batch', 'create', { fileId, endpoint: '/v1/embeddings' }, [{}], {
			executionId: 'long',
		});
	const [first] = await create();
	expect(emulator.ledger.calls('GET', '/batches')).toHaveLength(1);

	for (let index = 0; index < 150; index++) emulator.addBatch({ created_at: now });
	const [second] = await create();
	expect(second.id).toBe(first.id);
	expect(emulator.ledger.calls('GET', '/batches').length).toBe(1 + 2);
	await stop();
});

describe('create', () => {
	test('the same file twice in one execution is one batch, though the list lags', async () => {
		product.emulator.faults.listLag(99);
		const { id: fileId } = product.emulator.addFile('{}\n', { purpose: 'batch' });
		const parameters = { fileId, endpoint: '/v1/embeddings' };
		const outputs = await product.json('batch', 'create', parameters, [{}, {}]);
		expect(outputs.map(({ id }) => id)).toEqual([batches()[0].id, batches()[0].id]);
		expect(outputs.map(({ adopted }) => adopted)).toEqual([false, true]);
		expect(creates()).toBe(1);
	});
});

describe('submit', () => {
	const parts = { maxRequestsPerBatch: 2 };
	const submittedParts = () => batches().map(({ metadata }) => metadata!.submission_part);
	const refusal: Fault = { type: 'status', status: 400, body: { error: { message: 'No more.' } } };

	/** Lets the first create through and has the second one refused. */
	const refuseSecond = () => {
		strike('POST', '/batches', UNHARMED);
		strike('POST', '/batches', refusal);
	};

	test('that dies between parts names what exists, and a re-run makes only the rest', async () => {
		const run = operations.submit();
		refuseSecond();
		const { error } = await run(parts, { executionId: 'dies' }, 5);
		expect(error!.message).toMatch(
			/^Part 2 of 3: The batch was not created, its input file \S+\.jsonl was deleted: No more\.$/,
		);
		expect(error!.description).toContain(`Created so far: ${batches()[0].id} (1/3).`);
		expect(submittedParts()).toEqual(['1/3']);

		const rerun = await run(parts, { executionId: 'dies' }, 5);
		expect(rerun.items('Node').map(({ json }) => [json.part, json.adopted])).toEqual([
			[1, true],
			[2, false],
			[3, false],
		]);
		expect(submittedParts()).toEqual(['1/3', '2/3', '3/3']);
		expect(uploads()).toBe(4);
	});

	test('is finished by Retry On Fail though the list lags', async () => {
		product.emulator.faults.listLag(99);
		refuseSecond();
		const retry = { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 };
		const result = await operations.submit()(parts, retry, 5);
		expect(outputOf(result)).toMatchObject({ part: 1, adopted: true });
		expect(submittedParts()).toEqual(['1/3', '2/3', '3/3']);
	});

	test('goes on with the other parts after a lost answer', async () => {
		strike('POST', '/batches', UNHARMED);
		strike('POST', '/batches', { type: 'status-after' });
		outputOf(await operations.submit()(parts, {}, 5));
		expect(submittedParts()).toEqual(['1/3', '2/3', '3/3']);
		expect(creates()).toBe(3);
	});

	test('uses the file of an upload whose answer was lost', async () => {
		strike('POST', '/files', { type: 'reset', when: 'after' });
		const output = outputOf(await operations.submit()());
		expect(uploads()).toBe(1);
		expect(output.input_file_id).toBe(ledger().uploads[0].id);
	});

	test('deletes the input file of a batch that was refused, or names it', async () => {
		strike('POST', '/batches', refusal);
		expect((await operations.submit()()).error!.message).toMatch(
			/its input file \S+\.jsonl was deleted/,
		);
		const [{ id: deleted }] = ledger().uploads;
		expect(() => product.emulator.file(deleted)).toThrow();

		strike('POST', '/batches', refusal);
		strike('DELETE', /^\/files\//, { type: 'status', status: 403 });
		const { error } = await operations.submit()();
		const left = ledger().uploads[1].id;
		expect(error!.message).toContain(`its input file ${left} is left behind`);
		expect(product.emulator.file(left).object.id).toBe(left);
	});

	test('leaves the input file alone when the batch may exist', async () => {
		strike('POST', '/batches', SERVER_ERROR, 9);
		const { error } = await operations.submit()();
		expect(error!.message).toContain(`its input file is ${ledger().uploads[0].id}`);
		expect(ledger().calls('DELETE', /files/)).toEqual([]);
	});

	test('sends nothing when the list cannot be read before it', async () => {
		strike('GET', '/batches', { type: 'status', status: 403 });
		expect((await operations.submit()()).status).toBe('error');
		expect(uploads() + creates()).toBe(0);
	});

	test('reads one page of the list for all parts', async () => {
		outputOf(await operations.submit()({ maxRequestsPerBatch: 1 }, {}, 4));
		expect(ledger().calls('GET', '/batches').length).toBe(1);
		expect(creates()).toBe(4);
	});
});
