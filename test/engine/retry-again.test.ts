import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { OpenAiBatchApi } from '../../credentials/OpenAiBatchApi.credentials';
import { OpenAiBatch } from '../../nodes/OpenAiBatch/OpenAiBatch.node';
import { createEngine } from '../support/engine';
import { Items } from '../support/engine/Items.node';
import { addHistory, answerLine, failureLine, requestLine } from './batches';
import { CREDENTIAL, NODE, productForEachTest } from './product';

/** A second Retry Unfinished of one original asks only for what no earlier retry has or runs. */
const product = productForEachTest();

const IDS = ['a', 'b', 'c', 'd'];

const addBatch = (more = {}) =>
	addHistory(product, {
		input: IDS.map((id) => requestLine(id)),
		error: IDS.map((id) => failureLine(id, 503, 'busy')),
		...more,
	});

const retry = async (batchId: string, options: IDataObject = {}, executionId?: string) =>
	await product.run('batch', 'retry', { batchId, options: options as never }, [{}], {
		executionId,
	});

const sentIds = () =>
	product.emulator.ledger.uploads.map(({ id }) =>
		product.emulator
			.file(id)
			.text()
			.trimEnd()
			.split('\n')
			.map((line) => (JSON.parse(line) as { custom_id: string }).custom_id),
	);

/** A batch that repeats some of the requests of another one, and what became of them. */
const addRetry = (of: string, ids: string[], answered: string[], more = {}) =>
	addHistory(product, {
		input: ids.map((id) => requestLine(id)),
		output: answered.map((id) => answerLine(id)),
		error: ids.filter((id) => !answered.includes(id)).map((id) => failureLine(id, 503, 'busy')),
		request_counts: { total: ids.length, completed: answered.length, failed: 0 },
		...more,
		metadata: { retry_of: of },
	});

/** What a node after the retry does each time: the loop goes on while it returns items. */
async function loop(
	batchId: string,
	rounds: (round: number, items: IDataObject[]) => Promise<boolean>,
	options: IDataObject = {},
) {
	class Rounds extends Items {
		override description = {
			...new Items().description,
			name: 'rounds',
			inputs: ['main' as const] as never,
			outputs: ['main', 'main'] as never,
		};

		override async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
			const items = this.getInputData();
			const run = Number(this.getWorkflowDataProxy(0).$runIndex);
			const goesOn = await rounds(
				run,
				items.map(({ json }) => json),
			);
			return goesOn ? [items, []] : [[], items];
		}
	}
	const { emulator } = product;
	const engine = await createEngine({
		nodes: { [NODE]: OpenAiBatch, rounds: Rounds },
		credentials: [OpenAiBatchApi],
		credentialData: { [CREDENTIAL]: { apiKey: emulator.apiKey, url: emulator.url } },
	});
	const link = (node: string) => [[{ node, type: 'main' as const, index: 0 }]];
	return await engine.run({
		nodes: [
			{
				name: 'Retry',
				type: NODE,
				parameters: { resource: 'batch', operation: 'retry', batchId, options: options as never },
			},
			{ name: 'Rounds', type: 'rounds' },
		],
		connections: {
			Items: { main: link('Retry') },
			Retry: { main: link('Rounds') },
			Rounds: { main: link('Retry') },
		},
	});
}

describe('a loop that is given the first batch again', () => {
	test('asks for what is left each time, and ends with an error when nothing is', async () => {
		const batch = addBatch();
		const ids: unknown[] = [];
		const { error } = await loop(batch.id, async (round, [item]) => {
			ids.push(item.id);
			expect(round).toBeLessThan(3);
			// Half of each retry has an answer when it expires.
			await product.emulator.step(String(item.id), round < 2 ? 'expired' : 'completed');
			return true;
		});
		expect(sentIds()).toEqual([IDS, expect.any(Array), expect.any(Array)]);
		expect(sentIds().map(({ length }) => length)).toEqual([4, 2, 1]);
		expect(new Set(ids).size).toBe(3);
		expect(error?.message).toBe(`All 4 requests of batch ${batch.id} succeeded`);
	});

	test('gets the retry that still runs', async () => {
		const batch = addBatch();
		const seen: unknown[] = [];
		await loop(batch.id, async (round, [{ id, adopted }]) => {
			seen.push([id, adopted]);
			return await Promise.resolve(round < 2);
		});
		const [{ id }] = product.emulator.ledger.batches;
		expect(seen).toEqual([
			[id, false],
			[id, true],
			[id, true],
		]);
	});

	test.each([{ customIds: 'a, b' }, { customIds: 'a, b', submissionKey: 'loop' }])(
		'and Custom IDs (%j) asks for these each time',
		async (options) => {
			const batch = addBatch();
			await loop(
				batch.id,
				async (round, [{ id, adopted }]) => {
					expect(adopted).toBe(false);
					await product.finish(String(id));
					return round < 2;
				},
				options,
			);
			expect(sentIds()).toEqual([
				['a', 'b'],
				['a', 'b'],
				['a', 'b'],
			]);
		},
	);

	test('comes to the same retries again in another execution under the same key', async () => {
		const batch = addBatch();
		const options = { submissionKey: 'replay' };
		const play = async () => {
			const seen: unknown[] = [];
			await loop(
				batch.id,
				async (round, [{ id }]) => {
					seen.push(id);
					if (
						!seen.slice(0, -1).includes(id) &&
						product.emulator.batch(String(id)).status === 'validating'
					) {
						await product.emulator.step(String(id), 'expired');
					}
					return round < 1;
				},
				options,
			);
			return seen;
		};
		const first = await play();
		expect(await play()).toEqual(first);
		expect(product.emulator.ledger.batches).toHaveLength(2);
	});
});

