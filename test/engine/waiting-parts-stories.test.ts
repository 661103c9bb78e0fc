import type { IDataObject } from 'n8n-workflow';
import type { Dialect, DialectName } from '../support/emulator';
import { DIALECTS } from '../support/emulator';
import { startProduct, type Product } from './product';
import { ASK_TEXT } from './support/submitParameters';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

/** The smallest stories of what went wrong once with parts that wait for room in the queue. */
let product: Product;

const start = async (dialect: DialectName | Dialect = 'openai') =>
	(product = await startProduct({
		dialect: dialect as DialectName,
		timing: { validating: 3_600_000 },
	}));

beforeEach(async () => void (await start()));
afterEach(async () => await product.stop());

/** Room for one part at a time. */
const LIMIT = { maxRequestsPerBatch: 2, maxEnqueuedTokens: 1 };

const rowsOf = (name: string, count: number) =>
	Array.from({ length: count }, (_, row) => ({ id: `${name}-${row}`, text: 'some content' }));

const parametersOf = (options: IDataObject) =>
	({ ...ASK_TEXT, options: { ...LIMIT, ...options } }) as never;

const submit = async (name: string, parts: number, options: IDataObject = {}, more = {}) =>
	await product.json('batch', 'submit', parametersOf(options), rowsOf(name, 2 * parts), more);

const submitWaiting = async (options: IDataObject = {}) =>
	await product.json('batch', 'submitWaiting', { options } as never);

const batches = () => product.emulator.ledger.batches;

/** The batches of the submission's part that run, have run or will run. */
const standing = (part: number) =>
	batches().filter(
		({ status, metadata }) =>
			!/^(failed|cancelling|cancelled)$/.test(status) &&
			metadata!.submission_part.startsWith(`${part}/`),
	);

/** So many of the next batches fail, as the queue is full all the same. */
const failAtLimit = (times: number) =>
	product.emulator.control.batches({ match: () => true, fate: 'token_limit', times });

/** The service looks at a batch that fails then. */
async function fail(id: string) {
	await product.emulator.step(id, 'in_progress').catch(() => undefined);
	expect(product.emulator.batch(id).status).toBe('failed');
}

const isCreate = ({ method, path }: { method: string; path: string }) =>
	method === 'POST' && path.endsWith('/batches');

/**
 * Another execution begins when the create of Submit Waiting Parts has arrived, which goes on when
 * that of the other one has arrived too. The other one creates a second later.
 */
async function atOnce<T>(other: () => Promise<T>) {
	const { ledger, advance } = product.emulator;
	const signal = () => {
		let give = () => {};
		const given = new Promise<void>((resolve) => (give = resolve));
		return { give: () => give(), given };
	};
	const [first, second, done] = [signal(), signal(), signal()];
	let arrived = 0;
	ledger.onRequest = async (request, stage) => {
		if (!isCreate(request)) return;
		if (stage === 'done') return done.give();
		if (++arrived === 1) {
			first.give();
			await second.given;
		} else if (arrived === 2) {
			second.give();
			await done.given;
			await advance(1_000);
		}
	};
	const waiting = submitWaiting();
	await first.given;
	const results = await Promise.all([waiting, other()]);
	ledger.onRequest = () => {};
	return results;
}

const tokensOf = (index: number) =>
	Number(batches()[index].metadata!.submission_tokens.split(' ')[0]);

it('a part waits again that failed at the limit after its second batch was given up', async () => {
	const [first] = await submit('a', 2);
	await product.finish(String(first.id));
	failAtLimit(2);
	await atOnce(async () => await submitWaiting());
	expect(standing(2)).toHaveLength(1);
	const [{ id }] = standing(2);
	await fail(id);
	await product.emulator.advance(60_000);
	expect((await submitWaiting()).map(({ part }) => part)).toEqual([2]);
});

it('Retry On Fail counts what the execution has created, before the list shows it', async () => {
	await submit('measure', 1);
	const limit = tokensOf(0);
	await product.finish(batches()[0].id);
	product.emulator.faults.listDelay(60_000);
	let uploads = 0;
	product.emulator.ledger.onRequest = ({ method, path }, stage) => {
		if (stage !== 'arrived' || method !== 'POST' || !path.endsWith('/files')) return;
		if (++uploads !== 2) return;
		const fault = { type: 'status', status: 403 } as const;
		product.emulator.faults.next({ method: 'POST', path: '/files', fault });
	};
	const more = { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 };
	await submit('a', 3, { maxEnqueuedTokens: limit }, more);
	expect(batches()).toHaveLength(2);
});

