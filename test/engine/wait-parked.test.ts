import type { IConnections, IDataObject, INodeExecutionData } from 'n8n-workflow';
import type { HarnessNode, RunRequest, RunResult } from '../support/engine';
import { addHistory } from './batches';
import { NODE, productForEachTest } from './product';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/jumpingClock'));
const { goTo } = jest.requireMock<{ goTo: (time: Date) => void }>('n8n-workflow');

const product = productForEachTest({ clock: 'manual' });

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const to = (...names: string[]) => names.map((node) => ({ node, type: 'main' as const, index: 0 }));

/** Wait parks and is followed by a node that reads the batch of its input item again. */
const CONNECTED: IConnections = {
	Items: { main: [to('Wait')] },
	Wait: { main: [to('Wait'), to('After')] },
};

interface Settings {
	options?: IDataObject;
	connections?: IConnections;
	/** Settings of the node that waits. */
	node?: Partial<HarnessNode>;
	/** How far below the node that waits the next node is on the canvas. */
	below?: number;
}

function request(
	input: IDataObject[],
	{ options = {}, connections = CONNECTED, node, below = -100 }: Settings = {},
): RunRequest {
	const operation = (name: string, parameters: IDataObject): HarnessNode => ({
		name,
		type: NODE,
		parameters: { resource: 'batch', ...parameters } as HarnessNode['parameters'],
	});
	const wait = { operation: 'wait', duringWait: 'park', batchId: '={{ $json.id }}', options };
	return {
		nodes: [
			{ ...operation('Wait', wait), ...node },
			{
				...operation('After', { operation: 'get', batchId: "={{ $('Items').item.json.id }}" }),
				position: [400, below],
			},
		],
		connections,
		input,
	};
}

const start = async (...args: Parameters<typeof request>) =>
	await product.engine.run(request(...args));

/** Continues a parked execution when its time has come, as n8n does, maybe after a restart. */
async function resume(parked: RunResult, ...args: Parameters<typeof request>): Promise<RunResult> {
	expect(parked.status).toBe('waiting');
	goTo(parked.waitTill!);
	return await product.engine.run({ ...request(...args), stored: parked.stored() });
}

const submit = async (prompt = 'Hi') =>
	(await product.json('batch', 'submit', { prompt }))[0].id as string;

const polls = (batchId: string) =>
	product.emulator.ledger.calls('GET', `/batches/${batchId}`).length;

/** The ids of the items of each output, for each run of the node. */
const runs = ({ runData }: RunResult, node = 'Wait') =>
	runData[node].map(({ data }) =>
		data!.main.map((items) => items?.map(({ json }) => json.id ?? json.error)),
	);

const items = ({ runData }: RunResult, node: string, output = 0): INodeExecutionData[] =>
	runData[node]?.flatMap(({ data }) => data?.main[output] ?? []) ?? [];

/** Milliseconds from now. */
const ahead = (time: Date | undefined) => (time ? time.getTime() - Date.now() : NaN);

test('a batch that is finished leaves by Finished at once, and is polled once', async () => {
	const { id } = addHistory(product, { status: 'completed' });
	const result = await start([{ id }]);
	expect(result.error).toBeUndefined();
	expect(runs(result)).toEqual([[[], [id]]]);
	expect(items(result, 'Wait', 1)[0].json).toMatchObject({ status: 'completed', progress: 100 });
	expect(items(result, 'After')).toHaveLength(1);
});

test('a batch that finishes within the first minutes does not park the execution', async () => {
	const id = await submit();
	const { ledger } = product.emulator;
	// The clock does not wait for a busy machine, so the third poll itself finds the batch finished.
	ledger.onRequest = async ({ method, path }, stage) => {
		const isPoll = stage === 'arrived' && method === 'GET' && path.endsWith(`/batches/${id}`);
		if (!isPoll || polls(id) < 3) return;
		ledger.onRequest = () => {};
		await product.finish(id);
	};
	const result = await start([{ id }]);
	expect(result.status).toBe('success');
	expect(items(result, 'After')).toHaveLength(1);
});

