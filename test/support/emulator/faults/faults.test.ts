import { once } from 'node:events';
import { createServer } from 'node:net';
import { inspect } from 'node:util';

import OpenAI from 'openai';

import type { Emulator } from '..';
import { requestLine, startWithClient, submit, until, upload } from '../client';

let emulator: Emulator;
let client: OpenAI;

beforeEach(async () => {
	({ emulator, client } = await startWithClient());
});

afterEach(() => emulator.close());

const lines = [requestLine('a'), requestLine('b')];
const failure = (call: Promise<unknown>) => call.then(() => undefined).catch((thrown) => thrown);

describe('faults', () => {
	it('answer with a status and leave no trace', async () => {
		emulator.faults.next({
			method: 'POST',
			path: '/batches',
			fault: {
				type: 'status',
				status: 429,
				headers: { 'retry-after': '7' },
				body: { error: { message: 'Slow down', type: 'requests', code: 'slow_down' } },
			},
		});
		const error = await failure(submit(client, lines));
		expect(error).toBeInstanceOf(OpenAI.RateLimitError);
		expect(error.headers.get('retry-after')).toBe('7');
		expect(error.code).toBe('slow_down');
		expect(emulator.ledger.batches).toEqual([]);
		expect((await submit(client, lines)).status).toBe('validating');
	});

	it('strike an upload without breaking its connection', async () => {
		emulator.faults.next({ path: '/files', fault: { type: 'status', status: 503 } });
		const error = await failure(upload(client, 'x'.repeat(5_000_000)));
		expect(error).toBeInstanceOf(OpenAI.InternalServerError);
		expect(emulator.ledger.uploads).toEqual([]);
	});

	it.each([
		['before', 0],
		['after', 1],
	] as const)('reset the connection %s the effect', async (when, created) => {
		emulator.faults.next({ method: 'POST', path: '/batches', fault: { type: 'reset', when } });
		expect(await failure(submit(client, lines))).toBeInstanceOf(OpenAI.APIConnectionError);
		expect(emulator.ledger.batches).toHaveLength(created);
		expect(emulator.ledger.calls('POST', '/batches')[0].status).toBeNull();
	});

	it('fail after the effect', async () => {
		emulator.faults.next({ path: /^\/batches$/, fault: { type: 'status-after', status: 502 } });
		expect(await failure(submit(client, lines))).toMatchObject({ status: 502 });
		expect(emulator.ledger.batches).toHaveLength(1);
		expect((await client.batches.list()).data).toHaveLength(1);
	});

	it.each([
		['before', 0],
		['after', 1],
	] as const)('hold a request %s its effect until a test lets it go', async (when, created) => {
		let release = () => {};
		const held = new Promise<void>((resolve) => (release = resolve));
		emulator.faults.next({
			method: 'POST',
			path: '/batches',
			fault: { type: 'hold', when, until: held },
		});
		const submitted = submit(client, lines);
		await until(() => emulator.ledger.calls('POST', '/batches').length === 1);
		if (created > 0) await until(() => emulator.ledger.batches.length === created);
		expect(emulator.ledger.calls('POST', '/batches')[0].status).toBeNull();
		expect(emulator.ledger.batches).toHaveLength(created);
		release();
		expect((await submitted).id).toBe(emulator.ledger.batches[0].id);
	});

	it.each(['before', 'after'] as const)('stall %s the effect until close', async (when) => {
		emulator.faults.next({ method: 'POST', path: '/batches', fault: { type: 'stall', when } });
		const call = failure(submit(client, lines));
		await until(() => emulator.ledger.calls('POST', '/batches').length === 1);
		await emulator.close();
		expect(await call).toBeInstanceOf(OpenAI.APIConnectionError);
	});

	it('strike as often as asked, and only what matches', async () => {
		emulator.faults.next({
			method: 'GET',
			path: /^\/batches\/batch_/,
			times: 2,
			fault: { type: 'status', status: 500 },
		});
		const { id } = await submit(client, lines);
		expect(await failure(client.batches.retrieve(id))).toMatchObject({ status: 500 });
		expect(await failure(client.batches.retrieve(id))).toMatchObject({ status: 500 });
		expect((await client.batches.retrieve(id)).id).toBe(id);
	});

	describe('of downloads', () => {
		const content = 'x'.repeat(1000);
		const download = async () => {
			const { id } = emulator.addFile(content);
			return client.files.content(id);
		};

		it('cut the connection at a byte', async () => {
			emulator.faults.next({
				path: /content$/,
				fault: { type: 'truncate', bytes: 300, keepContentLength: true },
			});
			const answer = await download();
			expect(answer.headers.get('content-length')).toBe('1000');
			let received = 0;
			const read = async () => {
				for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
					received += chunk.length;
				}
			};
			await expect(read()).rejects.toThrow();
			expect(received).toBe(300);
		});

		it('hide that the end is missing', async () => {
			emulator.faults.next({
				path: /content$/,
				fault: { type: 'truncate', bytes: 300, keepContentLength: false },
			});
			const answer = await download();
			expect(answer.headers.get('content-length')).toBe('300');
			expect(await answer.text()).toHaveLength(300);
		});

		it('trickle', async () => {
			emulator.faults.next({ path: /content$/, fault: { type: 'slow', bytesPerSecond: 5000 } });
			const start = performance.now();
			expect(await (await download()).text()).toBe(content);
			expect(performance.now() - start).toBeGreaterThan(150);
		});
	});

	it('refuse connections for a moment', async () => {
		emulator.faults.next({ path: '/batches', fault: { type: 'refuse', ms: 20 } });
		expect((await client.batches.list()).data).toEqual([]);
		const error = await failure(client.batches.list());
		expect(error).toBeInstanceOf(OpenAI.APIConnectionError);
		expect(JSON.stringify(inspect(error, { depth: 5 }))).toContain('ECONNREFUSED');
		await emulator.advance(20);
		expect((await client.batches.list()).data).toEqual([]);
	});

	it('refuse connections until the port is free again', async () => {
		emulator.faults.next({ path: '/batches', fault: { type: 'refuse', ms: 20 } });
		await client.batches.list();
		const other = createServer((socket) => socket.destroy());
		await once(other.listen(Number(new URL(emulator.url).port), '127.0.0.1'), 'listening');
		const isOver = emulator.advance(20);
		expect(await failure(client.batches.list())).toBeInstanceOf(OpenAI.APIConnectionError);
		await once(other.close(), 'close');
		await isOver;
		expect((await client.batches.list()).data).toEqual([]);
	});

	it('send other headers, and texts as they are', async () => {
		emulator.faults.next({
			path: '/batches',
			fault: { type: 'headers', headers: { 'content-type': 'text/plain' } },
		});
		emulator.faults.next({ path: '/batches', fault: { type: 'status-after', body: '<html>' } });
		const list = () =>
			fetch(`${emulator.url}/batches`, { headers: { 'api-key': emulator.apiKey } });
		const first = await list();
		expect(first.headers.get('content-type')).toBe('text/plain');
		expect(await first.json()).toMatchObject({ data: [] });
		expect(await (await list()).text()).toBe('<html>');
	});

	it.each(['chunked', 'closed'] as const)(
		'cut an answer without a length (%s)',
		async (lengthless) => {
			const { id } = emulator.addFile('x'.repeat(1000));
			emulator.faults.next({
				path: /content$/,
				fault: { type: 'truncate', bytes: 300, lengthless },
			});
			const answer = await client.files.content(id);
			expect(answer.headers.get('content-length')).toBeNull();
			const text = await answer.text().catch(() => 'broken off');
			expect(text).toBe(lengthless === 'chunked' ? 'broken off' : 'x'.repeat(300));
		},
	);

	describe('of a plan', () => {
		const struck = async (seed: number, rate = 0.5, kinds?: string[]) => {
			emulator.ledger.clear();
			emulator.faults.plan({ seed, rate, kinds });
			for (let call = 0; call < 20; call++) await failure(client.batches.list());
			return emulator.ledger.requests.map(({ fault }) => fault);
		};
		const statuses = ['500', '503', '429', '502', '504', '408'];

		it('are the same for the same seed, and others for another', async () => {
			const first = await struck(7, 0.5, statuses);
			expect(await struck(7, 0.5, statuses)).toEqual(first);
			expect(await struck(8, 0.5, statuses)).not.toEqual(first);
			expect(new Set(first).size).toBeGreaterThan(3);
		});

		it('are counted on a route, whatever the ids in it', async () => {
			const ofIds = async (start: string) => {
				emulator.ledger.clear();
				emulator.faults.plan({ seed: 7, rate: 0.5, kinds: statuses });
				for (let call = 0; call < 20; call++) {
					await failure(client.batches.retrieve(`${start}${call}`));
				}
				return emulator.ledger.requests.map(({ fault }) => fault);
			};
			const first = await ofIds('batch_');
			expect(new Set(first).size).toBeGreaterThan(3);
			expect(await ofIds('bGl0ZWxsbQ')).toEqual(first);
			expect(await ofIds('other')).toEqual(first);
		});

		it('strike all, none, and nothing that they make no sense for', async () => {
			expect(await struck(1, 0)).toEqual(Array(20).fill(undefined));
			expect(new Set(await struck(1, 1, ['500', 'expired file']))).toEqual(new Set(['500']));
			expect(await struck(1, 1, ['expired file'])).toEqual(Array(20).fill(undefined));
		});
	});

	it('delay the list by time', async () => {
		emulator.faults.listDelay(5000);
		const fresh = await submit(client, lines);
		expect((await client.batches.list()).data).toEqual([]);
		await emulator.advance(5000);
		expect((await client.batches.list()).data.map(({ id }) => id)).toEqual([fresh.id]);
	});

	it('delay the list', async () => {
		const oldest = emulator.addBatch({});
		const old = emulator.addBatch({});
		emulator.faults.listLag(2);
		const fresh = await submit(client, lines);
		const listed = async () => {
			const ids: string[] = [];
			for await (const { id } of client.batches.list({ limit: 1 })) ids.push(id);
			return ids;
		};
		expect(await listed()).toEqual([old.id, oldest.id]);
		expect(await listed()).toEqual([old.id, oldest.id]);
		expect(await listed()).toEqual([fresh.id, old.id, oldest.id]);
		expect((await client.batches.retrieve(fresh.id)).id).toBe(fresh.id);
	});
});
