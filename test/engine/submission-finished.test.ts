import type { IDataObject } from 'n8n-workflow';
import { OpenAiBatchApi } from '../../credentials/OpenAiBatchApi.credentials';
import { OpenAiBatch } from '../../nodes/OpenAiBatch/OpenAiBatch.node';
import { OpenAiBatchTrigger } from '../../nodes/OpenAiBatchTrigger/OpenAiBatchTrigger.node';
import { OpenAiBatchWebhookTrigger } from '../../nodes/OpenAiBatchWebhookTrigger/OpenAiBatchWebhookTrigger.node';
import { startEmulator, type Emulator } from '../support/emulator';
import type { Outcome } from '../support/emulator/outcomes';
import { createEngine, type Engine, type PollOutcome } from '../support/engine';
import { WebhookNode } from '../support/engine/webhookHarness';
import { CREDENTIAL, jsonOf, NODE } from './product';
import { ASK_TEXT, FILM_SCHEMA } from './support/submitParameters';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const TRIGGER = 'openAiBatchTrigger';
const ONLY = { events: ['submission_finished'] };
const WITH_BATCHES = { events: ['completed', 'submission_finished'] };
/** A fault that the client does not repeat, since the server asks it to wait for too long. */
const OVERLOADED = { type: 'status', status: 503, headers: { 'retry-after': '120' } } as const;
const ROWS = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => ({ id, text: `About ${id}` }));

let emulator: Emulator;
let engine: Engine;
let credential: Record<string, string>;
let webhook: WebhookNode | undefined;

beforeEach(async () => {
	emulator = await startEmulator({
		clock: 'manual',
		timing: { validating: 86_400_000 },
		webhooks: { retryAfter: [1_000, 2_000, 4_000] },
	});
	credential = { apiKey: emulator.apiKey, url: emulator.url };
	engine = await createEngine({
		nodes: { [NODE]: OpenAiBatch, [TRIGGER]: OpenAiBatchTrigger },
		credentials: [OpenAiBatchApi],
		credentialData: { [CREDENTIAL]: credential },
	});
});

afterEach(async () => {
	await emulator.close();
	await webhook?.close();
	webhook = undefined;
});

const json = jsonOf(
	async (resource, operation, parameters = {}, input = [{}], more = {}) =>
		await engine.node(NODE, { resource, operation, ...parameters }, input, more),
);

/** Submits rows, two to a part; the ids of the batches. */
const submit = async (rows: IDataObject[] = ROWS, more: IDataObject = {}): Promise<string[]> => {
	const parameters = { ...ASK_TEXT, options: { maxRequestsPerBatch: 2 }, ...more };
	const batches = await json('batch', 'submit', parameters as never, rows);
	return batches.map(({ id }) => String(id));
};

/** Takes a batch to its end, a second after whatever was before. */
const finish = async (id: string, status: 'completed' | 'failed' = 'completed') => {
	await emulator.advance(1_000);
	await emulator.step(id, status);
	await emulator.advance(0);
};

const retry = async (batchId: string, options: IDataObject = { retryAllFailed: true }) => {
	await emulator.advance(1_000);
	const [batch] = await json('batch', 'retry', { batchId, options } as never);
	return String(batch.id);
};

/** The results of the submission that an event is about. */
const results = async ({ id }: IDataObject) => {
	const options = { wholeSubmission: true };
	const items = await json('batch', 'getResults', { batchId: id, options } as never);
	return items.map(({ custom_id, status }) => `${String(custom_id)} ${String(status)}`).sort();
};

/** The result of one request in the whole submission. */
const wholeResult = async ({ id }: IDataObject, customId: string) => {
	const options = { wholeSubmission: true };
	const items = await json('batch', 'getResults', { batchId: id, options } as never);
	return items.find(({ custom_id: one }) => one === customId);
};

const ALL_SUCCEEDED = ROWS.map(({ id }) => `${id} succeeded`);

/** The first run of a request ends in this way, and the next ones well. */
function once(customId: string, outcome: Outcome): void {
	let isFirst = true;
	emulator.control.requests({
		match: ({ custom_id: id }) => id === customId,
		outcome: () => {
			const now: Outcome = isFirst ? outcome : { type: 'answer' };
			isFirst = false;
			return now;
		},
	});
}

