import type { IDataObject } from 'n8n-workflow';
import { productForEachTest, remarksOf } from './product';
import { ASK_TEXT } from './support/submitParameters';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const product = productForEachTest();

let contents = 0;

const rowsOf = (count: number) => {
	const text = `content ${++contents}`;
	return Array.from({ length: count }, (_, row) => ({ id: `${contents}-${row}`, text }));
};

const submit = async (rows: IDataObject[], options: IDataObject = {}, executionId?: string) =>
	await product.json('batch', 'submit', { ...ASK_TEXT, options } as never, rows, { executionId });

const submitWaiting = async (options: IDataObject = {}) =>
	await product.json('batch', 'submitWaiting', { options } as never);

/** The files that hold the queues of submissions. */
const queues = async () => {
	const files = await product.json('file', 'getAll', { returnAll: true });
	return files.filter(({ filename }) => String(filename).startsWith('n8n-submission-'));
};
/** Submits two parts, of which the first is cancelled, so that the second is created. */
async function submitAndStop(rows: IDataObject[], options: IDataObject): Promise<IDataObject[]> {
	const [first] = await submit(rows, options);
	await product.json('batch', 'cancel', { batchId: first.id as string });
	await product.emulator.step(String(first.id), 'cancelled');
	await product.emulator.advance(2_000);
	const [second] = await submitWaiting();
	return [first, second];
}

const creates = () => product.emulator.ledger.calls('POST', /\/batches$/).length;

const REFUSED = { type: 'status', status: 400 } as const;

const LIMIT = { maxRequestsPerBatch: 2, maxEnqueuedTokens: 1 };

it('Submit creates what fits, and Submit Waiting Parts goes on when a batch has ended', async () => {
	const parts = await submit(rowsOf(6), LIMIT);
	expect(parts.map(({ status }) => status)).toEqual(['validating', 'waiting', 'waiting']);
	const [{ id, submission_id: submissionId }] = parts;
	expect(parts[1]).toMatchObject({ id: null, part: 2, parts: 3, requests: 2 });
	expect(new Set(parts.map(({ submission_id }) => submission_id)).size).toBe(1);
	expect(creates()).toBe(1);
	expect((await submitWaiting()).map(({ status }) => status)).toEqual(['waiting', 'waiting']);
	await product.finish(String(id));
	const next = await submitWaiting();
	expect(next.map(({ status }) => status)).toEqual(['validating', 'waiting']);
	expect(next[0]).toMatchObject({ part: 2, submission_id: submissionId, adopted: false });
	await product.finish(String(next[0].id));
	const [last, ...none] = await submitWaiting();
	expect([last.part, none]).toEqual([3, []]);
	expect(creates()).toBe(3);
	// The service may still refuse the last part, for lack of room.
	expect(await queues()).toHaveLength(1);
	await product.finish(String(last.id));
	expect(await submitWaiting()).toEqual([]);
	expect(await queues()).toEqual([]);
	const results = await product.json('batch', 'getResults', {
		batchId: last.id,
		options: { wholeSubmission: true },
	} as never);
	expect(results).toHaveLength(6);
});