test('a retry that n8n tries again in the same run is found, also when it has ended', async () => {
	const batch = addBatch();
	const [first] = (await retry(batch.id, {}, 'again')).items('Node');
	await product.emulator.step(String(first.json.id), 'expired');
	const [second] = (await retry(batch.id, {}, 'again')).items('Node');
	expect(second.json).toMatchObject({ id: first.json.id, adopted: true, requests: 4 });
	expect(product.emulator.ledger.batches).toHaveLength(1);
});

test('what is adopted is counted as it was asked, whatever happened since', async () => {
	const batch = addBatch({ error: IDS.slice(0, 3).map((id) => failureLine(id, 503, 'busy')) });
	addRetry(batch.id, ['a'], []);
	const options = { submissionKey: 'counted' };
	const [first] = (await retry(batch.id, options)).items('Node');
	expect(first.json).toMatchObject({ requests: 4, retried_failed: 3, retried_missing: 1 });
	// Somebody else asks for two of them, and gets answers.
	addRetry(batch.id, ['b', 'd'], ['b', 'd'], { created_at: Number(first.json.created_at) + 1 });
	const [second] = (await retry(batch.id, options)).items('Node');
	expect(second.json).toMatchObject({
		id: first.json.id,
		adopted: true,
		requests: 4,
		retried_failed: 3,
		retried_missing: 1,
		not_retried: 0,
	});
});

test('what is adopted and whose file is gone is returned all the same', async () => {
	const batch = addBatch();
	const options = { submissionKey: 'gone' };
	const [first] = (await retry(batch.id, options)).items('Node');
	await product.run('file', 'delete', { fileId: String(first.json.input_file_id) });
	const [second] = (await retry(batch.id, options)).items('Node');
	expect(second.json).toMatchObject({ id: first.json.id, adopted: true, requests: null });
	expect(product.emulator.ledger.batches).toHaveLength(1);
});

test('a batch that failed as a whole is not repeated beside a retry of it', async () => {
	const data = [{ code: 'token_limit_exceeded', message: 'Full.' }];
	const batch = addBatch({ status: 'failed', error: undefined, errors: { object: 'list', data } });
	const [first] = (await retry(batch.id)).items('Node');
	const { error } = await retry(batch.id);
	expect(error?.description).toMatch(/^4 requests are still running in an earlier retry/);
	await product.emulator.step(String(first.json.id), 'expired');
	const [second] = (await retry(batch.id)).items('Node');
	expect(second.json).toMatchObject({ requests: 2, adopted: false });
	expect(sentIds()).toHaveLength(1);
});

test('what another retry of the same original has answered is not asked again of a retry', async () => {
	const batch = addBatch();
	const first = addRetry(batch.id, ['a', 'b'], ['a']);
	addRetry(batch.id, ['b'], ['b']);
	const { error } = await retry(first.id);
	expect(error?.message).toMatch(/succeeded/);
	expect(sentIds()).toEqual([]);
});

test('a submitted batch that failed as a whole: another execution asks for what its retry has left', async () => {
	product.emulator.control.batches({ match: () => true, fate: 'token_limit', times: 1 });
	const rows = ['a', 'b'].map((id) => ({ id }));
	const parameters = { prompt: 'Hi', customId: '={{ $json.id }}' };
	const [{ id }] = await product.json('batch', 'submit', parameters, rows);
	await product.finish(String(id)).catch(() => undefined);
	const [first] = (await retry(String(id))).items('Node');
	expect(first.json.submission_key).toBe(
		product.emulator.batch(String(id)).metadata!.submission_key,
	);
	await product.emulator.step(String(first.json.id), 'in_progress');
	await product.emulator.step(String(first.json.id), 'expired');
	const [second] = (await retry(String(id))).items('Node');
	expect(second.json).toMatchObject({ adopted: false, requests: 1, retried_expired: 1 });
});

test('a request that runs in one retry is not asked again since it failed in a later one', async () => {
	const batch = addBatch();
	addRetry(batch.id, ['a', 'b'], [], {
		status: 'in_progress',
		output: undefined,
		error: undefined,
	});
	addRetry(batch.id, ['a'], []);
	await retry(batch.id);
	expect(sentIds()).toEqual([['c', 'd']]);
});

test('whatever is chosen, a retry stays in its part: the whole submission is one job', async () => {
	const rows = ['a', 'b', 'c'].map((id) => ({ id }));
	const parts = await product.json(
		'batch',
		'submit',
		{ prompt: 'Hi', customId: '={{ $json.id }}', options: { maxRequestsPerBatch: 1 } },
		rows,
	);
	for (const { id } of parts) await product.finish(String(id));
	const options = { customIds: 'b', bodyFields: '{"user": "again"}' };
	const [{ json }] = (await retry(String(parts[1].id), options)).items('Node');
	expect(json).toMatchObject({
		submission_id: parts[1].submission_id,
		metadata: { submission_part: '2/3', retry_of: parts[1].id },
	});
	await product.finish(String(json.id));
	for (const { id } of [...parts, json]) {
		const results = await product.json('batch', 'getResults', {
			batchId: String(id),
			options: { wholeSubmission: true },
		});
		expect(results.map((one) => [one.custom_id, one.batch_id, one.attempts])).toEqual([
			['a', parts[0].id, 1],
			['b', json.id, 2],
			['c', parts[2].id, 1],
		]);
	}
});