const failOnce = (customId: string) =>
	once(customId, { type: 'fail', status: 500, code: 'server_error' });

const poller = async (parameters: object = ONLY) => {
	const trigger = engine.poller(TRIGGER, structuredClone(parameters) as never);
	expect(itemsOf(await trigger.activate())).toEqual([]);
	return { tick: async () => itemsOf(await trigger.tick()), trigger };
};

function itemsOf({ items, error }: PollOutcome): IDataObject[] {
	if (error) throw error;
	return items?.map((item) => item.json) ?? [];
}

/** The webhook trigger in a workflow that is published. */
async function publish(parameters: object = ONLY): Promise<WebhookNode> {
	webhook = await WebhookNode.start({
		node: OpenAiBatchWebhookTrigger,
		credentials: [OpenAiBatchApi],
		credentialData: { [CREDENTIAL]: credential },
		parameters: structuredClone(parameters) as never,
	});
	emulator.webhooks.options.deliverTo = webhook.origin;
	await webhook.activate();
	emulator.ledger.clear();
	return webhook;
}

const deliveries = () => emulator.webhooks.deliveries.ledger;
const statuses = () => deliveries().map(({ status }) => status);
const lists = () => emulator.ledger.calls('GET', '/batches');

describe('the polling trigger', () => {
	it('reports a submission once, after the last of its parts, for Get Results as it is', async () => {
		const { tick } = await poller();
		const ids = await submit();
		expect(ids).toHaveLength(3);
		expect(await tick()).toEqual([]);
		for (const id of [ids[2], ids[0]]) {
			await finish(id);
			expect(await tick()).toEqual([]);
		}
		await finish(ids[1]);
		const [event, ...others] = await tick();
		expect(others).toEqual([]);
		const created = emulator.batch(ids[0]).created_at;
		expect(event).toEqual({
			event: 'submission.finished',
			event_id: expect.stringMatching(/^submission_[0-9a-f]{16}:[0-9a-f]{16}$/),
			event_time: emulator.batch(ids[1]).completed_at,
			submission_id: String(event.event_id).slice(11, 27),
			id: ids[0],
			batch_ids: ids,
			parts: 3,
			statuses: { completed: 3 },
			endpoint: '/v1/chat/completions',
			model: emulator.batch(ids[0]).model,
			request_counts: { total: 6, completed: 6, failed: 0 },
			usage: expect.objectContaining({
				total_tokens: ids.reduce((sum, id) => sum + emulator.batch(id).usage.total_tokens, 0),
			}),
			metadata: {},
			created_at: created,
			duration_seconds: Number(emulator.batch(ids[1]).completed_at) - created,
		});
		expect(await tick()).toEqual([]);
		expect(await results(event)).toEqual(ALL_SUCCEEDED);
	});

	it('reports it again, under another id, when a retry has ended', async () => {
		const { tick } = await poller();
		const ids = await submit();
		failOnce('c');
		for (const id of ids) await finish(id);
		const [before] = await tick();
		expect(before.request_counts).toEqual({ total: 6, completed: 5, failed: 1 });
		expect(await results(before)).toContain('c failed');

		const again = await retry(ids[1]);
		expect(await tick()).toEqual([]);
		await finish(again);
		const [after, ...others] = await tick();
		expect(others).toEqual([]);
		expect(after).toMatchObject({
			id: ids[0],
			submission_id: before.submission_id,
			batch_ids: [ids[0], ids[1], again, ids[2]],
			parts: 3,
			statuses: { completed: 4 },
			request_counts: { total: 7, completed: 6, failed: 1 },
		});
		expect(after.event_id).not.toBe(before.event_id);
		expect(await results(after)).toEqual(ALL_SUCCEEDED);
		expect(await tick()).toEqual([]);
	});

	it('reports one event when a retry ends together with the last part', async () => {
		const { tick } = await poller();
		const ids = await submit();
		failOnce('a');
		await finish(ids[0]);
		const again = await retry(ids[0]);
		for (const id of [ids[1], ids[2], again]) await finish(id);
		const events = await tick();
		expect(events.map(({ batch_ids }) => batch_ids)).toEqual([[ids[0], again, ids[1], ids[2]]]);
		expect(await results(events[0])).toEqual(ALL_SUCCEEDED);
	});

	it('reports the batches too, before their submission, when both are chosen', async () => {
		const { tick } = await poller(WITH_BATCHES);
		const ids = await submit(ROWS.slice(0, 4));
		for (const id of ids) await finish(id);
		const events = await tick();
		expect(events.map(({ event, id }) => [event, id])).toEqual([
			['batch.completed', ids[0]],
			['batch.completed', ids[1]],
			['submission.finished', ids[0]],
		]);
		expect(events.every(({ submission_id: id }) => id === events[0].submission_id)).toBe(true);
	});

	it('reports it whichever way its batches have ended', async () => {
		const { tick } = await poller();
		const ids = await submit();
		await emulator.step(ids[0], 'expired');
		await emulator.step(ids[1], 'cancelled');
		await finish(ids[2]);
		const [{ statuses: ended, id }] = await tick();
		expect([ended, id]).toEqual([{ expired: 1, cancelled: 1, completed: 1 }, ids[0]]);
	});

	it('reports nothing of it without the event', async () => {
		const { tick } = await poller({ events: ['completed'] });
		const [id] = await submit(ROWS.slice(0, 1));
		await finish(id);
		expect((await tick()).map(({ event }) => event)).toEqual(['batch.completed']);
	});

	it('has the whole batches without Simplify', async () => {
		const { tick } = await poller({ ...ONLY, options: { simplify: false } });
		const ids = await submit(ROWS.slice(0, 4));
		for (const id of ids) await finish(id);
		const [{ batches }] = await tick();
		expect(batches).toMatchObject(ids.map((id) => ({ ...emulator.batch(id) })));
	});

	it('reports only submissions that match the filters', async () => {
		const filters = { metadata: { pairs: [{ key: 'job', value: 'films' }] } };
		const { tick } = await poller({ ...ONLY, filters });
		const job = (value: string) => ({ metadata: { pairs: [{ key: 'job', value }] } });
		const films = await submit(ROWS.slice(0, 4), job('films'));
		const books = await submit(ROWS.slice(0, 4), job('books'));
		for (const id of [...films, ...books]) await finish(id);
		const events = await tick();
		expect(events.map(({ batch_ids, metadata }) => [batch_ids, metadata])).toEqual([
			[films, { job: 'films' }],
		]);
	});

	it('goes on after a restart with what n8n has stored', async () => {
		const { trigger } = await poller();
		const ids = await submit();
		await finish(ids[0]);
		await trigger.tick();
		for (const id of ids.slice(1)) await finish(id);
		const [event, ...others] = itemsOf((await trigger.restart())!);
		expect([event.batch_ids, others]).toEqual([ids, []]);
		expect(itemsOf((await trigger.restart())!)).toEqual([]);
	});

	it('reports it in the next poll when the list cannot be read', async () => {
		const { tick } = await poller();
		const ids = await submit();
		for (const id of ids) await finish(id);
		emulator.faults.next({ path: '/batches', method: 'GET', times: 3, fault: OVERLOADED });
		await expect(tick()).rejects.toThrow();
		emulator.faults.clear();
		expect((await tick()).map(({ batch_ids }) => batch_ids)).toEqual([ids]);
		expect(await tick()).toEqual([]);
	});
});

