import type { IDataObject } from 'n8n-workflow';
import { CREDENTIAL, productForTests } from './product';
import type { Answer } from './support/scriptedServer';
import { answer, refuse, serverForTests } from './support/scriptedServer';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/jumpingClock'));
const { goTo } = jest.requireMock<{ goTo: (time: Date) => void }>('n8n-workflow');

const product = productForTests();
const server = serverForTests();

const SECOND = 1_000;

/** Waits for the batches of the input items at the scripted server. */
async function wait(input: IDataObject[], options: IDataObject, parameters: IDataObject = {}) {
	return await product.run(
		'batch',
		'wait',
		{ batchId: '={{ $json.id }}', options, ...parameters } as never,
		input,
		{
			credentialData: { [CREDENTIAL]: { apiKey: 'sk-1', url: server.url } },
			onError: 'continueErrorOutput',
		},
	);
}

const batch = (id: string, status = 'in_progress') =>
	answer(200, { id, object: 'batch', status, request_counts: null });

/** An answer for which the server takes some time on the clock. */
const after =
	(ms: number, then: Answer): Answer =>
	(...exchange) => {
		goTo(new Date(Date.now() + ms));
		then(...exchange);
	};

describe('many batches at a slow server', () => {
	const input = Array.from({ length: 60 }, (_, at) => ({ id: `batch_${at}` }));

	test('are all asked for at the end of the wait', async () => {
		server.script(...input.map(({ id }) => after(SECOND / 2, batch(id, 'completed'))));
		const { items } = await wait(input, { maxWait: 0 });
		expect(items('Node', 1).map(({ json }) => json.error)).toEqual([]);
		expect(items('Node', 0).map(({ json }) => json.status)).toEqual(input.map(() => 'completed'));
		expect(server.seen).toHaveLength(60);
	});

	test('end ten seconds after Max Wait for each ten of them, whatever the server answers', async () => {
		const busy = refuse(503, {}, { 'x-should-retry': 'true' });
		server.script(...Array.from({ length: 600 }, () => after(SECOND / 10, busy)));
		const began = Date.now();
		const { items } = await wait(input, { maxWait: 0 });
		expect(items('Node', 1)).toHaveLength(60);
		expect(new Set(server.seen.map(({ url }) => url)).size).toBe(60);
		expect(Date.now() - began).toBeLessThan(6 * 15 * SECOND);
	});
});

describe('a server that answers 404 at first', () => {
	const unknown = refuse(404, { message: 'No batch found' });
	const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

	test('a batch that was just created is asked for again', async () => {
		server.script(unknown, unknown, unknown, batch('batch_1', 'completed'));
		const { items } = await wait([{ id: 'batch_1', created_at: ago(3 * SECOND) }], {});
		expect(items('Node', 1).map(({ json }) => json.error)).toEqual([]);
		expect(items('Node', 0).map(({ json }) => json.status)).toEqual(['completed']);
		expect(server.seen).toHaveLength(4);
	});

	test('after a minute it does not exist', async () => {
		server.script(...Array.from({ length: 99 }, () => unknown));
		const began = Date.now();
		const { items } = await wait([{ id: 'batch_1', created_at: ago(0) }], {});
		expect(items('Node', 1).map(({ json }) => json.error)).toEqual(['No batch found']);
		expect(Date.now() - began).toBeGreaterThan(55 * SECOND);
		expect(Date.now() - began).toBeLessThan(100 * SECOND);
	});

	test('a batch that has been seen, and is gone, ends the wait at once', async () => {
		server.script(batch('batch_1'), unknown);
		const { items } = await wait([{ id: 'batch_1', created_at: ago(0) }], {});
		expect(items('Node', 1).map(({ json }) => json.error)).toEqual(['No batch found']);
		expect(server.seen).toHaveLength(2);
	});

	test.each<[string, IDataObject]>([
		['was created long ago', { id: 'batch_1', created_at: ago(600 * SECOND) }],
		['is not the one of the item', { id: 'batch_2', created_at: ago(0) }],
		['comes without the time of its creation', { id: 'batch_1' }],
	])('a batch that %s ends the wait at once', async (_name, json) => {
		server.script(unknown, batch('batch_1', 'completed'));
		const { items } = await wait([json], {}, { batchId: 'batch_1' });
		expect(items('Node', 1).map(({ json: { error } }) => error)).toEqual(['No batch found']);
		expect(server.seen).toHaveLength(1);
	});
});