describe('nothing is lost and nothing created twice', () => {
	it('when Submit runs again in the same execution, it goes on with the files that it has uploaded', async () => {
		const rows = rowsOf(6);
		const first = await submit(rows, LIMIT, 'one');
		const uploads = () => product.emulator.ledger.calls('POST', /\/files$/).length;
		const before = uploads();
		const again = await submit(rows, LIMIT, 'one');
		expect(again.map(({ submission_key }) => submission_key)).toEqual(
			first.map(({ submission_key }) => submission_key),
		);
		expect(again[0]).toMatchObject({ id: first[0].id, adopted: true });
		expect(again.map(({ input_file_id }) => input_file_id)).toEqual(
			first.map(({ input_file_id }) => input_file_id),
		);
		// Only the list of what waits is written again, and replaces the first.
		expect([uploads(), creates(), (await queues()).length]).toEqual([before + 1, 1, 1]);
	});

	it('when two executions of Submit Waiting Parts run at once', async () => {
		const parts = await submit(rowsOf(4), LIMIT);
		await product.finish(String(parts[0].id));
		const both = await Promise.all([submitWaiting(), submitWaiting()]);
		const ids = both.flat().map(({ id }) => id);
		expect(new Set(ids).size).toBe(1);
		const list = await product.json('batch', 'getAll', {
			returnAll: true,
			filters: { submissionId: parts[0].submission_id as string },
		});
		const alive = list.filter(({ status }) => !String(status).startsWith('cancel'));
		expect(alive).toHaveLength(2);
	});

	it('when a part fails at the limit of the service all the same: it waits again', async () => {
		const parts = await submit(rowsOf(4), LIMIT);
		await product.finish(String(parts[0].id));
		product.emulator.control.batches({ match: () => true, fate: 'token_limit', times: 1 });
		const [failed] = await submitWaiting();
		// It fails when the service looks at it.
		await product.finish(String(failed.id)).catch(() => undefined);
		const [again] = await submitWaiting();
		expect(again).toMatchObject({ part: 2, adopted: false });
		expect(again.id).not.toBe(failed.id);
	});

	it('when Retry Unfinished has created a part again that had failed at the limit', async () => {
		const parts = await submit(rowsOf(4), LIMIT);
		await product.finish(String(parts[0].id));
		product.emulator.control.batches({ match: () => true, fate: 'token_limit', times: 1 });
		const [failed] = await submitWaiting();
		await product.finish(String(failed.id)).catch(() => undefined);
		const retry = async (executionId: string) => {
			const parameters = { batchId: failed.id as string };
			return await product.json('batch', 'retry', parameters, [{}], { executionId });
		};
		const [again] = await retry('one');
		expect(again).toMatchObject({ adopted: false, submission_id: parts[0].submission_id });
		expect(again.metadata).toHaveProperty('submission_tokens');
		expect(await submitWaiting()).toEqual([]);
		expect(await retry('two')).toEqual([expect.objectContaining({ id: again.id, adopted: true })]);
		await product.finish(String(again.id));
		await submitWaiting();
		expect(await listOf(parts[0].submission_id)).toHaveLength(3);
		expect(await queues()).toEqual([]);
	});

	it('when somebody has cancelled a part: it is not created again', async () => {
		const parts = await submit(rowsOf(6), LIMIT);
		await product.finish(String(parts[0].id));
		const [second] = await submitWaiting();
		await product.json('batch', 'cancel', { batchId: second.id as string });
		await product.emulator.step(String(second.id), 'cancelled');
		const [third, ...none] = await submitWaiting();
		expect([third.part, none]).toEqual([3, []]);
	});

	it('when a part that was cancelled and waits again is retried by hand', async () => {
		const rows = rowsOf(4);
		const options = { ...LIMIT, submissionKey: 'again' };
		const [first, second] = await submitAndStop(rows, options);
		const again = await submit(rows, options);
		expect(again.map(({ id, status }) => [id, status])).toEqual([
			[null, 'waiting'],
			[second.id, 'validating'],
		]);
		const [retry] = await product.json('batch', 'retry', { batchId: first.id as string });
		expect(retry).toMatchObject({ metadata: { retry_of: first.id } });
		await product.finish(String(second.id));
		await product.finish(String(retry.id));
		const run = await product.run('batch', 'submitWaiting');
		expect([run.items('Node'), remarksOf(run).map(({ message }) => message)]).toEqual([
			[],
			[expect.stringContaining(`because batch ${String(retry.id)} repeats`)],
		]);
		expect(creates()).toBe(3);
		expect(await queues()).toEqual([]);
	});

	it('when only some requests of a part that waits again are retried by hand', async () => {
		const rows = rowsOf(4);
		const options = { ...LIMIT, submissionKey: 'some again' };
		const [first, second] = await submitAndStop(rows, options);
		await submit(rows, options);
		const [retry] = await product.json('batch', 'retry', {
			batchId: first.id as string,
			options: { customIds: rows[0].id },
		} as never);
		await product.finish(String(second.id));
		await product.finish(String(retry.id));
		const [again, ...none] = await submitWaiting();
		expect([again.part, again.adopted, none]).toEqual([1, false, []]);
	});
});

