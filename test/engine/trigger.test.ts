import type { NodeOperationError, NodeParameterValueType } from 'n8n-workflow';
import OpenAI from 'openai';
import { OpenAiBatchApi } from '../../credentials/OpenAiBatchApi.credentials';
import { OpenAiBatchTrigger } from '../../nodes/OpenAiBatchTrigger/OpenAiBatchTrigger.node';
import type { Batch } from '../../nodes/openai/api/objects';
import { startEmulator, type Emulator } from '../support/emulator';
import { requestLine, submit } from '../support/emulator/client';
import { createEngine, type Engine, type PollOutcome, type PollerOptions } from '../support/engine';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const TRIGGER = 'openAiBatchTrigger';
const NOON = Date.UTC(2026, 10, 22, 12) / 1000;
const HOUR = 3_600;
const DAY = 24 * HOUR;

let emulator: Emulator;
let engine: Engine;
/** The server's clock in unix seconds. */
let now: number;

beforeEach(async () => {
	now = NOON;
	emulator = await startEmulator({ clock: 'manual', now: now * 1000 });
	engine = await createEngine({
		nodes: { [TRIGGER]: OpenAiBatchTrigger },
		credentials: [OpenAiBatchApi],
		credentialData: { openAiBatchApi: { apiKey: emulator.apiKey, url: emulator.url } },
	});
});

afterEach(async () => await emulator.close());

type Parameters = Record<string, NodeParameterValueType>;

const trigger = (parameters: Parameters = {}, options: PollerOptions = {}) =>
	engine.poller(TRIGGER, parameters, options);

/** The event ids that a poll returned; null without an execution. */
function reported({ items, error }: PollOutcome): unknown[] | null {
	if (error) throw error;
	return items && items.map(({ json }) => json.event_id);
}

async function pass(seconds: number): Promise<void> {
	now += seconds;
	await emulator.advance(seconds * 1000);
}

/** An open batch that changes only when a test changes it. */
const running = (id: string, fields: Partial<Batch> = {}) =>
	emulator.addBatch({ id, status: 'in_progress', completed_at: null, ...fields });

function finish(batch: Batch, status = 'completed'): void {
	Object.assign(batch, { status, [`${status}_at`]: now });
}

function past(count: number): void {
	for (let hours = count; hours > 0; hours--) {
		const created = now - hours * HOUR;
		emulator.addBatch({ id: `past_${hours}`, created_at: created, completed_at: created + 60 });
	}
}

/** What a poll asked the server for. */
async function requestsOf(poll: () => Promise<PollOutcome>): Promise<string[]> {
	emulator.ledger.clear();
	reported(await poll());
	return emulator.ledger.requests.map(
		({ path, query }) => path.replace('/v1/', '') + (query.after ? ` after ${query.after}` : ''),
	);
}

