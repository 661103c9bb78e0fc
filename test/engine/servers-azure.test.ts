import type { IDataObject, INodeProperties } from 'n8n-workflow';
import { OpenAiBatchApi } from '../../credentials/OpenAiBatchApi.credentials';
import { OpenAiBatch } from '../../nodes/OpenAiBatch/OpenAiBatch.node';
import { OpenAiBatchWebhookTrigger } from '../../nodes/OpenAiBatchWebhookTrigger/OpenAiBatchWebhookTrigger.node';
import type { DialectName, EmulatorOptions } from '../support/emulator';
import { WebhookNode } from '../support/engine/webhookHarness';
import { A_WHILE, reported, startServer, submitParameters, type Server } from './servers';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const DAY = 24;
const KEY = { authScheme: 'apiKeyHeader' };
const ROWS = [{ id: 'a', text: 'Hello' }];

let server: Server;

const start = async (dialect: DialectName = 'azure', options: EmulatorOptions = {}) =>
	(server = await startServer(dialect, options, KEY));

afterEach(async () => await server.stop());

const submit = async (options: IDataObject = {}, rows: IDataObject[] = ROWS) =>
	await server.json('batch', 'submit', submitParameters(server.dialect, options), rows);

const creates = () => server.emulator.ledger.calls('POST', '/batches');

describe.each(['azure', 'azure-iso'] as const)('%s', (dialect) => {
	it('gets the key in the header api-key, and no other', async () => {
		await start(dialect);
		expect(await server.testCredential()).toMatchObject({ status: 'OK' });
		await submit();
		for (const { headers } of server.emulator.ledger.requests) {
			expect(headers).toMatchObject({ 'api-key': '***' });
			expect(headers.authorization).toBeUndefined();
		}
	});

	it.each([14 * DAY, 30 * DAY])('gets expiries of %i hours as they were entered', async (hours) => {
		await start(dialect);
		await submit({ inputExpiresAfter: hours, outputExpiresAfter: hours });
		const [{ form }] = server.emulator.ledger.calls('POST', '/files');
		expect(form).toContainEqual({ name: 'expires_after[seconds]', value: String(hours * 3600) });
		expect(creates()[0].body).toMatchObject({
			output_expires_after: { anchor: 'created_at', seconds: hours * 3600 },
		});
	});

	it('refuses a shorter expiry in its own words, and nothing is left behind', async () => {
		await start(dialect);
		const parameters = submitParameters(server.dialect, { outputExpiresAfter: 24 });
		const error = await server.failure('batch', 'submit', parameters, ROWS);
		expect(error?.message).toMatch(
			/^The batch was not created, its input file \S+ was deleted: .*1209600/,
		);
		expect(server.emulator.ledger.batches).toEqual([]);
	});

	it('has batches that can be found by status, date and metadata', async () => {
		await start(dialect);
		const [batch] = await submit();
		await server.emulator.advance(A_WHILE);
		const at = new Date(String(batch.created_at));
		const around = (seconds: number) => new Date(at.getTime() + seconds * 1000).toISOString();
		const found = async (filters: IDataObject) =>
			(await server.json('batch', 'getAll', { filters: filters as never })).map(({ id }) => id);
		expect(await found({ status: ['completed'] })).toEqual([batch.id]);
		expect(await found({ status: ['in_progress'] })).toEqual([]);
		const dates = { createdAfter: around(-1), createdBefore: around(1) };
		expect(await found(dates)).toEqual([batch.id]);
		expect(await found({ createdAfter: around(1) })).toEqual([]);
		const pairs = [{ key: 'submission_key', value: batch.submission_key }];
		expect(await found({ metadata: { pairs } })).toEqual([batch.id]);
	});

	it('keeps a batch running after its 24 hours, and the trigger reports its late end', async () => {
		const timing = { in_progress: 30 * 3_600_000 };
		await start(dialect, { timing });
		const poller = server.poller();
		await poller.activate();
		const [batch] = await submit();
		await server.emulator.advance(25 * 3_600_000);
		expect(reported(await poller.tick())).toEqual([]);
		await server.emulator.advance(10 * 3_600_000);
		expect(reported(await poller.tick())).toMatchObject([
			{ event: 'batch.completed', id: batch.id, duration_seconds: expect.any(Number) },
		]);
	});

	it('finds the batch of an earlier run by its key', async () => {
		await start(dialect);
		const [first] = await submit({ submissionKey: 'films' });
		const [again] = await submit({ submissionKey: 'films' });
		expect(again).toMatchObject({ id: first.id, adopted: true });
		expect(creates()).toHaveLength(1);
	});
});