describe('after a retry of answers that have succeeded, both triggers', () => {
	const GENRE = { jsonSchema: JSON.stringify(FILM_SCHEMA) };
	const REASONS: Array<[string, Outcome, IDataObject]> = [
		[
			'were cut off',
			{ type: 'truncate' },
			{ include: ['cut_off'], bodyFields: '{"max_completion_tokens": 4000}' },
		],
		['are not JSON', { type: 'answer', content: 'It is horror.' }, { include: ['invalid_json'] }],
		['were refused', { type: 'refuse' }, { include: ['refused'] }],
		['are named', { type: 'answer' }, { customIds: 'c' }],
	];

	it.each(REASONS)(
		'report the submission once more, with the retry of those that %s',
		async (_, outcome, options) => {
			const node = await publish();
			const { tick } = await poller();
			const ids = await submit(ROWS, { requestOptions: GENRE });
			once('c', outcome);
			for (const id of ids) await finish(id);
			const [before] = await tick();
			expect(before.request_counts).toEqual({ total: 6, completed: 6, failed: 0 });

			const again = await retry(ids[1], options);
			expect(await tick()).toEqual([]);
			expect(node.emitted).toEqual([before]);
			expect(emulator.batch(again).metadata).toMatchObject({ retry_of: ids[1] });
			await finish(again);
			const [after, ...others] = await tick();
			expect(others).toEqual([]);
			expect(after).toMatchObject({
				event: 'submission.finished',
				id: ids[0],
				submission_id: before.submission_id,
				batch_ids: [ids[0], ids[1], again, ids[2]],
				parts: 3,
				statuses: { completed: 4 },
				request_counts: { total: 7, completed: 7, failed: 0 },
			});
			const tokens = [...ids, again].map((id) => emulator.batch(id).usage.total_tokens);
			expect(after.usage).toMatchObject({ total_tokens: tokens.reduce((sum, one) => sum + one) });
			expect(after.event_id).not.toBe(before.event_id);
			expect(await tick()).toEqual([]);
			expect(node.emitted).toEqual([before, after]);
			expect(await results(after)).toEqual(ALL_SUCCEEDED);
			expect(await wholeResult(after, 'c')).toMatchObject({ batch_id: again, attempts: 2 });
		},
	);
});