test('the execution is parked as soon as the next look is more than a minute away', async () => {
	const id = await submit();
	const began = Date.now();
	const parked = await start([{ id, title: 'Alien', text: 'long '.repeat(1_000) }]);
	expect(parked.status).toBe('waiting');
	expect(ahead(parked.waitTill)).toBeGreaterThan(45_000);
	expect(ahead(parked.waitTill)).toBeLessThan(2 * MINUTE);
	expect(Date.now() - began).toBeLessThan(4 * MINUTE);
	// First the item that waits is sent round, so that nothing else is stored again and again.
	expect(runs(parked)).toEqual([[[id], []], [[id]]]);
	const [, round] = items(parked, 'Wait');
	expect(Object.keys(round.json)).toEqual([
		'id',
		'poll_after',
		'waiting_since',
		'wait_until',
		'poll_interval_seconds',
		'on_timeout',
	]);
	expect(Date.parse(round.json.wait_until as string)).toBe(
		Date.parse(round.json.waiting_since as string) + 26 * HOUR,
	);
});

test('the batch leaves after any number of looks, and is paired with its item', async () => {
	const id = await submit();
	let result = await start([{ id }]);
	const intervals: number[] = [];
	for (let look = 0; look < 12; look++) {
		const before = polls(id);
		result = await resume(result, [{ id }]);
		expect(polls(id)).toBe(before + 1);
		intervals.push(ahead(result.waitTill));
	}
	expect(Math.max(...intervals)).toBeGreaterThan(7 * MINUTE);
	expect(Math.max(...intervals)).toBeLessThanOrEqual(10 * MINUTE);
	expect(intervals[0]).toBeLessThan(intervals[3]);
	await product.finish(id);
	const last = await resume(result, [{ id }]);
	expect(last.status).toBe('success');
	expect(items(last, 'Wait', 1)).toHaveLength(1);
	expect(items(last, 'After')[0].json).toMatchObject({ id, status: 'completed' });
});

describe('several batches', () => {
	async function three() {
		const ids = [await submit('A'), await submit('B'), await submit('C')];
		return { ids, input: ids.map((id) => ({ id })) };
	}

	test('are looked at together, and leave when they are finished, each paired with its item', async () => {
		const { ids, input } = await three();
		let result = await start(input);
		expect(runs(result).at(-1)).toEqual([ids]);
		await product.finish(ids[1]);
		product.emulator.ledger.clear();
		result = await resume(result, input);
		// `After` reads the batch that has left too.
		expect(ids.map(polls)).toEqual([1, 2, 1]);
		expect(items(result, 'Wait', 1).map(({ json }) => json.id)).toEqual([ids[1]]);
		expect(items(result, 'After').map(({ json }) => json.id)).toEqual([ids[1]]);
		await product.finish(ids[0]);
		result = await resume(result, input);
		await product.finish(ids[2]);
		result = await resume(result, input);
		expect(result.status).toBe('success');
		const left = [ids[1], ids[0], ids[2]];
		expect(items(result, 'Wait', 1).map(({ json }) => json.id)).toEqual(left);
		// By the expression in its field, `After` reads the batch of the item that it is paired with.
		expect(items(result, 'After').map(({ json }) => [json.id, json.status])).toEqual(
			left.map((id) => [id, 'completed']),
		);
	});

	test('are processed when all are finished where the next node is not higher on the canvas', async () => {
		const { ids, input } = await three();
		const settings = { below: 0 };
		let result = await start(input, settings);
		await product.finish(ids[0]);
		result = await resume(result, input, settings);
		expect(items(result, 'Wait', 1).map(({ json }) => json.id)).toEqual([ids[0]]);
		expect(items(result, 'After')).toEqual([]);
		await product.finish(ids[1]);
		await product.finish(ids[2]);
		result = await resume(result, input, settings);
		expect(items(result, 'After').map(({ json }) => json.id)).toEqual([ids[1], ids[2], ids[0]]);
	});

	test('one that does not exist leaves by the error output, and the others go on waiting', async () => {
		const { ids, input } = await three();
		const all = [input[0], { id: 'batch_none' }, input[2]];
		const settings = { node: { onError: 'continueErrorOutput' as const } };
		let result = await start(all, settings);
		expect(items(result, 'Wait', 2).map(({ json }) => json.error)).toEqual([
			expect.stringMatching(/No batch found/),
		]);
		expect(runs(result).at(-1)![0]).toEqual([ids[0], ids[2]]);
		await product.finish(ids[0]);
		await product.finish(ids[2]);
		result = await resume(result, all, settings);
		expect(items(result, 'Wait', 1).map(({ json }) => json.id)).toEqual([ids[0], ids[2]]);
		expect(items(result, 'Wait', 0).filter(({ json }) => json.error)).toEqual([]);
	});
});