test('the search for a key ends at the first page that is too old, also with ISO times', async () => {
	await start('azure-iso');
	const month = 30 * 24 * 3_600;
	const now = Math.floor(Date.now() / 1000);
	for (let index = 0; index < 700; index++) {
		server.emulator.addBatch({ created_at: now - month - index });
	}
	await submit({ submissionKey: 'films' });
	// One page before the upload, and one after the creation, since others may use the key.
	expect(server.emulator.ledger.calls('GET', '/batches')).toHaveLength(2);
});

describe('a full queue, which refuses the new batch', () => {
	const refused = async () => {
		await start();
		server.emulator.control.batches({ match: () => true, fate: 'token_limit', times: 1 });
		return await server.failure('batch', 'submit', submitParameters(server.dialect), ROWS);
	};

	it('keeps the input file, names it, and says what to do', async () => {
		const error = await refused();
		const [{ id }] = server.emulator.ledger.uploads;
		expect(error?.message).toContain(
			`The batch was not created; its input file ${id} is kept, for the operation Create`,
		);
		expect(error?.description).toMatch(/queue of this model is full.*when other batches are/);
		expect(server.emulator.file(id).text()).toContain('"custom_id":"a"');
	});

	it('is a matter of rates to n8n, so that it waits', async () => {
		expect((await refused())?.failure).toEqual({ cause: 'rate-limited' });
		expect(creates()).toHaveLength(1);
	});

	it('makes the part wait when Submit has Max Enqueued Tokens', async () => {
		await start();
		const control = { match: () => true, fate: 'token_limit' as const, times: 1 };
		server.emulator.control.batches(control);
		const rows = [
			{ id: 'a', text: 'Hello' },
			{ id: 'b', text: 'Hello' },
		];
		const options = { maxEnqueuedTokens: 1_000_000, maxRequestsPerBatch: 1 };
		const parts = await submit(options, rows);
		expect(parts.map(({ status }) => status)).toEqual(['waiting', 'waiting']);
		expect(server.emulator.ledger.uploads).toHaveLength(3);
		const later = await server.json('batch', 'submitWaiting', {});
		expect(later.map(({ part, status }) => [part, status])).toEqual([
			[1, 'validating'],
			[2, 'validating'],
		]);
		expect(later.map(({ input_file_id: id }) => id)).toEqual(
			parts.map(({ input_file_id: id }) => id),
		);
	});

	it('has room for the same file later', async () => {
		await refused();
		const [{ id: fileId }] = server.emulator.ledger.uploads;
		const [batch] = await server.json('batch', 'create', {
			fileId,
			endpoint: '/v1/chat/completions',
		});
		await server.emulator.advance(A_WHILE);
		expect(server.emulator.batch(batch.id as string).status).toBe('completed');
	});
});

it('takes up to 100,000 requests a file when Max Requests per Batch says so', async () => {
	await start();
	const rows = Array.from({ length: 50_001 }, (_, index) => ({ id: `row ${index}`, text: 'Hi' }));
	const [batch, ...others] = await submit({ maxRequestsPerBatch: 100_000 }, rows);
	expect(others).toEqual([]);
	await server.emulator.step(batch.id as string, 'in_progress');
	expect(server.emulator.batch(batch.id as string).request_counts).toMatchObject({ total: 50_001 });
});

describe('the webhook trigger', () => {
	it('registers under /dashboard, starts the workflow, and removes what it registered', async () => {
		await start('azure-iso');
		const { emulator, credentialData } = server;
		const node = await WebhookNode.start({
			node: OpenAiBatchWebhookTrigger,
			credentials: [OpenAiBatchApi],
			credentialData,
		});
		try {
			emulator.webhooks.options.deliverTo = node.origin;
			await node.activate();
			const [{ path }] = emulator.ledger.calls('POST', /webhook_endpoints$/).slice(-1);
			expect(path).toBe('/openai/v1/dashboard/webhook_endpoints');
			const [batch] = await submit();
			await emulator.advance(A_WHILE);
			expect(node.emitted).toMatchObject([
				{ event: 'batch.completed', event_id: `${String(batch.id)}:completed`, id: batch.id },
			]);
			await node.deactivate();
			expect(emulator.webhooks.endpoints.all()).toEqual([]);
		} finally {
			await node.close();
		}
	});
});

it('has its range of expiries in the panel, wherever one can be entered', async () => {
	await start();
	const all = (properties: INodeProperties[]): INodeProperties[] =>
		properties.flatMap((property) => [
			property,
			...all((property.options ?? []).filter((one): one is INodeProperties => 'type' in one)),
		]);
	const expiries = all(new OpenAiBatch().description.properties).filter(({ name }) =>
		/ExpiresAfter$|^expiresAfter$/.test(name),
	);
	expect(expiries.map(({ name }) => name).sort()).toEqual(
		expect.arrayContaining(['expiresAfter', 'inputExpiresAfter', 'outputExpiresAfter']),
	);
	for (const { description } of expiries) {
		expect(description).toMatch(/Azure takes 336 to 720 hours/);
	}
});