describe('Fetch Test Event of the polling trigger', () => {
	const manual = async (parameters: object) =>
		await engine.poller(TRIGGER, structuredClone(parameters) as never).manual();

	it('returns the newest submission that has finished, as a poll would', async () => {
		const { tick } = await poller();
		const older = await submit(ROWS.slice(0, 4));
		await emulator.advance(1_000);
		const newer = await submit(ROWS.slice(2, 6));
		for (const id of [...older, ...newer]) await finish(id);
		await emulator.advance(1_000);
		await submit();
		const outcome = await manual(ONLY);
		const reported = await tick();
		expect(itemsOf(outcome)).toEqual(reported.filter(({ id }) => id === newer[0]));
		expect([outcome.staticData, outcome.stored]).toEqual([{}, {}]);
	});

	it('says so when no submission has finished', async () => {
		const [first] = await submit();
		await finish(first);
		const { items, error } = await manual(ONLY);
		expect(items).toBeNull();
		expect(error?.message).toBe('No data with the current filter could be found');
	});

	it('returns an event of a batch when these are chosen too', async () => {
		const [first] = await submit();
		await finish(first);
		expect(itemsOf(await manual(WITH_BATCHES))).toMatchObject([
			{ event: 'batch.completed', id: first },
		]);
	});
});