describe('connections', () => {
	const advice =
		'Drag a connection from Still Waiting back to the input of this same node, and connect the next node to Finished.';

	test.each<[string, IConnections['x']['main'], string, string]>([
		['nothing', [], 'Still Waiting is not connected to the input of this node', advice],
		[
			'the next node where the loop should be',
			[to('After')],
			'Still Waiting is not connected to the input of this node',
			advice,
		],
		[
			'the loop and the next node exchanged',
			[to('After'), to('Wait')],
			'Finished is connected to the input of this node',
			advice,
		],
		[
			'the next node at the output of the loop',
			[to('After', 'Wait')],
			'Nothing is connected to Finished',
			'Connect After to Finished instead of Still Waiting, where batches leave that are not finished.',
		],
	])('%s: an error before any request', async (_name, main, message, description) => {
		const id = await submit();
		const connections = { ...CONNECTED, Wait: { main } };
		const { error, status } = await start([{ id }], { connections });
		expect([status, error?.message, error?.description]).toEqual(['error', message, description]);
		expect(polls(id)).toBe(0);
	});

	test('a node may follow both the loop and the end', async () => {
		const { id } = addHistory(product, { status: 'completed' });
		const connections = { ...CONNECTED, Wait: { main: [to('Wait', 'After'), to('After')] } };
		expect((await start([{ id }], { connections })).status).toBe('success');
	});

	test.each([
		['Finished leads back', [to('Wait'), to('Wait')]],
		['only Finished leads back', [[], to('Wait')]],
	])('with On Error: Continue the error is an item, and does not go round: %s', async (_, main) => {
		const connections = { ...CONNECTED, Wait: { main } };
		const node = { onError: 'continueRegularOutput' as const };
		const result = await start([{ id: await submit() }], { connections, node });
		expect(result.status).toBe('success');
		expect(runs(result)).toEqual([[[], ['Finished is connected to the input of this node']], []]);
	});
});

describe('settings of the node that would make it run for ever', () => {
	test.each(['stopWorkflow', 'continueRegularOutput'] as const)(
		'Always Output Data with On Error %s sends nothing round',
		async (onError) => {
			const { id } = addHistory(product, { status: 'completed' });
			const result = await start([{ id }], { node: { alwaysOutputData: true, onError } });
			expect(result.status).toBe('success');
			expect(runs(result)).toEqual([[[], [id]]]);
		},
	);
});

describe('what would go round without end', () => {
	test.each(['continueRegularOutput', 'continueErrorOutput'] as const)(
		'a credential that is of no use any more is an error of each batch: %s',
		async (onError) => {
			const input = [{ id: await submit('A') }, { id: await submit('B') }];
			const parked = await start(input, { node: { onError } });
			goTo(parked.waitTill!);
			const result = await product.engine.run({
				...request(input, { node: { onError } }),
				stored: parked.stored(),
				credentialData: { openAiBatchApi: { apiKey: 'sk-1', url: 'not a url' } },
			});
			// What comes then, `After`, has the same credential.
			const output = onError === 'continueErrorOutput' ? 2 : 1;
			expect(items(result, 'Wait', output).map(({ json }) => json.error)).toEqual([
				expect.stringMatching(/Base URL/),
				expect.stringMatching(/Base URL/),
			]);
			expect(result.runData.Wait.length).toBeLessThan(6);
		},
	);
});

