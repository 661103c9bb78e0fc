import type { IDataObject } from 'n8n-workflow';
import { productForTests, remarksOf } from './product';
import { ASK_TEXT } from './support/submitParameters';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const product = productForTests();

let contents = 0;

/** Rows of some new content. */
const rowsOf = (count: number) => {
	const text = `content ${++contents}`;
	return Array.from({ length: count }, (_, row) => ({ id: `${contents}-${row}`, text }));
};

const submit = async (rows: IDataObject[], options: IDataObject = {}, executionId?: string) =>
	await product.json('batch', 'submit', { ...ASK_TEXT, options } as never, rows, { executionId });

/** Three parts of two rows each. */
const submitParts = async (options: IDataObject = {}) => {
	const rows = rowsOf(6);
	return { rows, batches: await submit(rows, { maxRequestsPerBatch: 2, ...options }) };
};

/** The first run of a request fails. */
function failOnce(customId: string): void {
	let isFirst = true;
	product.emulator.control.requests({
		match: ({ custom_id: id }) => id === customId,
		outcome: () => {
			const fails = isFirst;
			isFirst = false;
			return fails ? { type: 'fail', status: 500, code: 'server_error' } : { type: 'answer' };
		},
	});
}

const idsOf = (items: IDataObject[]) => items.map(({ custom_id }) => custom_id);
const finishAll = async (batches: IDataObject[]) => {
	for (const { id } of batches) await product.finish(String(id));
};

const results = async (batchId: unknown, options: IDataObject = {}) =>
	await product.json('batch', 'getResults', {
		batchId,
		options: { wholeSubmission: true, ...options },
	} as never);

describe('the id of a submission', () => {
	it('is the first half of the key of each of its parts, and stands in every output', async () => {
		const { batches } = await submitParts();
		const [{ submission_id: id }] = batches;
		expect(id).toMatch(/^[0-9a-f]{16}$/);
		expect(batches.map(({ submission_id }) => submission_id)).toEqual([id, id, id]);
		const keys = batches.map(({ submission_key }) => String(submission_key));
		expect(new Set(keys).size).toBe(3);
		for (const key of keys) expect(key).toMatch(new RegExp(`^${String(id)}[0-9a-f]{16}$`));
		const batchId = String(batches[1].id);
		await product.finish(batchId);
		for (const operation of ['get', 'wait']) {
			const [output] = await product.json('batch', operation, { batchId });
			expect(output).toMatchObject({ id: batchId, submission_id: id });
		}
		const filters = { submissionId: id as string };
		const listed = await product.json('batch', 'getAll', { returnAll: true, filters });
		expect(listed.map((batch) => batch.id).sort()).toEqual(batches.map((one) => one.id).sort());
		expect(listed[0]).toMatchObject({ submission_id: id, progress: expect.any(Number) });
	});

	it('is the same for the same content under the same key, and another for any other', async () => {
		const rows = rowsOf(1);
		const [first] = await submit(rows, { submissionKey: 'films' }, 'one');
		const [again] = await submit(rows, { submissionKey: 'films' }, 'two');
		const [changed] = await submit(rowsOf(1), { submissionKey: 'films' }, 'three');
		const [other] = await submit(rows, { submissionKey: 'books' }, 'four');
		expect(again).toMatchObject({ id: first.id, submission_id: first.submission_id });
		const ids = [first, changed, other].map(({ submission_id }) => submission_id);
		expect(new Set(ids).size).toBe(3);
	});

	it('is another for each turn of a loop, in one execution', async () => {
		const [first] = await submit(rowsOf(1), {}, 'loop');
		const [second] = await submit(rowsOf(1), {}, 'loop');
		expect(second.submission_id).not.toBe(first.submission_id);
	});

	it('is that of an earlier submission for a part that this one has adopted', async () => {
		const rows = rowsOf(4);
		const options = { submissionKey: `more rows ${contents}`, maxRequestsPerBatch: 2 };
		const [first] = await submit(rows, options, 'one');
		const [adopted, second, third] = await submit([...rows, ...rowsOf(1)], options, 'two');
		expect(adopted).toMatchObject({
			id: first.id,
			adopted: true,
			submission_id: first.submission_id,
			submission_key: first.submission_key,
		});
		expect(second.adopted).toBe(true);
		expect(third.adopted).toBe(false);
	});

	it('is null for a batch that somebody else has created', async () => {
		const { id } = product.emulator.addBatch({ metadata: { submission_key: 'a key of my own' } });
		const [output] = await product.json('batch', 'get', { batchId: id });
		expect(output.submission_id).toBeNull();
	});

	it('and the part are kept by retries', async () => {
		const { rows, batches } = await submitParts();
		const [, second] = batches;
		failOnce(rows[2].id);
		await product.finish(String(second.id));
		const parameters = { batchId: second.id, options: { retryAllFailed: true } };
		const [retry] = await product.json('batch', 'retry', parameters as never);
		expect(retry).toMatchObject({
			submission_id: second.submission_id,
			metadata: { submission_part: '2/3', retry_of: second.id },
		});
		expect(retry.submission_key).not.toBe(second.submission_key);
	});
});