it('what was created of one submission counts once for the next one', async () => {
	const [first] = await submit('a', 2);
	await submit('b', 1);
	await product.finish(String(first.id));
	const next = await submitWaiting({ maxEnqueuedTokens: 2 * tokensOf(0) });
	expect(next.map(({ status }) => status)).toEqual(['validating', 'validating']);
});

it('the batches of others count for a submission that counts them, after one that does not', async () => {
	await submit('a', 2, { ignoreOtherBatches: true });
	await submit('b', 1);
	await product.finish(batches()[0].id);
	await submitWaiting();
	await product.finish(batches()[1].id);
	const lines = rowsOf('others', 2);
	await product.json('batch', 'submit', { ...ASK_TEXT } as never, lines);
	expect((await submitWaiting()).map(({ status }) => status)).toEqual(['waiting']);
});

it('Submit Waiting Parts does not repeat what Retry Unfinished has created', async () => {
	const [first] = await submit('a', 2);
	await product.finish(String(first.id));
	failAtLimit(1);
	const [second] = await submitWaiting();
	await fail(String(second.id));
	await product.json('batch', 'retry', { batchId: second.id as string });
	await product.finish(batches().at(-1)!.id);
	await submitWaiting();
	expect(standing(2)).toHaveLength(1);
});

it('Retry Unfinished does not repeat what Submit Waiting Parts has created', async () => {
	const [first] = await submit('a', 2);
	await product.finish(String(first.id));
	failAtLimit(1);
	const [second] = await submitWaiting();
	await fail(String(second.id));
	await submitWaiting();
	await product.run('batch', 'retry', { batchId: second.id as string });
	expect(standing(2)).toHaveLength(1);
});

it('two batches of a part that nobody could settle are settled by the next run', async () => {
	const [first] = await submit('a', 2);
	await product.finish(String(first.id));
	await submitWaiting();
	// Another execution created it at the same moment, and was killed before it could look again.
	const { input_file_id, endpoint, completion_window, metadata } = batches()[1];
	await fetch(`${product.emulator.url}/batches`, {
		method: 'POST',
		headers: {
			authorization: `Bearer ${product.emulator.apiKey}`,
			'content-type': 'application/json',
		},
		body: JSON.stringify({ input_file_id, endpoint, completion_window, metadata }),
	});
	expect(standing(2)).toHaveLength(2);
	await submitWaiting();
	expect(standing(2)).toHaveLength(1);
});

it('Submit returns the batch that stands, when Submit Waiting Parts runs too', async () => {
	const execution = { executionId: 'one' };
	const [first] = await submit('a', 2, {}, execution);
	await product.finish(String(first.id));
	const [waiting, submitted] = await atOnce(async () => await submit('a', 2, {}, execution));
	expect(standing(2)).toHaveLength(1);
	const [{ id }] = standing(2);
	expect([waiting[0].id, submitted[1].id]).toEqual([id, id]);
});

it('Submit that is killed after its first create leaves a queue', async () => {
	let cancel = () => {};
	const { ledger } = product.emulator;
	ledger.onRequest = (request, stage) => {
		if (isCreate(request) && stage === 'done') cancel();
	};
	const execution = product.engine.startNode(
		'openAiBatch',
		{ resource: 'batch', operation: 'submit', ...(parametersOf({}) as object) },
		rowsOf('a', 6),
	);
	cancel = execution.cancel;
	await execution.finished;
	ledger.onRequest = () => {};
	await product.finish(batches()[0].id);
	expect((await submitWaiting()).map(({ part }) => part)).toEqual([2, 3]);
});