describe('the webhook trigger', () => {
	it('reports the same event as the polling trigger, also after a retry', async () => {
		const node = await publish();
		const { tick } = await poller();
		const ids = await submit();
		failOnce('c');
		for (const id of ids) await finish(id);
		const [polled] = await tick();
		expect(node.emitted).toEqual([polled]);
		expect(statuses()).toEqual([200, 200, 200]);
		const again = await retry(ids[1]);
		await finish(again);
		const [later] = await tick();
		expect(later.batch_ids).toContain(again);
		expect(node.emitted).toEqual([polled, later]);
		expect(await results(node.emitted[1])).toEqual(ALL_SUCCEEDED);
	});

	it('registers for all four endings when only Submission Finished is chosen', async () => {
		await publish();
		const [{ wire }] = emulator.webhooks.endpoints.all();
		expect([...wire.event_types].sort()).toEqual([
			'batch.cancelled',
			'batch.completed',
			'batch.expired',
			'batch.failed',
		]);
	});

	it.each([
		['completed', 0],
		['expired', 0],
		// Another attempt may have taken its place.
		['failed', 1],
		['cancelled', 1],
	] as const)(
		'reports a submission of one part that is %s, with %d pages of the list',
		async (status, pages) => {
			const node = await publish();
			const [id] = await submit(ROWS.slice(0, 1));
			emulator.ledger.clear();
			await emulator.step(id, status);
			await emulator.advance(0);
			expect(node.emitted).toMatchObject([
				{ event: 'submission.finished', id, parts: 1, statuses: { [status]: 1 } },
			]);
			const paths = emulator.ledger.requests.map(({ path }) => path);
			expect(paths[0]).toBe(`/v1/batches/${id}`);
			expect(paths.slice(1)).toHaveLength(pages);
		},
	);

	it('reports nothing while a part runs, nor before the last part exists', async () => {
		const node = await publish();
		const ids = await submit();
		await finish(ids[0]);
		await finish(ids[2]);
		expect(statuses()).toEqual([200, 200]);
		expect(node.executions).toEqual([]);
		const { metadata } = emulator.batch(ids[1]);
		const place = (metadata as IDataObject).submission_part;
		(metadata as IDataObject).submission_part = '1/3';
		await finish(ids[1]);
		expect(node.executions).toEqual([]);
		(metadata as IDataObject).submission_part = place;
		emulator.webhooks.tell('batch.completed', ids[1]);
		await emulator.advance(0);
		expect(node.emitted.map(({ batch_ids }) => batch_ids)).toEqual([ids]);
	});

	it('reports the batch and its submission in one execution when both are chosen', async () => {
		const node = await publish(WITH_BATCHES);
		const ids = await submit(ROWS.slice(0, 4));
		for (const id of ids) await finish(id);
		expect(node.executions.map(({ items }) => items.map((item) => item.json.event))).toEqual([
			['batch.completed'],
			['batch.completed', 'submission.finished'],
		]);
	});

	it('reports a batch whose event was not chosen through its submission only', async () => {
		const node = await publish({ events: ['failed', 'submission_finished'] });
		const [id] = await submit(ROWS.slice(0, 1));
		await finish(id);
		expect(node.emitted.map(({ event }) => event)).toEqual(['submission.finished']);
	});

	it('reports it once, however often a delivery is repeated', async () => {
		const node = await publish();
		emulator.webhooks.copies = 2;
		const ids = await submit(ROWS.slice(0, 4));
		for (const id of ids) await finish(id);
		for (const { message } of [...deliveries()]) {
			emulator.webhooks.deliveries.redeliver(message);
		}
		// A delivery of an end that was reported already, under another id of a delivery.
		emulator.webhooks.tell('batch.completed', ids[0]);
		await emulator.advance(0);
		expect(new Set(statuses())).toEqual(new Set([200]));
		expect(statuses()).toHaveLength(10);
		expect(node.emitted).toHaveLength(1);
	});

	it('reports one event id when the ends of all parts are delivered at the same moment', async () => {
		for (let round = 0; round < 5; round++) {
			const node = await publish();
			emulator.webhooks.options.deliverTo = 'http://127.0.0.1:1';
			const rows = ROWS.map((row) => ({ ...row, text: `${row.text} ${round}` }));
			const ids = await submit(rows);
			for (const id of ids) await emulator.step(id, 'completed');
			const before = deliveries().length;
			await emulator.advance(0);
			const messages = deliveries().slice(before);
			emulator.webhooks.options.deliverTo = node.origin;
			const [endpoint] = emulator.webhooks.endpoints.all();
			// Each of them finds that all parts have ended.
			const answers = await Promise.all(
				messages.map(
					async ({ message }) => await emulator.webhooks.deliveries.attempt(message, endpoint),
				),
			);
			expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
			expect(node.emitted.length).toBeGreaterThanOrEqual(1);
			expect(new Set(node.emitted.map(({ event_id }) => event_id)).size).toBe(1);
			expect(node.emitted[0].batch_ids).toEqual(ids);
			await node.deactivate();
			await node.close();
		}
		webhook = undefined;
	});

	it('refuses a delivery while the list cannot be read, and reports when it is delivered again', async () => {
		const node = await publish();
		const ids = await submit(ROWS.slice(0, 4));
		await finish(ids[0]);
		emulator.faults.next({ path: '/batches', method: 'GET', fault: OVERLOADED });
		await finish(ids[1]);
		expect(statuses()).toEqual([200, 503]);
		await emulator.advance(60_000);
		expect(statuses()).toEqual([200, 503, 200]);
		expect(node.emitted).toMatchObject([{ event: 'submission.finished', batch_ids: ids }]);
	});

	it('refuses a delivery while the list is empty for a moment, although there are batches', async () => {
		const node = await publish();
		const ids = await submit(ROWS.slice(0, 4));
		await finish(ids[0]);
		const body = { object: 'list', data: [], has_more: false };
		const empty = { type: 'status', status: 200, body } as const;
		emulator.faults.next({ path: '/batches', method: 'GET', fault: empty });
		await finish(ids[1]);
		expect(statuses()).toEqual([200, 503]);
		await emulator.advance(60_000);
		expect(statuses()).toEqual([200, 503, 200]);
		expect(node.emitted).toMatchObject([{ event: 'submission.finished', batch_ids: ids }]);
	});

	it('never holds back the event of a batch: the submission follows with the next delivery', async () => {
		const node = await publish(WITH_BATCHES);
		const ids = await submit(ROWS.slice(0, 4));
		await finish(ids[0]);
		emulator.faults.next({ path: '/batches', method: 'GET', fault: OVERLOADED });
		await finish(ids[1]);
		expect(statuses()).toEqual([200, 200]);
		expect(node.emitted.map(({ event }) => event)).toEqual(['batch.completed', 'batch.completed']);
		const [other] = await submit(ROWS.slice(5, 6));
		await finish(other);
		expect(node.emitted.slice(2).map(({ event }) => event)).toEqual([
			'batch.completed',
			'submission.finished',
			'submission.finished',
		]);
		const submissions = node.emitted.slice(3).map(({ batch_ids }) => batch_ids);
		expect(submissions).toEqual([[other], ids]);
		expect(node.staticData.undecided).toEqual([]);
	});

	it('fails where the list cannot be read for good, and says why', async () => {
		const node = await publish();
		const ids = await submit(ROWS.slice(0, 4));
		await finish(ids[0]);
		const forbidden = { type: 'status', status: 403 } as const;
		emulator.faults.next({ path: '/batches', method: 'GET', fault: forbidden });
		await finish(ids[1]);
		expect(statuses()).toEqual([200, 500]);
		expect(node.emitted).toEqual([]);
	});

	it('reports nothing when an older attempt is cancelled while the part runs', async () => {
		const node = await publish();
		const [first] = await submit(ROWS.slice(0, 1));
		const { metadata } = emulator.batch(first);
		const again = emulator.addBatch({ metadata, status: 'in_progress', completed_at: null });
		await emulator.step(first, 'cancelled');
		await emulator.advance(0);
		expect(node.emitted).toEqual([]);
		Object.assign(again, { status: 'completed', completed_at: again.created_at + 60 });
		emulator.webhooks.tell('batch.completed', again.id);
		await emulator.advance(0);
		expect(node.emitted).toMatchObject([{ event: 'submission.finished', batch_ids: [again.id] }]);
	});

	it('asks by its id for a batch that the list still shows as running', async () => {
		const node = await publish();
		const ids = await submit(ROWS.slice(0, 4));
		await finish(ids[0]);
		expect(node.executions).toEqual([]);
		emulator.ledger.clear();
		const other = emulator.batch(ids[0]);
		// What a replica knows of the other part when it answers the list.
		emulator.ledger.onRequest = ({ path }, stage) => {
			if (stage === 'arrived' && path.endsWith('/batches')) other.status = 'finalizing';
			if (stage === 'arrived' && path.endsWith(ids[0])) other.status = 'completed';
		};
		await finish(ids[1]);
		expect(node.emitted.map(({ batch_ids }) => batch_ids)).toEqual([ids]);
		expect(lists()).toHaveLength(1);
		expect(emulator.ledger.calls('GET', ids[0])).toHaveLength(1);
	});

	it('reads the pages down to the first part, once', async () => {
		const node = await publish();
		const ids = await submit(ROWS.slice(0, 4));
		const { created_at } = emulator.batch(ids[0]);
		for (let age = 0; age < 250; age++) {
			emulator.addBatch({ id: `newer_${age}`, created_at: created_at + 1 });
		}
		await emulator.advance(2_000);
		await finish(ids[0]);
		emulator.ledger.clear();
		await finish(ids[1]);
		expect(lists()).toHaveLength(3);
		expect(node.emitted.map(({ batch_ids }) => batch_ids)).toEqual([ids]);
	});

	it('reports only submissions that match the filters', async () => {
		const filters = { metadata: { pairs: [{ key: 'job', value: 'films' }] } };
		const node = await publish({ ...ONLY, filters });
		const job = (value: string) => ({ metadata: { pairs: [{ key: 'job', value }] } });
		const films = await submit(ROWS.slice(0, 4), job('films'));
		const books = await submit(ROWS.slice(0, 4), job('books'));
		for (const id of [...films, ...books]) await finish(id);
		expect(node.emitted.map(({ batch_ids }) => batch_ids)).toEqual([films]);
	});
});