describe('Get Results of a whole submission', () => {
	it('returns the results of all parts, in their order, from any of them', async () => {
		const { rows, batches } = await submitParts();
		await finishAll(batches);
		for (const { id } of batches) expect(idsOf(await results(id))).toEqual(rows.map((r) => r.id));
	});

	it('takes Limit and Offset over all parts', async () => {
		const { rows, batches } = await submitParts();
		await finishAll(batches);
		for (const [offset, limit] of [
			[0, 3],
			[1, 4],
			[3, 2],
			[5, 9],
			[6, 1],
		]) {
			const ids = rows.slice(offset, offset + limit).map(({ id }) => id);
			expect(idsOf(await results(batches[2].id, { offset, limit }))).toEqual(ids);
		}
	});

	it('prefers the success of a retry', async () => {
		const { rows, batches } = await submitParts();
		failOnce(rows[3].id);
		await finishAll(batches);
		const parameters = { batchId: batches[1].id, options: { retryAllFailed: true } };
		const [retry] = await product.json('batch', 'retry', parameters as never);
		await product.finish(String(retry.id));
		const items = await results(retry.id);
		expect(idsOf(items).sort()).toEqual(rows.map(({ id }) => id).sort());
		expect(items.every(({ status }) => status === 'succeeded')).toBe(true);
	});

	it('names the part that is not finished', async () => {
		const { batches } = await submitParts();
		await product.finish(String(batches[0].id));
		await expect(results(batches[0].id)).rejects.toMatchObject({
			message: expect.stringContaining(`Batch ${String(batches[1].id)} is`),
		});
	});

	it('names the part that has no batch', async () => {
		const { batches } = await submitParts();
		await finishAll(batches);
		const { metadata } = product.emulator.batch(String(batches[1].id));
		delete (metadata as IDataObject).submission_key;
		await expect(results(batches[0].id)).rejects.toMatchObject({
			message: `Part 2 of 3 of submission ${String(batches[0].submission_id)} has no batch`,
		});
	});

	it('says that a batch of somebody else belongs to no submission', async () => {
		const { id } = product.emulator.addBatch({});
		await expect(results(id)).rejects.toMatchObject({
			message: expect.stringContaining('does not belong to a submission'),
		});
	});

	it('returns them once when several batches of it come as items', async () => {
		const { rows, batches } = await submitParts();
		const other = await submit(rowsOf(1));
		await finishAll([...batches, ...other]);
		const items = [...batches, ...other].map(({ id }) => ({ id }));
		const run = await product.run(
			'batch',
			'getResults',
			{
				batchId: '={{ $json.id }}',
				options: { wholeSubmission: true, deleteFiles: true },
			} as never,
			items,
		);
		const output = run.items('Node');
		const [last] = output.slice(-1);
		expect(output.slice(0, -1).map(({ json }) => json.custom_id)).toEqual(rows.map(({ id }) => id));
		expect(last).toMatchObject({ json: { batch_id: other[0].id }, pairedItem: { item: 3 } });
		const hints = remarksOf(run).map(({ message }) => message);
		expect(hints).toEqual(
			[1, 2].map((item) =>
				expect.stringMatching(
					new RegExp(
						`already returned for item 0, so batch ${String(batches[item].id)} adds nothing`,
					),
				),
			),
		);
	});

	it('returns every page when the items ask for different ones', async () => {
		const { rows, batches } = await submitParts();
		await finishAll(batches);
		const options = { wholeSubmission: true, limit: 3, offset: '={{ $json.offset }}' };
		const run = await product.run(
			'batch',
			'getResults',
			{ batchId: batches[0].id, options } as never,
			[{ offset: 0 }, { offset: 3 }],
		);
		expect(run.items('Node').map(({ json }) => json.custom_id)).toEqual(rows.map(({ id }) => id));
	});

	it('finds the batch that stands, also behind a younger one of the same part', async () => {
		const rows = rowsOf(2);
		const [batch] = await submit(rows);
		const original = product.emulator.batch(String(batch.id));
		const { id: duplicate } = product.emulator.addBatch({
			metadata: { ...original.metadata },
			created_at: original.created_at + 5,
			status: 'cancelled',
		});
		await product.finish(String(batch.id));
		for (const id of [batch.id, duplicate])
			expect(idsOf(await results(id))).toEqual(
				idsOf(rows.map(({ id: custom_id }) => ({ custom_id }))),
			);
	});

	it('deletes the files of all parts with Delete Files', async () => {
		const { batches } = await submitParts();
		await finishAll(batches);
		await results(batches[0].id, { deleteFiles: true });
		const deleted = product.emulator.ledger.calls('DELETE', /files/);
		expect(deleted.length).toBeGreaterThanOrEqual(6);
	});
});

