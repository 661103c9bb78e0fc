import OpenAI from 'openai';

import type { Emulator } from '.';
import { requestLine, startWithClient, submit } from './client';

let emulator: Emulator;
let client: OpenAI;

beforeEach(async () => {
	({ emulator, client } = await startWithClient());
});

afterEach(() => emulator.close());

const lines = [requestLine('a')];

describe('listing batches', () => {
	it('goes from the newest to the oldest, also within one second', async () => {
		const ids: string[] = [];
		for (let index = 0; index < 5; index++) ids.unshift((await submit(client, lines)).id);
		const seen: string[] = [];
		for await (const batch of client.batches.list({ limit: 2 })) seen.push(batch.id);
		expect(seen).toEqual(ids);
		expect(emulator.ledger.calls('GET', '/batches').map(({ query }) => query)).toEqual([
			{ limit: '2' },
			{ limit: '2', after: ids[1] },
			{ limit: '2', after: ids[3] },
		]);
	});

	it('gives the page as the real service does', async () => {
		const ids = Array.from({ length: 21 }, () => emulator.addBatch({}).id).reverse();
		const answer = await fetch(`${emulator.url}/batches`, {
			headers: { authorization: `Bearer ${emulator.apiKey}` },
		});
		const { data, ...rest } = await answer.json();
		expect(data.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 20));
		expect(rest).toEqual({ object: 'list', first_id: ids[0], last_id: ids[19], has_more: true });
	});

	it('has no more after a page that is just full', async () => {
		for (let index = 0; index < 4; index++) emulator.addBatch({});
		const first = await client.batches.list({ limit: 2 });
		expect(first.has_more).toBe(true);
		expect((await client.batches.list({ limit: 2, after: first.data[1].id })).has_more).toBe(false);
	});

	it('is empty at first', async () => {
		expect(await client.batches.list()).toMatchObject({ data: [], has_more: false });
		const answer = await fetch(`${emulator.url}/batches`, {
			headers: { authorization: `Bearer ${emulator.apiKey}` },
		});
		expect(await answer.json()).toEqual({
			object: 'list',
			data: [],
			first_id: null,
			last_id: null,
			has_more: false,
		});
	});

	it.each([
		[0, 'integer_below_min_value'],
		[101, 'integer_above_max_value'],
	])('refuses a limit of %d', async (limit, code) => {
		const error = await client.batches.list({ limit }).catch((thrown) => thrown);
		expect(error.error).toMatchObject({ param: 'limit', code });
	});

	it('puts older batches of a history behind newer ones', async () => {
		const { id, created_at } = await submit(client, lines);
		const old = emulator.addBatch({ created_at: created_at - 100, error_file_id: '' });
		const { data } = await client.batches.list();
		expect(data.map((batch) => batch.id)).toEqual([id, old.id]);
		expect(data[1]).toMatchObject({ status: 'completed', error_file_id: '' });
	});
});

describe('one batch', () => {
	it('is unknown under another id', async () => {
		for (const call of [
			() => client.batches.retrieve('batch_nothing'),
			() => client.batches.cancel('batch_nothing'),
		]) {
			const error = await call().catch((thrown) => thrown);
			expect(error).toBeInstanceOf(OpenAI.NotFoundError);
			expect(error.message).toContain("No batch found with id 'batch_nothing'.");
		}
	});
});

describe('cancelling', () => {
	it('leaves no files when nothing had begun', async () => {
		const { id } = await submit(client, lines);
		await client.batches.cancel(id);
		await emulator.step(id, 'cancelled');
		expect(await client.batches.retrieve(id)).toMatchObject({
			status: 'cancelled',
			output_file_id: null,
			error_file_id: null,
			request_counts: { total: 0, completed: 0, failed: 0 },
		});
	});

	it('may be repeated', async () => {
		const { id } = await submit(client, lines);
		await client.batches.cancel(id);
		expect((await client.batches.cancel(id)).status).toBe('cancelling');
		await emulator.step(id, 'cancelled');
		expect((await client.batches.cancel(id)).status).toBe('cancelled');
	});

	it.each(['completed', 'failed', 'expired'] as const)('comes too late when %s', async (status) => {
		const { id } = await submit(client, lines);
		await emulator.step(id, status);
		const error = await client.batches.cancel(id).catch((thrown) => thrown);
		expect(error).toBeInstanceOf(OpenAI.ConflictError);
		expect(error.error).toEqual({
			message: `Cannot cancel a batch with status '${status}'.`,
			type: 'invalid_request_error',
			param: null,
			code: null,
		});
	});
});
