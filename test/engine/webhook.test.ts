import type { IDataObject, NodeParameterValueType } from 'n8n-workflow';
import { OpenAiBatchApi } from '../../credentials/OpenAiBatchApi.credentials';
import { OpenAiBatchTrigger } from '../../nodes/OpenAiBatchTrigger/OpenAiBatchTrigger.node';
import { OpenAiBatchWebhookTrigger } from '../../nodes/OpenAiBatchWebhookTrigger/OpenAiBatchWebhookTrigger.node';
import type { Batch } from '../../nodes/openai/api/objects';
import { startEmulator, type Emulator, type EmulatorOptions } from '../support/emulator';
import { signedHeaders } from '../support/emulator/webhooks/signature';
import { createEngine } from '../support/engine';
import { WebhookNode } from '../support/engine/webhookHarness';

const ADDRESS = 'https://n8n.example/webhook/hook-1/webhook';
const SECRET = `whsec_${Buffer.from('a secret that was pasted').toString('base64')}`;
/** A fault that the client does not repeat, since the server asks it to wait for too long. */
const OVERLOADED = { type: 'status', status: 503, headers: { 'retry-after': '120' } } as const;

let emulator: Emulator;
let trigger: WebhookNode;

async function start(
	parameters: Record<string, NodeParameterValueType> = {},
	{ webhookSecret, ...options }: EmulatorOptions & { webhookSecret?: string } = {},
) {
	const credential: IDataObject = { webhookSecret };
	trigger = await WebhookNode.start({
		node: OpenAiBatchWebhookTrigger,
		credentials: [OpenAiBatchApi],
		credentialData: { openAiBatchApi: credential as Record<string, string> },
		parameters,
	});
	emulator = await startEmulator({
		clock: 'manual',
		...options,
		webhooks: { deliverTo: trigger.origin, retryAfter: [1000, 2000, 4000], ...options.webhooks },
	});
	Object.assign(credential, { apiKey: emulator.apiKey, url: emulator.url });
}

/** The same, in a workflow that is published. */
async function startPublished(...given: Parameters<typeof start>) {
	await start(...given);
	await trigger.activate();
}

afterEach(async () => {
	await emulator.close();
	await trigger.close();
});

/** Lets a batch end, and delivers what is due at once. */
async function end(status: string, fields: Partial<Batch> = {}): Promise<Batch> {
	const batch = emulator.addBatch({ ...fields, status: 'in_progress', completed_at: null });
	Object.assign(batch, { status, [`${status}_at`]: batch.created_at + 60 });
	emulator.webhooks.tell(`batch.${status}`, batch.id);
	await emulator.advance(0);
	return batch;
}

const endpoints = () => emulator.webhooks.endpoints.all();
const deliveries = () => emulator.webhooks.deliveries.ledger;
const statuses = () => deliveries().map(({ status }) => status);
const reported = () => trigger.emitted.map(({ event_id }) => event_id);

/** Sends a request as if from outside. */
const post = async (headers: Record<string, string>, body: string) =>
	await fetch(`${trigger.origin}/webhook/hook-1/webhook`, { method: 'POST', headers, body });

const failure = async (call: Promise<unknown>) =>
	await call.then(
		() => undefined,
		(error: Error & { description?: string }) => error,
	);