const listOf = async (submissionId: unknown) =>
	await product.json('batch', 'getAll', {
		returnAll: true,
		filters: { submissionId: submissionId as string },
	});

describe('before the first batch is created', () => {
	const calls = () =>
		product.emulator.ledger.requests.map(
			({ method, path }) => `${method} ${path.split('/').pop()}`,
		);

	it('all parts are uploaded and written down, also when there is room for all', async () => {
		await submit(rowsOf(6), LIMIT);
		const upload = 'POST files';
		const looks = ['GET batches', 'GET files'];
		const uploads = [upload, upload, upload, upload];
		expect(calls()).toEqual([...looks, ...uploads, 'POST batches', 'GET batches']);
		product.emulator.ledger.clear();
		const rows = rowsOf(4);
		await submit(rows, { ...LIMIT, maxEnqueuedTokens: 1_000_000 }, 'roomy');
		const create = ['POST batches', 'GET batches'];
		expect(calls()).toEqual([...looks, upload, upload, upload, ...create, ...create]);
		expect(await queues()).toHaveLength(2);
		// What has its batches is not written down again.
		await submit(rows, { ...LIMIT, maxEnqueuedTokens: 1_000_000 }, 'roomy');
		expect(await queues()).toHaveLength(2);
	});

	it('a list that cannot be stored ends it, and the next run uses the files that are there', async () => {
		const rows = rowsOf(6);
		product.emulator.faults.next({ method: 'POST', path: '/files', after: 3, fault: REFUSED });
		const { error } = await product.run(
			'batch',
			'submit',
			{ ...ASK_TEXT, options: LIMIT } as never,
			rows,
			{
				executionId: 'stored',
			},
		);
		expect(error?.description).toMatch(/^The list of the parts could not be stored/);
		expect(creates()).toBe(0);
		const uploads = product.emulator.ledger.uploads.length;
		const parts = await submit(rows, LIMIT, 'stored');
		expect(parts.map(({ status }) => status)).toEqual(['validating', 'waiting', 'waiting']);
		expect(product.emulator.ledger.uploads).toHaveLength(uploads + 1);
	});

	it('an upload that fails names its part, and nothing is created', async () => {
		const rows = rowsOf(6);
		product.emulator.faults.next({ method: 'POST', path: '/files', after: 1, fault: REFUSED });
		const { error } = await product.run(
			'batch',
			'submit',
			{ ...ASK_TEXT, options: LIMIT } as never,
			rows,
		);
		expect(error?.message).toMatch(/^Part 2 of 3: Upload of /);
		expect([creates(), await queues()]).toEqual([0, []]);
	});
});