describe('the life of a trigger', () => {
	it('reports what finishes after the activation, once', async () => {
		emulator.addBatch({ id: 'done' });
		const open = running('open');
		const poller = trigger();
		expect(reported(await poller.activate())).toBeNull();
		expect(reported(await poller.tick())).toBeNull();
		await pass(60);
		finish(open);
		expect(reported(await poller.tick())).toEqual(['open:completed']);
		expect(reported(await poller.tick())).toBeNull();
	});

	it('reports real batches of every ending, with what the next node needs', async () => {
		const client = new OpenAI({ baseURL: emulator.url, apiKey: emulator.apiKey, maxRetries: 0 });
		const poller = trigger({ options: { simplify: false } });
		await poller.activate();
		const lines = ['1', '2', '3', '4'].map((id) => requestLine(id));
		const [completed, expired, cancelled, failed] = await Promise.all([
			submit(client, lines, { metadata: { job: 'films' } }),
			submit(client, lines),
			submit(client, lines),
			submit(
				client,
				['5', '6', '7', '8'].map((id) => requestLine(id, {}, '/v1/embeddings')),
			),
		]);
		await emulator.step(expired.id, 'expired');
		await emulator.step(cancelled.id, 'cancelled');
		await pass(60);
		const { items } = await poller.tick();
		const byId = new Map(items?.map(({ json }) => [json.id, json]));
		expect(byId.get(completed.id)).toMatchObject({
			...emulator.batch(completed.id),
			event: 'batch.completed',
			event_id: `${completed.id}:completed`,
			progress: 100,
			duration_seconds: expect.any(Number),
		});
		expect(byId.get(failed.id)).toMatchObject({
			event: 'batch.failed',
			retryable: false,
			error_summary: expect.stringMatching(/^Line 1: .*\nLine 2: .*\nLine 3: .*\n… and 1 more$/),
		});
		expect(byId.get(expired.id)).toMatchObject({ event: 'batch.expired', progress: 50 });
		expect(byId.get(cancelled.id)).toMatchObject({ event: 'batch.cancelled' });
	});

	it('goes on from what n8n stored, after quiet polls that it did not store', async () => {
		const before = running('before');
		const poller = trigger();
		await poller.activate();
		await pass(60);
		const fresh = running('fresh');
		// Seen as open, in a poll whose state is lost.
		expect(reported(await poller.tick())).toBeNull();
		await pass(60);
		finish(fresh);
		finish(before, 'expired');
		expect(reported((await poller.restart())!)).toEqual(['fresh:completed', 'before:expired']);
		expect(reported((await poller.restart())!)).toBeNull();
	});

	it('has stored what it reported, before a restart', async () => {
		const [first, second] = [running('first'), running('second')];
		const poller = trigger();
		await poller.activate();
		for (const batch of [first, second]) {
			await pass(60);
			finish(batch);
			expect(reported(await poller.tick())).toEqual([`${batch.id}:completed`]);
		}
		expect(reported((await poller.restart())!)).toBeNull();
	});

	it('reports after a week of being off what finished meanwhile', async () => {
		const open = running('open');
		const poller = trigger();
		await poller.activate();
		await pass(7 * DAY);
		finish(open, 'expired');
		emulator.addBatch({ id: 'meanwhile' });
		expect(reported(await poller.activate())).toEqual(['meanwhile:completed', 'open:expired']);
		expect(reported(await poller.tick())).toBeNull();
	});

	it('reports what finished before the activation when asked to', async () => {
		const hours = Math.round(Date.now() / 1000) - HOUR;
		emulator.addBatch({ id: 'old', created_at: hours - DAY, completed_at: hours - 2 * HOUR });
		emulator.addBatch({ id: 'recent', created_at: hours - DAY + 1, completed_at: hours });
		const poller = trigger({ options: { includeFinishedWithin: 2 } });
		expect(reported(await poller.activate())).toEqual(['recent:completed']);
		expect(reported(await poller.tick())).toBeNull();
	});

	it('begins anew under a new name', async () => {
		emulator.addBatch({ id: 'done' });
		const poller = trigger({}, { staticData: {} });
		expect(reported(await poller.tick())).toBeNull();
	});

	it('goes on with durable cursors, also after a restart without a poll', async () => {
		const open = running('open');
		const poller = trigger({}, { durable: true });
		await poller.activate();
		expect(reported(await poller.tick())).toBeNull();
		await poller.restart();
		await pass(60);
		finish(open);
		expect(reported(await poller.tick())).toEqual(['open:completed']);
		expect(reported(await poller.tick())).toBeNull();
	});

	it('reports transient statuses from their times, in the order in which things happened', async () => {
		const poller = trigger({ events: ['created', 'in_progress', 'finalizing', 'completed'] });
		await poller.activate();
		await pass(60);
		emulator.addBatch({
			id: 'fast',
			in_progress_at: now + 1,
			finalizing_at: now + 5,
			completed_at: now + 6,
		});
		running('slow', { in_progress_at: now + 3 });
		expect(reported(await poller.tick())).toEqual([
			'fast:created',
			'slow:created',
			'fast:in_progress',
			'slow:in_progress',
			'fast:finalizing',
			'fast:completed',
		]);
	});

	it('reports only batches that match the filters', async () => {
		const poller = trigger({
			filters: {
				endpoint: '/v1/embeddings',
				metadata: { pairs: [{ key: 'job', value: 'films' }] },
				batchIds: 'right, other_endpoint,other_metadata',
			},
		});
		await poller.activate();
		await pass(60);
		const right = { endpoint: '/v1/embeddings', metadata: { job: 'films', run: '7' } };
		emulator.addBatch({ ...right, id: 'right' });
		emulator.addBatch({ ...right, id: 'another' });
		emulator.addBatch({ ...right, id: 'other_endpoint', endpoint: '/v1/responses' });
		emulator.addBatch({ ...right, id: 'other_metadata', metadata: null });
		expect(reported(await poller.tick())).toEqual(['right:completed']);
	});

	it('understands servers with upper case, without times and counts, and gone batches', async () => {
		const bare = { request_counts: null, usage: null, completed_at: null } as Partial<Batch>;
		const open = running('open', { ...bare, status: 'IN_PROGRESS', created_at: now - DAY });
		running('gone', { created_at: now - DAY });
		past(120);
		const poller = trigger();
		await poller.activate();
		await pass(60);
		Object.assign(open, { status: 'COMPLETED' });
		emulator.faults.next({ path: '/batches/gone', fault: { type: 'status', status: 404 } });
		const { items } = await poller.tick();
		expect(items?.map(({ json }) => json)).toMatchObject([
			{ event_id: 'open:completed', status: 'completed', progress: 100, duration_seconds: null },
		]);
	});
});

