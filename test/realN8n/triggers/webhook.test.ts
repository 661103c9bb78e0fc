import { randomBytes } from 'node:crypto';
import { request } from 'undici';
import type { Delivery } from '../../support/emulator/webhooks';
import { Stage } from './stage';
import { eventIds } from './told';
import { until } from './until';
import { pollingWorkflow, webhookWorkflow } from './workflows';

/** What the emulator is told, as if it were on the internet; it delivers to n8n on loopback. */
const PUBLIC_URL = 'https://n8n.example.test/';

/** Every half second for ten minutes; the service goes on for three days. */
const RETRIES = Array.from({ length: 1_200 }, () => 500);

let stage: Stage;

beforeAll(async () => {
	stage = await Stage.open({
		// Else n8n waits for minutes until it goes on with a publication that it did not live to end.
		env: { WEBHOOK_URL: PUBLIC_URL, N8N_WORKFLOW_PUBLICATION_OUTBOX_LEASE_SECONDS: '5' },
		emulator: (origin) => ({ webhooks: { deliverTo: origin, retryAfter: RETRIES } }),
	});
});
afterEach(async () => {
	stage.emulator.faults.clear();
	await stage.unpublishAll();
});
afterAll(async () => await stage?.close());

const publish = async (name: string) =>
	await stage.publish(webhookWorkflow({ name, credential: stage.n8n.credential }));

const endpoints = () => stage.emulator.webhooks.endpoints.all();
const deliveries = () => stage.emulator.webhooks.deliveries.ledger;
const deliveriesOf = (batch: string) =>
	deliveries().filter(({ message }) => message.event.data.id === batch);

/** Waits until a batch's event was acknowledged, and gives the delivery. */
async function acknowledged(batch: string): Promise<Delivery> {
	return await until(
		`the acknowledgement of ${batch}`,
		() => deliveriesOf(batch).find(({ status }) => status === 200),
		{ instead: () => `The answers were ${deliveriesOf(batch).map(({ status }) => status)}.` },
	);
}

/** Delivers to n8n what anybody could send; returns the status of the answer. */
async function post({ url, headers, body }: Pick<Delivery, 'url' | 'headers' | 'body'>) {
	const address = new URL(new URL(url).pathname, stage.n8n.origin);
	const answer = await request(address, { method: 'POST', headers, body });
	await answer.body.dump();
	return answer.statusCode;
}