describe('Cancel of a whole submission', () => {
	const cancel = async (batchId: unknown) =>
		await product.json('batch', 'cancel', {
			batchId,
			options: { wholeSubmission: true },
		} as never);

	it('cancels what is not finished, and returns an item for each batch', async () => {
		const { batches } = await submitParts();
		await product.finish(String(batches[0].id));
		const items = await cancel(batches[2].id);
		expect(items.map(({ id }) => id)).toEqual(batches.map(({ id }) => id));
		expect(items.map(({ status }) => status)).toEqual([
			'completed',
			expect.stringMatching(/^cancell/),
			expect.stringMatching(/^cancell/),
		]);
		expect(product.emulator.batch(String(batches[0].id)).status).toBe('completed');
	});

	it('returns the batches as they are when all have ended', async () => {
		const { batches } = await submitParts();
		await finishAll(batches);
		const items = await cancel(batches[0].id);
		expect(items.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
		expect(product.emulator.ledger.calls('POST', /cancel$/)).toEqual([]);
	});

	it('takes a batch that ends by itself just then for what it is', async () => {
		const { batches } = await submitParts();
		const [first] = batches;
		const { ledger } = product.emulator;
		const before = ledger.onRequest;
		ledger.onRequest = async ({ path }, stage) => {
			if (stage !== 'arrived' || !path.endsWith(`${String(first.id)}/cancel`)) return;
			ledger.onRequest = before;
			await product.finish(String(first.id));
		};
		const items = await cancel(batches[2].id);
		expect(items[0]).toMatchObject({ id: first.id, status: 'completed' });
		for (const { status } of items.slice(1)) expect(status).toMatch(/^cancell/);
	});

	it('lets no part follow that waits for room', async () => {
		const limit = { maxRequestsPerBatch: 1, maxEnqueuedTokens: 1, ignoreOtherBatches: true };
		const rows = ['a', 'b', 'c'].map((id) => ({ id, text: `waiting ${id}` }));
		const parameters = { ...ASK_TEXT, model: 'gpt-6-sol', options: limit } as never;
		const parts = await product.json('batch', 'submit', parameters, rows);
		expect(parts.map(({ status }) => status)).toEqual(['validating', 'waiting', 'waiting']);
		const run = await product.run('batch', 'cancel', {
			batchId: parts[0].id as string,
			options: { wholeSubmission: true },
		} as never);
		expect(run.items('Node').map(({ json }) => json.id)).toEqual([parts[0].id]);
		expect(remarksOf(run).map(({ message }) => message)).toEqual([
			expect.stringContaining('are not submitted any more'),
		]);
		await product.emulator.step(String(parts[0].id), 'cancelled');
		expect(await product.json('batch', 'submitWaiting')).toEqual([]);
	});

	it('names the batch that cannot be cancelled, after the others', async () => {
		const { batches } = await submitParts();
		const [first] = batches;
		product.emulator.faults.next({
			method: 'POST',
			path: new RegExp(`${String(first.id)}/cancel$`),
			fault: { type: 'status', status: 403 },
		});
		const parameters = { batchId: first.id, options: { wholeSubmission: true } };
		const { error } = await product.run('batch', 'cancel', parameters as never);
		expect(error?.message).toBe('1 of 3 batches could not be cancelled');
		expect((error as { description?: string }).description).toContain(String(first.id));
		expect(product.emulator.batch(String(batches[2].id)).status).toMatch(/^cancell/);
	});
});