describe('rows that come by two outputs', () => {
	/** Two batches, of which `Read` finds the first one only: their rows leave by different outputs. */
	async function twoOutputs(options: IDataObject = {}) {
		const [first, second] = [await submit('A'), await submit('B')];
		const rows = [
			{ id: first, read: first },
			{ id: second, read: 'batch_none' },
		];
		const connections = {
			Items: { main: [to('Read')] },
			Read: { main: [to('Wait'), to('Wait')] },
			Wait: CONNECTED.Wait,
		};
		const own = (more: Partial<RunRequest> = {}): RunRequest => {
			const base = request(rows, { connections, options });
			const [wait, after] = base.nodes;
			const ofRow = (node: HarnessNode, batchId: string): HarnessNode => ({
				...node,
				parameters: { ...node.parameters, batchId },
			});
			const read: HarnessNode = {
				...ofRow({ ...after, parameters: { ...after.parameters } }, '={{ $json.read }}'),
				name: 'Read',
				onError: 'continueErrorOutput',
			};
			const nodes = [read, ofRow(wait, "={{ $('Items').item.json.id }}"), after];
			return { ...base, ...more, nodes };
		};
		const ids = [first, second].sort();
		return { ids, parked: await product.engine.run(own()), own };
	}

	const continued = async (parked: RunResult, own: (more: Partial<RunRequest>) => RunRequest) => {
		goTo(parked.waitTill!);
		return await product.engine.run(own({ stored: parked.stored() }));
	};

	const left = (result: RunResult) =>
		items(result, 'Wait', 1)
			.map(({ json }) => [json.id, json.status])
			.sort();

	test('are waited for, one after the other', async () => {
		const { ids, parked, own } = await twoOutputs();
		let result = parked;
		expect(result.status).toBe('waiting');
		for (const id of ids) await product.finish(id);
		while (result.status === 'waiting') result = await continued(result, own);
		expect(result.error).toBeUndefined();
		expect(left(result)).toEqual(ids.map((id) => [id, 'completed']));
	});

	test('wait until Max Wait at the longest, as small items, while the batches run on', async () => {
		const { ids, parked, own } = await twoOutputs({ maxWaitHours: 0.5, onTimeout: 'continue' });
		let result = parked;
		const began = Date.now();
		for (let look = 0; look < 60 && result.status === 'waiting'; look++) {
			result = await continued(result, own);
		}
		expect(result.status).toBe('success');
		expect(left(result)).toEqual(ids.map((id) => [id, 'validating']));
		// The second wait begins when the first one parks.
		expect(Date.now() - began).toBeLessThan(HOUR);
		const raw = items(result, 'Wait').filter(({ json }) => json.waiting_since === undefined);
		expect(raw).toHaveLength(1);
	});
});

test('a step that is executed alone says that the wait has ended', async () => {
	const input = [{ id: await submit() }];
	const whole = await product.engine.run({ ...request(input), mode: 'manual' });
	expect([whole.status, whole.hints('Wait')]).toEqual(['waiting', []]);
	const step = await product.engine.run({
		...request(input),
		mode: 'manual',
		destination: 'Wait',
	});
	expect([step.status, step.hints('Wait')]).toEqual([
		'success',
		[expect.objectContaining({ message: expect.stringMatching(/^Only this step was executed/) })],
	]);
});