describe('the file of a part that is gone', () => {
	const lose = async (options: IDataObject) => {
		const rows = rowsOf(6);
		const parts = await submit(rows, { ...LIMIT, ...options });
		await product.finish(String(parts[0].id));
		await product.json('file', 'delete', { fileId: parts[1].input_file_id as string });
		return { rows, parts };
	};

	it('is an error that says what to do, keeps the queue, and lets the other parts through', async () => {
		const { parts } = await lose({});
		const { error } = await product.run('batch', 'submitWaiting', {} as never);
		expect(error?.message).toMatch(
			/^Part 2 of 3 of submission [0-9a-f]{16}: .* does not have its input file/,
		);
		expect(error?.description).toMatch(/^Submit the items of this part again, and only these/);
		const [{ id }, ...none] = await queues();
		expect(none).toEqual([]);
		expect(error?.description).toContain(`delete file ${id as string}`);
		const batches = await listOf(parts[0].submission_id);
		expect(batches.map(({ metadata }) => (metadata as IDataObject).submission_part)).toEqual([
			'3/3',
			'1/3',
		]);
		expect(error?.description).toContain(`Created so far: ${batches[0].id as string}`);
	});

	it('of a submission with a key: submitting it again creates what is missing', async () => {
		const { rows, parts } = await lose({ submissionKey: 'films' });
		const { error } = await product.run('batch', 'submitWaiting', {} as never);
		expect(error?.description).toMatch(/^Submit the same items again with the same Submission Key/);
		const limit = { ...LIMIT, maxEnqueuedTokens: 1_000_000, submissionKey: 'films' };
		const again = await submit(rows, limit, 'later');
		expect(again.map(({ adopted }) => adopted)).toEqual([true, false, true]);
		const batches = await listOf(parts[0].submission_id);
		expect(batches).toHaveLength(3);
		for (const { id } of batches) await product.finish(String(id)).catch(() => undefined);
		expect(await submitWaiting()).toEqual([]);
		expect(await queues()).toEqual([]);
	});
});

it('a create that is refused leaves the part waiting, and says how to give it up', async () => {
	const parts = await submit(rowsOf(6), LIMIT);
	await product.finish(String(parts[0].id));
	product.emulator.faults.next({ method: 'POST', path: '/batches', fault: REFUSED });
	const { error } = await product.run('batch', 'submitWaiting', {} as never);
	const [{ id }] = await queues();
	expect(error?.message).toMatch(
		/^Part 2 of 3 of submission [0-9a-f]{16}: The batch was not created/,
	);
	expect(error?.description).toContain(`delete file ${id as string}`);
	const next = await submitWaiting();
	expect(next.map(({ part, status }) => [part, status])).toEqual([
		[2, 'validating'],
		[3, 'waiting'],
	]);
});

it('a submission that the service refuses does not keep back the others', async () => {
	const first = await submit(rowsOf(4), LIMIT, 'refused');
	const second = await submit(rowsOf(2), LIMIT, 'fine');
	await product.finish(String(first[0].id));
	product.emulator.faults.next({ method: 'POST', path: '/batches', fault: REFUSED });
	const { error } = await product.run('batch', 'submitWaiting', {} as never);
	expect(error?.message).toMatch(/^Part 2 of 2 of submission/);
	const [created, ...none] = await listOf(second[0].submission_id);
	expect(none).toEqual([]);
	expect(error?.description).toContain(`Created so far: ${created.id as string}`);
});

it('a part that is refused again and again is tried less often, and a hint says why', async () => {
	const parts = await submit(rowsOf(4), LIMIT);
	await product.finish(String(parts[0].id));
	product.emulator.control.batches({ match: () => true, fate: 'token_limit', times: 3 });
	for (let refusal = 1; refusal <= 3; refusal++) {
		const [created] = await submitWaiting();
		expect(created.status).toBe('validating');
		await product.finish(String(created.id)).catch(() => undefined);
	}
	const { items, hints } = await product.run('batch', 'submitWaiting', {} as never);
	expect(items('Node').map(({ json }) => json.status)).toEqual(['waiting']);
	expect(remarksOf({ hints }).map(({ message }) => message)).toEqual([
		expect.stringMatching(/^Part 2 of 2 .* was refused 3 times.*Max Tokens per Batch instead/),
	]);
	expect(creates()).toBe(4);
});