it('a part that another execution created just before it was written down again', async () => {
	const { emulator } = product;
	const execution = { executionId: 'one' };
	failAtLimit(3);
	const [first] = await submit('a', 1, {}, execution);
	await fail(String(first.id));
	await emulator.advance(60_000);
	let goOn = () => {};
	const held = new Promise<void>((resolve) => (goOn = resolve));
	const arrived = new Promise<void>((resolve) => {
		emulator.ledger.onRequest = async ({ method, path }, stage) => {
			if (stage !== 'arrived' || method !== 'POST' || !path.endsWith('/files')) return;
			resolve();
			await held;
		};
	});
	// Submit has read the list, and is about to write down the part, when it is created.
	const again = submit('a', 1, {}, execution);
	await arrived;
	const [second] = await submitWaiting();
	await emulator.advance(1_000);
	goOn();
	expect((await again)[0].id).toBe(second.id);
	// The second batch fails, and the one that Submit has given up for it does not stand for the part.
	await fail(String(second.id));
	await emulator.advance(60_000);
	expect((await submitWaiting()).map(({ part }) => part)).toEqual([1]);
});

const forbidden = { type: 'status', status: 403 } as const;

it('Submit Waiting Parts that fails names what it has created all the same', async () => {
	await submit('a', 2);
	await submit('b', 1);
	await product.finish(batches()[0].id);
	// The list of the first submission cannot be read.
	product.emulator.faults.next({ path: /content$/, fault: forbidden });
	const { error } = await product.run('batch', 'submitWaiting', {});
	expect(batches()).toHaveLength(2);
	expect(`${error?.message} ${error?.description}`).toContain(batches()[1].id);
});

it('an upload that fails names the files of the parts before it', async () => {
	let uploads = 0;
	product.emulator.ledger.onRequest = ({ method, path }, stage) => {
		if (stage !== 'arrived' || method !== 'POST' || !path.endsWith('/files')) return;
		if (++uploads !== 2) return;
		product.emulator.faults.next({ method: 'POST', path: '/files', fault: forbidden });
	};
	const { error } = await product.run('batch', 'submit', parametersOf({}), rowsOf('a', 4));
	const [{ id }] = product.emulator.ledger.uploads;
	expect(`${error?.message} ${error?.description}`).toContain(id);
});

it('a batch of others whose size is not known does not count for nothing', async () => {
	await product.json('batch', 'submit', { ...ASK_TEXT } as never, rowsOf('others', 2));
	const headers = { 'x-should-retry': 'false' };
	const fault = { type: 'status', status: 429, headers } as const;
	product.emulator.faults.next({ method: 'GET', path: /^\/files\/./, fault });
	await product.run('batch', 'submit', parametersOf({ maxEnqueuedTokens: 30 }), rowsOf('a', 2));
	expect(batches()).toHaveLength(1);
});

/** Whoever lets parts wait has to be able to go on with them; a server may be refused before. */
describe('on servers that cannot do all of it', () => {
	it('one that drops metadata has each part created once', async () => {
		await product.stop();
		await start('bella');
		const run = await product.run('batch', 'submit', parametersOf({}), rowsOf('a', 4));
		const parts = run.error ? 0 : 2;
		for (let round = 0; round < 3; round++) {
			for (const { id, status } of batches()) {
				await product.emulator.step(id, /^cancel/.test(status) ? 'cancelled' : 'completed');
			}
			await product.run('batch', 'submitWaiting', {});
		}
		// The first part is created again each time, and given up; the second one never has its turn.
		expect(product.emulator.ledger.requests.filter(isCreate)).toHaveLength(parts);
		expect(new Set(batches().map(({ input_file_id: file }) => file)).size).toBe(parts);
	});

	it('one that renames files does not lose parts', async () => {
		await product.stop();
		await start('litellm');
		const run = await product.run('batch', 'submit', parametersOf({}), rowsOf('a', 4));
		const waiting = run.items('Node').filter(({ json }) => json.status === 'waiting');
		for (const { id } of batches()) await product.finish(id);
		expect(await submitWaiting()).toHaveLength(waiting.length);
	});

	it('one without a list lets no part wait for ever', async () => {
		await product.stop();
		const lacks = { 'GET /batches': { status: 405, text: 'Method Not Allowed' } } as const;
		await start({ ...DIALECTS.openai, lacks });
		const options = { createWithoutSearch: true };
		const run = await product.run('batch', 'submit', parametersOf(options), rowsOf('a', 4));
		const waiting = run.items('Node').filter(({ json }) => json.status === 'waiting');
		for (const { id } of batches()) await product.finish(id);
		const next = await product.run('batch', 'submitWaiting', {});
		expect(next.items('Node')).toHaveLength(waiting.length);
	});
});
