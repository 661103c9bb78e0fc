import OpenAI from 'openai';
import { Webhook } from 'standardwebhooks';

import type { Emulator } from '..';
import { requestLine, startWithClient, submit } from '../client';
import { startReceiver, type Receiver } from './receiver';

const URL = 'https://n8n.example/webhook/1/webhook';
const SECONDS = Math.floor(Date.now() / 1000);
const DAY = 86_400_000;

let receiver: Receiver;
let emulator: Emulator;
let client: OpenAI;

beforeEach(async () => {
	receiver = await startReceiver();
	({ emulator, client } = await startWithClient({
		now: SECONDS * 1000,
		webhooks: { deliverTo: receiver.origin, retryAfter: [1000, 2000, 4000] },
	}));
});

afterEach(async () => {
	await emulator.close();
	await receiver.close();
});

const all = ['batch.completed', 'batch.failed', 'batch.expired', 'batch.cancelled'] as const;

const register = (fields: Partial<OpenAI.Webhooks.WebhookCreateParams> = {}) =>
	client.webhooks.create({ name: 'n8n', url: URL, event_types: [...all], ...fields });

/** A batch that ends with this status, and the deliveries that are due at once. */
async function finish(status: 'completed' | 'failed' | 'expired' | 'cancelled' = 'completed') {
	const { id } = await submit(client, [requestLine('a'), requestLine('b')]);
	await emulator.step(id, status);
	await emulator.advance(0);
	return id;
}

const failure = (call: Promise<unknown>) => call.then(() => undefined).catch((thrown) => thrown);
const types = () => receiver.received.map(({ body }) => JSON.parse(body).type);

describe('webhook endpoints', () => {
	it('tell their secret at creation only', async () => {
		const { signing_secret: secret, ...created } = await register();
		expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
		expect(created).toEqual({
			id: expect.stringMatching(/^whe_/),
			object: 'webhook_endpoint',
			name: 'n8n',
			url: URL,
			event_types: all,
			created_at: SECONDS,
			updated_at: SECONDS,
			signing_secret_hint: expect.any(String),
		});
		expect(await client.webhooks.retrieve(created.id)).toEqual(created);
		expect((await client.webhooks.list()).data).toEqual([created]);
	});

	it('are listed newest first, page by page', async () => {
		const ids = [];
		for (let index = 0; index < 5; index++) ids.unshift((await register()).id);
		const listed = [];
		for await (const { id } of client.webhooks.list({ limit: 2 })) listed.push(id);
		expect(listed).toEqual(ids);
	});

	it('count as updated when something changed', async () => {
		const { id } = await register();
		await emulator.advance(5000);
		expect((await client.webhooks.update(id, { name: 'n8n' })).updated_at).toBe(SECONDS);
		expect(await client.webhooks.update(id, { event_types: ['batch.failed'] })).toMatchObject({
			name: 'n8n',
			event_types: ['batch.failed'],
			updated_at: SECONDS + 5,
		});
	});

	it('are gone after a delete', async () => {
		const { id } = await register();
		expect(await client.webhooks.delete(id)).toEqual({
			id,
			object: 'webhook_endpoint.deleted',
			deleted: true,
		});
		expect(await failure(client.webhooks.retrieve(id))).toMatchObject({ status: 404 });
		expect(await failure(client.webhooks.delete(id))).toMatchObject({ status: 404 });
	});

	it.each([
		['http://n8n.example/webhook', 'url'],
		['http://127.0.0.1:5678/webhook', 'url'],
		['n8n.example/webhook', 'url'],
	])('refuse the address %s', async (url, param) => {
		expect(await failure(register({ url }))).toMatchObject({ status: 400, param });
	});

	it('refuse event types that there are not', async () => {
		const error = await failure(register({ event_types: ['batch.created' as never] }));
		expect(error).toMatchObject({ status: 400, param: 'event_types[0]' });
		expect(await failure(register({ event_types: [] }))).toMatchObject({ status: 400 });
	});

	it('are unknown to a server that offers none', async () => {
		const other = await startWithClient({ webhooks: { offered: false } });
		expect(await failure(other.client.webhooks.list())).toMatchObject({ status: 404 });
		await other.emulator.close();
	});
});