describe('requests', () => {
	it('are one for a poll, whatever the past holds', async () => {
		past(1_000);
		running('open');
		const poller = trigger();
		await poller.activate();
		expect(await requestsOf(async () => await poller.tick())).toEqual(['batches']);
		await pass(60);
		emulator.addBatch({ id: 'new' });
		expect(await requestsOf(async () => await poller.tick())).toEqual(['batches']);
	});

	it('are two with an open batch far down the list', async () => {
		running('far', { created_at: now - 150 * HOUR });
		past(149);
		const poller = trigger();
		await poller.activate();
		expect(await requestsOf(async () => await poller.tick())).toEqual(['batches', 'batches/far']);
	});

	it('go on until the list is known', async () => {
		past(300);
		const poller = trigger();
		await poller.activate();
		await pass(DAY);
		for (let minute = 149; minute >= 0; minute--) {
			emulator.addBatch({ id: `new_${minute}`, created_at: now - minute * 60 });
		}
		emulator.ledger.clear();
		expect(reported(await poller.tick())).toHaveLength(150);
		expect(emulator.ledger.requests.map(({ query }) => query)).toEqual([
			{ limit: '100' },
			{ limit: '100', after: 'new_99' },
		]);
	});
});

describe('Fetch Test Event', () => {
	it('returns a recent real event as a poll would, and leaves the state alone', async () => {
		emulator.addBatch({ id: 'older', created_at: now - HOUR, completed_at: now - HOUR });
		emulator.addBatch({ id: 'failed', status: 'failed', failed_at: now, completed_at: null });
		running('running');
		const poller = trigger({ events: ['completed', 'expired'] });
		const { items, staticData, stored } = await poller.manual();
		expect(items?.map(({ json }) => json)).toMatchObject([
			{ event: 'batch.completed', event_id: 'older:completed', id: 'older', status: 'completed' },
		]);
		expect([staticData, stored]).toEqual([{}, {}]);
	});

	it('says so when nothing matches', async () => {
		running('running');
		const { error, items } = await trigger().manual();
		expect(items).toBeNull();
		expect(error?.message).toBe('No data with the current filter could be found');
		expect((error as NodeOperationError | undefined)?.description).toMatch(
			/^No recent batch fits the events and the filters\. Submit /,
		);
	});

	it('asks for the batches that are chosen by id', async () => {
		emulator.addBatch({ id: 'chosen', created_at: now - 30 * DAY });
		past(250);
		emulator.ledger.clear();
		const { items } = await trigger({ filters: { batchIds: 'unknown, chosen' } }).manual();
		expect(items).toHaveLength(1);
		expect(emulator.ledger.requests.map(({ path }) => path)).toEqual([
			'/v1/batches/unknown',
			'/v1/batches/chosen',
		]);
	});
});