describe('the webhook trigger in n8n', () => {
	it('registers one endpoint when it is published, and removes it when it is not', async () => {
		const id = await publish('registration');
		expect(endpoints().map(({ wire }) => wire)).toEqual([
			expect.objectContaining({
				url: expect.stringMatching(/^https:\/\/n8n\.example\.test\/webhook\//),
				event_types: expect.arrayContaining(['batch.completed', 'batch.failed']),
			}),
		]);
		await stage.unpublish(id);
		expect(endpoints()).toEqual([]);
	});

	it('starts the workflow with the item of the polling trigger', async () => {
		const { credential } = stage.n8n;
		const [hooked, polled] = [
			await publish('both'),
			await stage.publish(pollingWorkflow({ name: 'both', credential })),
		];
		const batch = await stage.batch('both', 'completed');
		const other = await stage.batch('neither', 'completed');
		await Promise.all([acknowledged(batch), acknowledged(other)]);
		for (const id of [hooked, polled]) await stage.untilTold(id, [`${batch}:completed`]);

		const items = async (id: string) => (await stage.told(id)).map(({ item }) => item);
		expect(await items(hooked)).toHaveLength(1);
		expect(await items(hooked)).toEqual(await items(polled));
	});

	it('takes no delivery twice, and none that is not signed by the service', async () => {
		const id = await publish('forged');
		const batch = await stage.batch('forged', 'completed');
		const genuine = await acknowledged(batch);
		await stage.untilTold(id, [`${batch}:completed`]);
		expect(await post(genuine)).toBe(200);
		stage.emulator.webhooks.deliveries.redeliver(genuine.message);
		await until('the second delivery', () => {
			return deliveriesOf(batch).filter(({ status }) => status === 200).length === 2;
		});

		const signature = `v1,${randomBytes(32).toString('base64')}`;
		const headers = { ...genuine.headers, 'webhook-id': 'wh_new', 'webhook-signature': signature };
		expect(await post({ ...genuine, headers })).toBe(401);
		expect(await post({ ...genuine, body: genuine.body.replace('completed', 'failed') })).toBe(401);
		const old = { ...genuine.headers, 'webhook-timestamp': '1700000000' };
		expect(await post({ ...genuine, headers: old })).toBe(401);

		expect(await stage.n8n.rest.executions(id)).toHaveLength(1);
	});

	it('tells once what ended while n8n was down, and keeps its one endpoint', async () => {
		const id = await publish('down');
		const before = await stage.batch('down', 'completed');
		await acknowledged(before);
		const [{ wire: endpoint }] = endpoints();
		await stage.n8n.kill();
		const during = await stage.batch('down', 'expired');
		await until('two tries in vain', () => deliveriesOf(during).length > 2);
		await stage.n8n.restart();
		const wanted = [`${before}:completed`, `${during}:expired`].sort();
		await stage.untilTold(id, wanted);
		await acknowledged(during);
		const after = await stage.batch('down', 'completed');
		await acknowledged(after);

		await stage.untilTold(id, [`${after}:completed`]);
		expect(eventIds(await stage.told(id))).toEqual([...wanted, `${after}:completed`].sort());
		expect(endpoints()).toHaveLength(1);
		expect(endpoints()[0].wire.url).toBe(endpoint.url);

		await stage.unpublish(id);
		await stage.republish(id);
		expect(endpoints()).toHaveLength(1);
	});

	it('tells once when n8n is killed while it takes a delivery', async () => {
		const id = await publish('taking');
		const batch = await stage.batch('taking', 'in_progress');
		const path = `/batches/${batch}`;
		stage.emulator.faults.next({ method: 'GET', path, fault: { type: 'stall', when: 'before' } });
		await stage.emulator.step(batch, 'completed');
		await until('n8n to ask', () => stage.emulator.ledger.calls('GET', path).length > 0);
		await stage.n8n.kill();
		await stage.n8n.restart();

		await acknowledged(batch);
		await stage.untilTold(id, [`${batch}:completed`]);
		expect(eventIds(await stage.told(id))).toEqual([`${batch}:completed`]);
	});

	it('loses nothing when n8n is killed just before it acknowledges', async () => {
		const id = await publish('acknowledging');
		const batch = await stage.batch('acknowledging', 'in_progress');
		const asked = () => stage.emulator.ledger.calls('GET', `/batches/${batch}`);
		await stage.emulator.step(batch, 'completed');
		await until('n8n to be answered', () => asked().some(({ status }) => status === 200), {
			every: 1,
		});
		await stage.n8n.kill();
		await stage.n8n.restart();

		await acknowledged(batch);
		await stage.untilTold(id, [`${batch}:completed`]);
		const found = await stage.told(id);
		expect([...new Set(eventIds(found))]).toEqual([`${batch}:completed`]);
	});

	it('leaves one endpoint when n8n was killed while it registered, and is published again', async () => {
		const workflow = webhookWorkflow({ name: 'registering', credential: stage.n8n.credential });
		const { id } = await stage.n8n.rest.createWorkflow(workflow);
		const path = '/webhook_endpoints';
		stage.emulator.faults.next({ method: 'POST', path, fault: { type: 'stall', when: 'after' } });
		const publishing = stage.republish(id).catch(() => undefined);
		await until('the registration', () => endpoints().length > 0);
		await stage.n8n.kill();
		await publishing;
		await stage.n8n.restart();
		const early = await stage.batch('registering', 'completed');
		// The secret died with n8n, which takes the workflow as published: that has to be seen.
		await until('an execution that tells', async () => {
			const executions = await stage.n8n.rest.executions(id);
			return executions.some(({ status }) => status === 'error');
		});
		expect(deliveriesOf(early).some(({ status }) => status === 200)).toBe(false);
		await stage.unpublish(id);
		await stage.republish(id);
		expect(endpoints()).toHaveLength(1);
		const batch = await stage.batch('registering', 'completed');

		await acknowledged(batch);
		const unregistered = /has to be registered again/;
		await stage.untilTold(id, [`${batch}:completed`], unregistered);
		expect(eventIds(await stage.told(id, unregistered))).toEqual([`${batch}:completed`]);
	});

	it('leaves neither the API key nor a signing secret readable in files and logs', async () => {
		const id = await publish('secrets');
		const [{ secrets }] = endpoints();
		const batch = await stage.batch('secrets', 'completed');
		await acknowledged(batch);
		await stage.untilTold(id, [`${batch}:completed`]);

		const { secret } = secrets[0];
		// What is surely there is found, so the rest would be.
		expect(await stage.placesOf(batch)).not.toEqual([]);
		expect(await stage.placesOf(stage.emulator.apiKey)).toEqual([]);
		expect(await stage.placesOf(secret.slice('whsec_'.length))).toEqual([]);
	});
});
