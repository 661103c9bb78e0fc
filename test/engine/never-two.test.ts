import type { IDataObject } from 'n8n-workflow';
import { productForTests, remarksOf } from './product';
import { EMBED_TEXT } from './support/submitParameters';

/** Real time, since the executions wait for a list that lags. */
const product = productForTests({ clock: 'automatic', timing: { validating: 3_600_000 } });

const submit = async (executionId: string, submissionKey: string, more: IDataObject = {}) =>
	await product.run(
		'batch',
		'submit',
		{
			...EMBED_TEXT,
			customId: '={{ $json.text }}',
			options: { submissionKey, ...more },
		} as never,
		[{ text: 'a' }, { text: 'b' }],
		{ executionId },
	);

const live = () => product.emulator.ledger.batches.filter(({ status }) => !/^cancell/.test(status));

it.each([0, 1_000])(
	'executions at the same moment leave one batch, with a list %d ms late',
	async (lag) => {
		product.emulator.faults.listDelay(lag);
		const key = `same moment ${lag}`;
		const runs = await Promise.all(['a', 'b', 'c'].map(async (name) => await submit(name, key)));
		const outputs = runs.map((run) => run.items('Node')[0].json);
		expect(live()).toHaveLength(1);
		const [{ id }] = live();
		expect(outputs.map((batch) => batch.id)).toEqual([id, id, id]);
		expect(outputs.filter(({ adopted }) => adopted === false)).toHaveLength(1);
	},
);

it('executions at the same moment leave one batch for each part', async () => {
	const runs = await Promise.all(
		['a', 'b'].map(async (name) => await submit(name, 'parts', { maxRequestsPerBatch: 1 })),
	);
	const ids = runs.map((run) => run.items('Node').map(({ json }) => json.id));
	expect(ids[0]).toEqual(ids[1]);
	expect(
		live()
			.map(({ id }) => id)
			.sort(),
	).toEqual([...ids[0]].sort());
});

it.each([
	['both', 2],
	['only the first', 1],
])(
	'when %s lost the answer to its creation, one batch stays, which both return',
	async (name, lost) => {
		product.emulator.faults.next({
			method: 'POST',
			path: /batches$/,
			times: lost,
			fault: { type: 'status-after', status: 502 },
		});
		const runs = await Promise.all(
			['a', 'b'].map(async (one) => await submit(one, `lost ${name}`)),
		);
		const ids = runs.map((run) => run.items('Node')[0].json.id);
		expect(live().map(({ id }) => id)).toEqual([ids[0]]);
		expect(ids[1]).toBe(ids[0]);
	},
	60_000,
);

it('executions that begin one after the other do not create a later part twice', async () => {
	const options = { maxRequestsPerBatch: 1 };
	const started = new Promise<void>((resolve) => {
		product.emulator.ledger.onRequest = ({ method, path }, stage) => {
			if (method === 'POST' && path.endsWith('/batches') && stage === 'done') resolve();
		};
	});
	const first = submit('a', 'late', options);
	await started;
	const second = await submit('b', 'late', options);
	const ids = (await first).items('Node').map(({ json }) => json.id);
	expect(second.items('Node').map(({ json }) => json.id)).toEqual(ids);
	expect(
		live()
			.map(({ id }) => id)
			.sort(),
	).toEqual([...ids].sort());
}, 60_000);

it('an execution that cannot give up its batch names it', async () => {
	product.emulator.faults.next({
		method: 'POST',
		path: /cancel$/,
		fault: { type: 'status', status: 403 },
		times: 2,
	});
	const runs = await Promise.all(['a', 'b'].map(async (name) => await submit(name, 'kept')));
	const hints = runs.flatMap((run) => remarksOf(run).map(({ message }) => message));
	expect(hints).toEqual([expect.stringMatching(/could not be cancelled: .* Cancel it/)]);
});