describe('the end of the wait', () => {
	test('is an error that says how far the batch is', async () => {
		const id = await submit();
		const settings = { options: { maxWaitHours: 0.1 } };
		let result = await start([{ id }], settings);
		while (result.status === 'waiting') result = await resume(result, [{ id }], settings);
		expect(result.error?.message).toBe(
			`Batch ${id} is not finished after 0.1 hours. It is validating`,
		);
		const [{ json }] = items(result, 'Wait');
		expect(Date.now() - Date.parse(json.wait_until as string)).toBeLessThan(5_000);
	});

	test('returns the batch where On Timeout says so', async () => {
		const id = await submit();
		const settings = { options: { maxWaitHours: 0.1, onTimeout: 'continue' } };
		let result = await start([{ id }], settings);
		while (result.status === 'waiting') result = await resume(result, [{ id }], settings);
		expect(items(result, 'Wait', 1)[0].json).toMatchObject({ id, status: 'validating' });
	});

	test('is that of the row, also when only the small item is left of it', async () => {
		const id = await submit();
		const row = { id, late: 'continue', hours: 1, minutes: 2 };
		const settings = {
			options: {
				onTimeout: '={{ $json.late }}',
				maxWaitHours: '={{ $json.hours }}',
				pollIntervalMinutes: '={{ $json.minutes }}',
			},
		};
		let result = await start([row], settings);
		while (result.status === 'waiting') {
			expect(ahead(result.waitTill)).toBeLessThanOrEqual(2 * MINUTE);
			result = await resume(result, [row], settings);
		}
		expect(items(result, 'Wait', 1)[0].json).toMatchObject({ id, status: 'validating' });
		expect(polls(id)).toBeGreaterThan(30);
	});

	test('comes after a last look, also when n8n was down until long after it', async () => {
		const id = await submit();
		const parked = await start([{ id }]);
		await product.finish(id);
		goTo(new Date(Date.now() + 48 * HOUR));
		const result = await resume(parked, [{ id }]);
		expect(items(result, 'Wait', 1)[0].json).toMatchObject({ id, status: 'completed' });
	});

	// With an interval of a minute, the execution would stay open.
	test.each([
		[{ maxWaitHours: -1 }],
		[{ maxWaitHours: 1e10 }],
		[{ maxWaitHours: Infinity }],
		[{ pollIntervalMinutes: 1 }],
	])('%j is refused', async (options) => {
		const { error } = await start([{ id: 'batch_1' }], { options });
		expect(error?.message).toBe(
			'Max Wait has to be from 0 to 8,784 hours, and Poll Interval at least 2 minutes',
		);
	});
});

test('a transient fault does not end the wait, and the execution parks for as long as the server asks', async () => {
	const id = await submit();
	product.emulator.faults.next({
		path: `/batches/${id}`,
		times: 100,
		fault: { type: 'status', status: 503, headers: { 'retry-after': '3600' } },
	});
	const parked = await start([{ id }]);
	expect(ahead(parked.waitTill)).toBeGreaterThan(HOUR - MINUTE);
	product.emulator.faults.clear();
	await product.finish(id);
	expect((await resume(parked, [{ id }])).status).toBe('success');
});

test('a batch that was just created, and that the server does not know yet, is asked for again', async () => {
	const id = await submit();
	product.emulator.faults.next({
		path: `/batches/${id}`,
		times: 3,
		fault: { type: 'status', status: 404 },
	});
	// The clock that jumps is the one of `Date.now`.
	const input = [{ id, created_at: new Date(Date.now()).toISOString() }];
	const parked = await start(input);
	expect(parked.status).toBe('waiting');
	await product.finish(id);
	expect((await resume(parked, input)).status).toBe('success');
});

test('an execution that is stored again and again grows by little with each look', async () => {
	const id = await submit();
	const input = [{ id, text: 'long '.repeat(10_000) }];
	let result = await start(input);
	const size = () => JSON.stringify(result.stored()).length;
	result = await resume(result, input);
	const before = size();
	for (let look = 0; look < 10; look++) result = await resume(result, input);
	expect((size() - before) / 10).toBeLessThan(1_500);
});