describe('deliveries', () => {
	it.each(['completed', 'failed', 'expired', 'cancelled'] as const)(
		'tell that a batch is %s, in a signed thin event',
		async (status) => {
			const { signing_secret: secret } = await register();
			const id = await finish(status);
			expect(receiver.received).toHaveLength(1);
			const [{ path, body, headers }] = receiver.received;
			expect(path).toBe('/webhook/1/webhook');
			const event = await client.webhooks.unwrap(body, headers as never, secret);
			expect(event).toEqual({
				id: expect.stringMatching(/^evt_/),
				object: 'event',
				created_at: SECONDS,
				type: `batch.${status}`,
				data: { id },
			});
			expect(new Webhook(secret).verify(body, headers as never)).toEqual(event);
		},
	);

	it('go to those who asked for the event', async () => {
		await register({ event_types: ['batch.failed'] });
		await finish('completed');
		await finish('failed');
		expect(types()).toEqual(['batch.failed']);
	});

	it('are tried again on the clock, with the same id, until acknowledged', async () => {
		await register();
		receiver.statuses.push(500, 401);
		await finish();
		await emulator.advance(999);
		expect(receiver.received).toHaveLength(1);
		await emulator.advance(1);
		expect(receiver.received).toHaveLength(2);
		await emulator.advance(2000);
		await emulator.advance(DAY);
		expect(emulator.webhooks.deliveries.ledger.map(({ status }) => status)).toEqual([
			500, 401, 200,
		]);
		expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
		const times = receiver.received.map(({ headers }) => Number(headers['webhook-timestamp']));
		expect(times).toEqual([SECONDS, SECONDS + 1, SECONDS + 3]);
	});

	it('are given up after the last retry, and when the connection fails', async () => {
		await register();
		await receiver.close();
		await finish();
		await emulator.advance(DAY);
		const { ledger } = emulator.webhooks.deliveries;
		expect(ledger.map(({ status }) => status)).toEqual([null, null, null, null]);
	});

	it('end with their endpoint', async () => {
		const { id } = await register();
		receiver.statuses.push(500);
		await finish();
		await client.webhooks.delete(id);
		await emulator.advance(DAY);
		expect(receiver.received).toHaveLength(1);
	});

	it('come out of order on request', async () => {
		await register();
		emulator.webhooks.deliveries.hold();
		await finish('failed');
		await finish('completed');
		expect(receiver.received).toHaveLength(0);
		emulator.webhooks.deliveries.release('reversed');
		await emulator.advance(0);
		expect(types()).toEqual(['batch.completed', 'batch.failed']);
	});

	it('come more than once on request', async () => {
		await register();
		emulator.webhooks.copies = 2;
		await finish();
		expect(receiver.received).toHaveLength(2);
		emulator.webhooks.deliveries.redeliver(emulator.webhooks.deliveries.ledger[0].message);
		await emulator.advance(0);
		expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
		expect(receiver.received).toHaveLength(3);
	});

	it('are signed with both secrets for a day when the old one is kept', async () => {
		const { id, signing_secret: old } = await register();
		const options = { keep_old_secret_active_for_24_hours: true };
		const { signing_secret: fresh } = await client.webhooks.rotateSecret(id, options);
		const isValid = async ({ body, headers }: Receiver['received'][number], secret: string) =>
			!(await failure(client.webhooks.verifySignature(body, headers as never, secret, 2 * DAY)));
		await finish();
		await emulator.advance(DAY);
		await finish();
		const [both, late] = receiver.received;
		expect([await isValid(both, old), await isValid(both, fresh)]).toEqual([true, true]);
		expect([await isValid(late, old), await isValid(late, fresh)]).toEqual([false, true]);
	});

	it('are signed with the new secret only when the old one is not kept', async () => {
		const { id, signing_secret: old } = await register();
		const { signing_secret: fresh } = await client.webhooks.rotateSecret(id);
		await finish();
		const [{ body, headers }] = receiver.received;
		await client.webhooks.verifySignature(body, headers as never, fresh);
		expect(await failure(client.webhooks.unwrap(body, headers as never, old))).toBeDefined();
	});

	it('can be tested', async () => {
		const { id } = await register();
		receiver.statuses.push(418);
		expect(await client.webhooks.test(id, { event_type: 'batch.failed' })).toEqual({
			object: 'webhook_endpoint.test',
			webhook_endpoint_id: id,
			event_type: 'batch.failed',
			status_code: 418,
			success: true,
		});
		expect(types()).toEqual(['batch.failed']);
	});

	it('are not made of what is put into the history', async () => {
		await register();
		emulator.addBatch({});
		await emulator.advance(0);
		expect(receiver.received).toEqual([]);
	});
});