describe('submitting the same again under one key', () => {
	const again = { ...LIMIT, submissionKey: 'again' };

	it('waits with the new file when that of a part is gone', async () => {
		const rows = rowsOf(4);
		const [first, second] = await submit(rows, again, 'one');
		await product.json('file', 'delete', { fileId: second.input_file_id as string });
		const [, waiting] = await submit(rows, again, 'two');
		expect(waiting.status).toBe('waiting');
		expect(waiting.input_file_id).not.toBe(second.input_file_id);
		expect(await queues()).toHaveLength(1);
		await product.finish(String(first.id));
		const [created] = await submitWaiting();
		expect(created).toMatchObject({ part: 2, input_file_id: waiting.input_file_id });
	});

	it('submits what was cancelled before', async () => {
		const rows = rowsOf(4);
		const [first] = await submit(rows, again, 'one');
		const whole = { batchId: first.id as string, options: { wholeSubmission: true } };
		await product.json('batch', 'cancel', whole as never);
		await product.emulator.step(String(first.id), 'cancelled');
		await product.emulator.advance(2_000);
		const [other] = await submit(rowsOf(1), LIMIT, 'other');
		const parts = await submit(rows, again, 'two');
		expect(parts.map(({ status }) => status)).toEqual(['waiting', 'waiting']);
		await product.finish(String(other.id));
		expect((await submitWaiting()).map(({ part, status }) => [part, status])).toEqual([
			[1, 'validating'],
			[2, 'waiting'],
		]);
	});
});

it('a create that fails says where the parts are listed', async () => {
	product.emulator.faults.next({ method: 'POST', path: '/batches', fault: REFUSED });
	const parameters = { ...ASK_TEXT, options: LIMIT } as never;
	const { error } = await product.run('batch', 'submit', parameters, rowsOf(4));
	const [{ id }] = await queues();
	expect(error?.description).toContain(`All parts are listed in file ${id as string}`);
	expect(error?.description).toMatch(/without a Submission Key, delete this file/);
});

describe('the room in the queue', () => {
	const tokensOf = (parts: IDataObject[]) => Number(parts.at(-1)!.estimated_tokens);

	it('is filled with as many parts as fit, by their estimates', async () => {
		const tokens = tokensOf(await submit(rowsOf(4), LIMIT, 'measure'));
		await product.finish(product.emulator.ledger.batches[0].id);
		await submitWaiting({ maxEnqueuedTokens: tokens });
		await product.finish(product.emulator.ledger.batches[1].id);
		const limit = { maxRequestsPerBatch: 2, maxEnqueuedTokens: 2 * tokens };
		const parts = await submit(rowsOf(8), limit, 'fill');
		const statuses = parts.map(({ status }) => status);
		expect(statuses).toEqual(['validating', 'validating', 'waiting', 'waiting']);
	});

	it('counts the batches of others by their files, unless they are to be ignored', async () => {
		const [other] = await submit(rowsOf(2), {}, 'other');
		expect(other.metadata).not.toHaveProperty('submission_tokens');
		const limit = { maxEnqueuedTokens: 30 };
		const [counted] = await submit(rowsOf(1), limit, 'counted');
		expect(counted.status).toBe('waiting');
		const [ignoring] = await submit(rowsOf(1), { ...limit, ignoreOtherBatches: true }, 'ignoring');
		expect(ignoring.status).toBe('validating');
	});

	it('is given to the oldest submission first, also when a later one would fit', async () => {
		const first = await submit(rowsOf(4), LIMIT, 'first');
		const second = await submit(rowsOf(1), LIMIT, 'second');
		expect(second[0].status).toBe('waiting');
		await product.finish(String(first[0].id));
		const next = await submitWaiting();
		expect(next.map(({ submission_id, status }) => [submission_id, status])).toEqual([
			[first[0].submission_id, 'validating'],
			[second[0].submission_id, 'waiting'],
		]);
	});

	it('is that of each model: another model has room of its own', async () => {
		await submit(rowsOf(2), LIMIT, 'one');
		const parameters = { ...ASK_TEXT, model: 'gpt-6-sol', options: LIMIT } as never;
		const [other] = await product.json('batch', 'submit', parameters, rowsOf(1));
		expect(other.status).toBe('validating');
	});

	it('may be changed at any time by the option of Submit Waiting Parts', async () => {
		await submit(rowsOf(8), LIMIT);
		const next = await submitWaiting({ maxEnqueuedTokens: 1_000_000 });
		expect(next.map(({ status }) => status)).toEqual(['validating', 'validating', 'validating']);
	});
});