it('an execution that could not give up its batch, or died before, leaves that to the next one', async () => {
	product.emulator.faults.next({
		method: 'POST',
		path: /cancel$/,
		fault: { type: 'status', status: 403 },
		times: 2,
	});
	const runs = await Promise.all(['a', 'b'].map(async (name) => await submit(name, 'left')));
	expect(live()).toHaveLength(2);
	product.emulator.faults.clear();
	const third = await submit('c', 'left');
	expect(remarksOf(third).map(({ message }) => message)).toEqual([
		expect.stringContaining('was cancelled before any of its requests ran'),
	]);
	expect(live().map(({ id }) => id)).toEqual([third.items('Node')[0].json.id]);
	const [{ id: given }] = product.emulator.ledger.batches
		.filter(({ status }) => /^cancel/.test(status))
		.slice(-1);
	await product.emulator.step(given, 'cancelled');
	const retry = await product.run('batch', 'retry', { batchId: given });
	expect(retry.error?.message).toBe(
		`Batch ${given} was cancelled, and batch ${String(third.items('Node')[0].json.id)} has the same requests`,
	);
	const ids = runs.map((run) => run.items('Node')[0].json.id);
	expect(new Set(ids)).toEqual(new Set([third.items('Node')[0].json.id]));
});

it('a batch of this moment is not returned before it is known whether it stands', async () => {
	const { emulator } = product;
	await submit('a', 'equal');
	const [mine] = live();
	emulator.ledger.onRequest = ({ method, path }, stage) => {
		if (method !== 'GET' || !path.endsWith('/batches')) return;
		// The list shows one of two batches of the same second at first.
		if (stage === 'arrived') {
			emulator.addBatch({ ...mine, created_at: Math.floor(Date.now() / 1000) });
		} else {
			emulator.ledger.onRequest = () => {};
			emulator.addBatch({ ...emulator.batch(mine.id), id: 'batch_0' });
		}
	};
	const { items, error } = await submit('b', 'equal');
	expect(error).toBeUndefined();
	expect(items('Node').map(({ json }) => json.id)).toEqual(['batch_0']);
	expect(emulator.batch(mine.id).status).toMatch(/^cancel/);
});

it('a younger batch that has begun meanwhile is left as it is', async () => {
	product.emulator.faults.next({
		method: 'POST',
		path: /cancel$/,
		fault: { type: 'status', status: 403 },
		times: 2,
	});
	await Promise.all(['a', 'b'].map(async (name) => await submit(name, 'begun')));
	product.emulator.faults.clear();
	const [first, second] = live();
	product.emulator.ledger.onRequest = async ({ method, path }, stage) => {
		// The list was read, and shows both as they were.
		const isRead = method === 'GET' && /batches\/[^/]+$/.test(path);
		if (!isRead || stage !== 'arrived') return;
		product.emulator.ledger.onRequest = () => {};
		for (const { id } of [first, second]) await product.emulator.step(id, 'in_progress');
	};
	await submit('c', 'begun');
	expect(live()).toHaveLength(2);
});

it('a younger batch that is in progress is left as it is', async () => {
	product.emulator.faults.next({
		method: 'POST',
		path: /cancel$/,
		fault: { type: 'status', status: 403 },
		times: 2,
	});
	await Promise.all(['a', 'b'].map(async (name) => await submit(name, 'running')));
	product.emulator.faults.clear();
	for (const { id } of live()) await product.emulator.step(id, 'in_progress');
	await submit('c', 'running');
	expect(live()).toHaveLength(2);
});

it('an execution that cannot look again names what it has created', async () => {
	let lists = 0;
	product.emulator.ledger.onRequest = ({ method, path }, stage) => {
		if (stage !== 'arrived' || method !== 'GET' || !path.endsWith('/batches')) return;
		if (++lists === 2) {
			product.emulator.faults.next({ path: '/batches', fault: { type: 'status', status: 403 } });
		}
	};
	const run = await submit('a', 'unread');
	expect(run.error).toBeUndefined();
	const [{ json }] = run.items('Node');
	expect(remarksOf(run).map(({ message }) => message)).toEqual([
		expect.stringMatching(new RegExp(`^Batch ${String(json.id)} was created\\. Whether`)),
	]);
});

it('an execution without a key of the user does not look again', async () => {
	const run = await submit('a', '');
	expect(run.error).toBeUndefined();
	expect(product.emulator.ledger.calls('GET', '/batches')).toHaveLength(1);
});