describe('faults', () => {
	const tooMany = {
		type: 'status' as const,
		status: 429,
		headers: { 'retry-after': '2' },
		body: { error: { message: 'Slow down.', type: 'requests', code: 'rate_limit_exceeded' } },
	};

	it('that are transient are retried within the poll', async () => {
		const open = running('open');
		const poller = trigger();
		await poller.activate();
		finish(open);
		emulator.faults.next({ path: '/batches', times: 2, fault: tooMany });
		expect(reported(await poller.tick())).toEqual(['open:completed']);
	});

	it('that go on leave everything to the next poll, also in the middle of the list', async () => {
		past(50);
		const poller = trigger();
		const { staticData } = await poller.activate();
		await pass(DAY);
		for (let minute = 149; minute >= 0; minute--) {
			emulator.addBatch({ id: `new_${minute}`, created_at: now - minute * 60 });
		}
		const third = { path: '/batches', fault: { type: 'slow', bytesPerSecond: 1e9 } } as const;
		emulator.faults.next(third);
		emulator.faults.next({ path: '/batches', times: 5, fault: tooMany });
		const outcome = await poller.tick();
		expect(outcome.items).toBeNull();
		expect((outcome.error as FailedPoll).failure).toEqual({
			cause: 'rate-limited',
			retryAfterMs: 2_000,
		});
		expect(outcome.staticData).toEqual(staticData);
		expect(reported(await poller.tick())).toHaveLength(150);
	});

	it('of a wrong key fail the activation with the reason', async () => {
		const credentialData = { openAiBatchApi: { apiKey: 'sk-wrong-key', url: emulator.url } };
		const { error, stored } = await trigger({}, { credentialData }).activate();
		expect(error?.message).toContain('Incorrect API key provided');
		expect((error as FailedPoll).failure).toEqual({ cause: 'credential-invalid' });
		expect(stored).toEqual({});
	});

	it('a trigger without events is refused', async () => {
		const { error } = await trigger({ events: [] }).activate();
		expect(error?.message).toBe('Choose at least one event');
	});

	it('an answer that is not a list is refused', async () => {
		const hello = { type: 'status' as const, status: 200, body: { hello: 'world' } };
		emulator.faults.next({ path: '/batches', times: 9, fault: hello });
		const { error } = await trigger().activate();
		expect(error?.message).toContain('The server did not answer as the OpenAI API does');
	});
});

interface FailedPoll extends Error {
	failure?: unknown;
}

test('a list that changes while it is read ends a poll with an error, and the next one reports', async () => {
	past(150);
	const poller = trigger({ options: { includeFinishedWithin: 100_000 } });
	let pages = 0;
	emulator.ledger.onRequest = ({ method, path }, stage) => {
		if (stage !== 'arrived' || method !== 'GET' || !path.endsWith('/batches')) return;
		if (++pages === 2)
			emulator.faults.next({ path: '/batches', fault: { type: 'status', status: 404 } });
	};
	const { error } = await poller.activate();
	expect(error).toMatchObject({
		name: 'NodeOperationError',
		message: 'The list of batches changed while it was read',
		description: 'Nothing is lost: the next poll reads the list again.',
	});
	expect(reported(await poller.activate())).toHaveLength(150);
});