describe('a delivery', () => {
	it.each(['completed', 'failed', 'expired', 'cancelled'] as const)(
		'of a batch that is %s starts the workflow with the item of the polling trigger',
		async (status) => {
			await startPublished();
			const engine = await createEngine({
				nodes: { polling: OpenAiBatchTrigger },
				credentials: [OpenAiBatchApi],
				credentialData: trigger.credentialData,
			});
			const poller = engine.poller('polling');
			await poller.activate();
			const batch = await end(status, { metadata: { team: 'a' } });
			expect(reported()).toEqual([`${batch.id}:${status}`]);
			expect(trigger.emitted).toEqual((await poller.tick()).items?.map(({ json }) => json));
			expect(statuses()).toEqual([200]);
		},
	);

	it('returns the whole batch without Simplify', async () => {
		await startPublished({ options: { simplify: false } });
		const batch = await end('completed');
		expect(trigger.emitted[0]).toMatchObject({ event: 'batch.completed', ...batch });
	});

	it('starts the workflow once, however often it is repeated', async () => {
		await startPublished();
		emulator.webhooks.copies = 3;
		const batch = await end('completed');
		emulator.webhooks.deliveries.redeliver(deliveries()[0].message);
		await emulator.advance(0);
		expect(statuses()).toEqual([200, 200, 200, 200]);
		expect(reported()).toEqual([`${batch.id}:completed`]);
		expect(emulator.ledger.calls('GET', /\/batches\/batch_/)).toHaveLength(1);
	});

	it('may be out of order', async () => {
		await startPublished();
		emulator.webhooks.deliveries.hold();
		const [one, other] = [await end('completed'), await end('expired')];
		emulator.webhooks.deliveries.release('reversed');
		await emulator.advance(0);
		expect(reported()).toEqual([`${other.id}:expired`, `${one.id}:completed`]);
	});

	it('is remembered, in a bounded number', async () => {
		await startPublished();
		await end('completed');
		const { received, ...rest } = trigger.staticData;
		const many = Array.from({ length: 1_000 }, (_, index) => `other-${index}`);
		trigger.stored = {
			'node:Trigger': { ...rest, received: [...many, ...(received as string[])] },
		};
		await end('completed');
		expect(trigger.staticData.received).toHaveLength(1_000);
		expect((trigger.staticData.received as string[])[998]).toBe((received as string[])[0]);
	});

	it('is refused until the batch can be fetched', async () => {
		await startPublished();
		emulator.faults.next({ path: /^\/batches\//, fault: OVERLOADED });
		const batch = await end('completed');
		expect(trigger.executions).toEqual([]);
		expect(trigger.staticData.received).toBeUndefined();
		await emulator.advance(60_000);
		expect(statuses()).toEqual([503, 200]);
		expect(reported()).toEqual([`${batch.id}:completed`]);
	});

	it('is refused until the batch shows its end', async () => {
		await startPublished();
		const batch = emulator.addBatch({ status: 'finalizing', completed_at: null });
		emulator.webhooks.tell('batch.completed', batch.id);
		await emulator.advance(0);
		Object.assign(batch, { status: 'completed' });
		await emulator.advance(60_000);
		expect(statuses()).toEqual([503, 200]);
		expect(reported()).toEqual([`${batch.id}:completed`]);
	});

	it('makes a failed execution when the batch cannot be fetched', async () => {
		await startPublished();
		emulator.webhooks.tell('batch.completed', 'batch_of_another_project');
		await emulator.advance(0);
		expect(statuses()).toEqual([500]);
		expect(trigger.executions).toHaveLength(1);
		expect(trigger.executions[0].error).toMatchObject({
			name: 'NodeApiError',
			message: expect.stringMatching(
				/^Could not fetch the batch named in the webhook: No batch found with id/,
			),
			description: expect.stringMatching(/same project as the API key/),
		});
		expect(trigger.staticData.received).toBeUndefined();
	});

	it.each([
		['an event that was not chosen', { events: ['failed'] }, {}],
		['another endpoint', { filters: { endpoint: '/v1/embeddings' } }, {}],
		[
			'other metadata',
			{ filters: { metadata: { pairs: [{ key: 'team', value: 'a' }] } } },
			{ metadata: { team: 'b' } },
		],
	] as const)('of %s is acknowledged and starts nothing', async (_, parameters, fields) => {
		await startPublished(structuredClone(parameters) as never);
		// An endpoint that was registered for more than the node asks for.
		endpoints()[0].wire.event_types = ['batch.completed', 'batch.failed'];
		await end('completed', structuredClone(fields) as never);
		expect(statuses()).toEqual([200]);
		expect(trigger.executions).toEqual([]);
	});

	it('of another kind of event is acknowledged and starts nothing', async () => {
		await startPublished({ registration: 'manual' }, { webhookSecret: SECRET });
		const body = JSON.stringify({ type: 'response.completed', data: { id: 'resp_1' } });
		const headers = signedHeaders('wh_1', Math.floor(Date.now() / 1000), body, [SECRET]);
		const { status } = await post({ 'content-type': 'application/json', ...headers }, body);
		expect(status).toBe(200);
		expect(trigger.executions).toEqual([]);
		expect(emulator.ledger.requests).toEqual([]);
	});

	it.each([
		['no JSON', 'text/plain', 'completed'],
		['no event', 'application/json', '[]'],
		['no event either', 'application/json', 'null'],
		['no id of a batch', 'application/json', '{"type":"batch.completed","data":{"id":"../x"}}'],
	])('that is signed but has %s in it is refused', async (_, type, body) => {
		await startPublished({ registration: 'manual' }, { webhookSecret: SECRET });
		const headers = signedHeaders('wh_1', Math.floor(Date.now() / 1000), body, [SECRET]);
		expect((await post({ 'content-type': type, ...headers }, body)).status).toBe(400);
		expect(trigger.executions).toEqual([]);
		expect(emulator.ledger.requests).toEqual([]);
	});
});

describe('what is not proven to be from the service', () => {
	/** A genuine delivery that was taken down on the way. */
	async function intercept() {
		await startPublished();
		const { origin } = new URL(trigger.origin);
		emulator.webhooks.options.deliverTo = 'http://127.0.0.1:1';
		await end('completed');
		emulator.webhooks.options.deliverTo = origin;
		const { headers, body } = deliveries()[0];
		emulator.ledger.clear();
		return { headers, body };
	}

	it.each([
		['another body', {}, (body: string) => body.replace('completed', 'expired')],
		['one space more', {}, (body: string) => `${body} `],
		['another id', { 'webhook-id': 'wh_other' }, undefined],
		['a time that is no number', { 'webhook-timestamp': 'now' }, undefined],
		['no id', { 'webhook-id': '' }, undefined],
		['no signature', { 'webhook-signature': '' }, undefined],
		['a signature of another kind', { 'webhook-signature': 'v1a,abc' }, undefined],
	])('is refused without detail: %s', async (_, changed, change = (body: string) => body) => {
		const { headers, body } = await intercept();
		const answer = await post({ ...headers, ...changed }, change(body));
		expect(answer.status).toBe(401);
		expect(await answer.text()).toBe('');
		expect(trigger.executions).toEqual([]);
		expect(emulator.ledger.requests).toEqual([]);
		expect((await post(headers, body)).status).toBe(200);
		expect(trigger.executions).toHaveLength(1);
	});

	it('is refused when its time is another', async () => {
		const { headers, body } = await intercept();
		const later = String(Number(headers['webhook-timestamp']) + 1);
		expect((await post({ ...headers, 'webhook-timestamp': later }, body)).status).toBe(401);
		expect(trigger.executions).toEqual([]);
	});

	it('is refused when it is a form with files, whose body n8n does not pass on', async () => {
		const { headers, body } = await intercept();
		const type = { 'content-type': 'multipart/form-data; boundary=x' };
		expect((await post({ ...headers, ...type }, body)).status).toBe(401);
	});

	it('is refused when it is older than five minutes, and taken when it is sent anew', async () => {
		await startPublished(
			{},
			{ now: Date.now() - 400_000, webhooks: { retryAfter: [80_000, 120_000, 250_000] } },
		);
		const batch = await end('completed');
		await emulator.advance(80_000);
		expect(statuses()).toEqual([401, 401]);
		await emulator.advance(120_000);
		expect(statuses()).toEqual([401, 401, 200]);
		expect(reported()).toEqual([`${batch.id}:completed`]);
	});

	it('is refused when its time is in the future', async () => {
		await startPublished({}, { now: Date.now() + 310_000 });
		await end('completed');
		expect(statuses()).toEqual([401]);
	});

	it('is refused without a secret', async () => {
		await startPublished({ registration: 'manual' }, { webhookSecret: SECRET });
		trigger.credentialData.openAiBatchApi.webhookSecret = '';
		const body = JSON.stringify({ type: 'batch.completed', data: { id: 'batch_1' } });
		const now = Math.floor(Date.now() / 1000);
		for (const secret of ['whsec_', SECRET]) {
			const headers = signedHeaders('wh_1', now, body, [secret]);
			expect((await post(headers, body)).status).toBe(401);
		}
		expect(trigger.executions).toEqual([]);
	});

	it('is refused with a pasted secret that has no key in it', async () => {
		await startPublished({ registration: 'manual' }, { webhookSecret: 'whsec_' });
		const body = JSON.stringify({ type: 'batch.completed', data: { id: 'batch_1' } });
		const headers = signedHeaders('wh_1', Math.floor(Date.now() / 1000), body, ['whsec_']);
		expect((await post(headers, body)).status).toBe(401);
	});
});

describe('manual registration', () => {
	it('accepts deliveries signed with any of the pasted secrets', async () => {
		await start({ registration: 'manual' });
		const address = { name: 'by hand', url: ADDRESS, event_types: ['batch.completed' as const] };
		const endpoint = emulator.webhooks.endpoints.create(address);
		const [{ secret: old }] = endpoint.secrets;
		trigger.credentialData.openAiBatchApi.webhookSecret = old;
		await trigger.activate();
		await end('completed');

		emulator.webhooks.endpoints.rotate(endpoint, true);
		await end('completed');
		const [{ secret: fresh }] = endpoint.secrets;
		trigger.credentialData.openAiBatchApi.webhookSecret = `${old} ${fresh}`;
		await end('completed');
		emulator.webhooks.endpoints.rotate(endpoint, false);
		await end('completed');
		expect(statuses()).toEqual([200, 200, 200, 401]);
		expect(reported()).toHaveLength(3);
	});

	it('asks for the secret before the workflow is published', async () => {
		await start({ registration: 'manual' });
		const error = await failure(trigger.activate());
		expect(error?.message).toBe('The webhook signing secret is missing');
		expect(error?.description).toMatch(/Production URL/);
	});

	it('sends no requests', async () => {
		await startPublished({ registration: 'manual' }, { webhookSecret: SECRET });
		await trigger.activate('init');
		await trigger.deactivate();
		expect(emulator.ledger.requests).toEqual([]);
	});

	it('removes what was registered while it was automatic', async () => {
		await startPublished({}, { webhookSecret: SECRET });
		trigger.parameters = { registration: 'manual' };
		await trigger.activate('update');
		expect(endpoints()).toEqual([]);
		expect(trigger.staticData).toEqual({});
	});
});

describe('automatic registration', () => {
	it('registers the address for the chosen events, and removes it', async () => {
		await startPublished({ events: ['failed', 'completed'] });
		expect(endpoints().map(({ wire }) => wire)).toEqual([
			expect.objectContaining({
				name: 'n8n: Harness workflow',
				url: ADDRESS,
				event_types: ['batch.completed', 'batch.failed'],
			}),
		]);
		await trigger.deactivate();
		expect(endpoints()).toEqual([]);
		expect(trigger.staticData).toEqual({});
	});

	it('never stores the secret as text', async () => {
		await startPublished();
		await end('completed');
		const [{ secret }] = endpoints()[0].secrets;
		const everything = JSON.stringify([trigger.stored, trigger.executions]);
		expect(everything).not.toContain(secret.slice('whsec_'.length, -4));
		expect(trigger.staticData.endpoint).toEqual({
			id: endpoints()[0].wire.id,
			sealedSecret: expect.any(String),
			updatedAt: expect.any(Number),
		});
	});

	it('stays when n8n starts again', async () => {
		await startPublished();
		const [before] = endpoints();
		await trigger.activate('init');
		expect(endpoints()).toEqual([before]);
		expect(emulator.ledger.calls('POST', '/webhook_endpoints')).toHaveLength(1);
		await end('completed');
		expect(statuses()).toEqual([200]);
	});

	it('survives being unpublished and published', async () => {
		await startPublished();
		await trigger.deactivate();
		await trigger.activate();
		expect(endpoints()).toHaveLength(1);
		await end('completed');
		expect(statuses()).toEqual([200]);
	});

	it.each([
		[
			'another address of n8n',
			() => {
				trigger.publicOrigin = 'https://elsewhere.example';
			},
		],
		[
			'other events',
			() => {
				trigger.parameters = { events: ['completed'] };
			},
		],
		[
			'a secret that was rotated elsewhere',
			async () => {
				await emulator.advance(5000);
				emulator.webhooks.endpoints.rotate(endpoints()[0], false);
			},
		],
		[
			'another API key',
			() => {
				Object.assign(trigger.credentialData.openAiBatchApi, {
					apiKey: 'sk-other',
					header: true,
					headerName: 'Authorization',
					headerValue: `Bearer ${emulator.apiKey}`,
				});
			},
		],
		[
			'lost static data',
			() => {
				trigger.stored = {};
			},
		],
		[
			'an endpoint that was deleted elsewhere',
			() => emulator.webhooks.endpoints.delete(endpoints()[0].wire.id),
		],
		[
			'a second endpoint at the same address',
			() => {
				const { name, url, event_types } = endpoints()[0].wire;
				emulator.webhooks.endpoints.create({ name, url, event_types });
			},
		],
	])('registers anew after %s, and leaves nothing behind', async (_, change) => {
		await start();
		const other = emulator.webhooks.endpoints.create({
			name: 'of another program',
			url: 'https://other.example/',
			event_types: ['batch.completed'],
		});
		await trigger.activate();
		const before = endpoints()[0].wire.id;
		await change();
		await trigger.activate('init');
		const [own, ...others] = endpoints();
		expect(others).toEqual([other]);
		expect(own.wire).toMatchObject({ url: `${trigger.publicOrigin}/webhook/hook-1/webhook` });
		expect(own.wire.id).not.toBe(before);
		emulator.webhooks.endpoints.delete(other.wire.id);
		const batch = await end('completed');
		expect(statuses()).toEqual([200]);
		expect(reported()).toEqual([`${batch.id}:completed`]);
	});

	it('is the only one that delivers to its address', async () => {
		await start();
		const older = emulator.webhooks.endpoints.create({
			name: 'by hand',
			url: 'https://elsewhere.example/',
			event_types: ['batch.completed'],
		});
		await trigger.activate();
		emulator.webhooks.endpoints.update(older, { url: ADDRESS });
		await trigger.activate('init');
		expect(endpoints()).toHaveLength(1);
		await end('completed');
		expect(statuses()).toEqual([200]);
	});

	it('says so when the API key was changed, and accepts nothing until then', async () => {
		await startPublished();
		trigger.credentialData.openAiBatchApi.apiKey = 'sk-other';
		await end('completed');
		expect(statuses()).toEqual([500]);
		expect(trigger.executions[0].error?.message).toMatch(/API key was changed/);
		expect((await post({}, '{}')).status).toBe(401);
		expect(trigger.executions).toHaveLength(1);
	});

	it('says so when n8n was killed before it stored the secret, and accepts nothing until then', async () => {
		await startPublished();
		trigger.stored = {};
		await end('completed');
		expect(statuses()).toEqual([500]);
		expect(trigger.executions[0].error?.message).toMatch(/stopped while it registered/);
		const body = JSON.stringify({ type: 'batch.completed', data: { id: 'batch_1' } });
		const headers = signedHeaders('wh_1', Math.floor(Date.now() / 1000), body, ['whsec_']);
		expect((await post(headers, body)).status).toBe(500);
		await trigger.deactivate();
		await trigger.activate();
		expect(endpoints()).toHaveLength(1);
		await end('completed');
		expect(statuses().slice(-1)).toEqual([200]);
	});

	it('leaves nothing behind when another trigger of the workflow cannot start', async () => {
		await start();
		await failure(trigger.activate('activate', new Error('Not this one')));
		expect(emulator.ledger.calls('POST', '/webhook_endpoints')).toHaveLength(1);
		expect(endpoints()).toEqual([]);
	});

	it('leaves nothing behind when the answer to the registration is lost', async () => {
		await start();
		const fault = { type: 'reset', when: 'after' } as const;
		emulator.faults.next({ method: 'POST', path: '/webhook_endpoints', fault });
		const error = await failure(trigger.activate());
		expect(error?.message).toMatch(/^The webhook could not be registered: /);
		expect(emulator.ledger.calls('POST', '/webhook_endpoints')).toHaveLength(1);
		expect(endpoints()).toEqual([]);
		await trigger.activate();
		expect(endpoints()).toHaveLength(1);
		await end('completed');
		expect(statuses()).toEqual([200]);
	});

	it('cleans up later what it could not clean up at once', async () => {
		await start();
		const [method, path] = ['GET', '/webhook_endpoints'];
		const reset = { type: 'reset', when: 'after' } as const;
		emulator.faults.next({ method: 'POST', path, fault: reset });
		const pass = { type: 'slow', bytesPerSecond: 1e9 } as const;
		emulator.faults.next({ method, path, fault: pass });
		emulator.faults.next({ method, path, times: 2, fault: OVERLOADED });
		expect((await failure(trigger.activate()))?.message).toMatch(/could not be/);
		expect(endpoints()).toHaveLength(1);
		await trigger.activate();
		expect(endpoints()).toHaveLength(1);
		await end('completed');
		expect(statuses()).toEqual([200]);
	});

	it('does not quote a secret from an answer that it cannot read', async () => {
		await start();
		emulator.faults.next({
			method: 'POST',
			path: '/webhook_endpoints',
			fault: { type: 'status', status: 200, body: `{"signing_secret":"${SECRET}",` },
		});
		const error = await failure(trigger.activate());
		expect(error?.message).toMatch(/did not answer as the OpenAI API does/);
		expect(JSON.stringify([error?.message, error])).not.toContain(SECRET.slice(6));
	});

	it('asks for an HTTPS address, and how to get one', async () => {
		await start();
		trigger.publicOrigin = 'http://localhost:5678';
		const error = await failure(trigger.activate());
		expect(error?.message).toBe('OpenAI delivers webhooks to HTTPS addresses only');
		expect(error?.description).toMatch(/http:\/\/localhost:5678\/.*WEBHOOK_URL/);
		expect(endpoints()).toEqual([]);
	});

	it('says what to do where the server has no webhooks', async () => {
		await start({}, { webhooks: { offered: false } });
		const error = await failure(trigger.activate());
		expect(error?.message).toMatch(/does not let n8n register webhooks\. Choose Manual/);
		expect(trigger.logged).toEqual([]);
	});

	it('says what to do when the key may not register webhooks', async () => {
		await start();
		const body = { error: { message: 'Missing scopes: api.webhooks.write' } };
		const fault = { type: 'status', status: 403, body } as const;
		emulator.faults.next({ path: '/webhook_endpoints', fault });
		const error = await failure(trigger.activate());
		expect(error?.message).toMatch(/may not register webhooks.*: Missing scopes/);
	});

	it('asks for at least one event', async () => {
		await start({ events: [] });
		expect((await failure(trigger.activate()))?.message).toBe('Choose at least one event');
		expect(endpoints()).toEqual([]);
	});
});
