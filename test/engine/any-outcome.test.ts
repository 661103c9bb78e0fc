import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import { NodeHelpers } from 'n8n-workflow';
import { OpenAiBatchApi } from '../../credentials/OpenAiBatchApi.credentials';
import { OpenAiBatchTrigger } from '../../nodes/OpenAiBatchTrigger/OpenAiBatchTrigger.node';
import { OpenAiBatchWebhookTrigger } from '../../nodes/OpenAiBatchWebhookTrigger/OpenAiBatchWebhookTrigger.node';
import { startEmulator, type Emulator } from '../support/emulator';
import { createEngine, type Engine } from '../support/engine';

const TRIGGER = 'openAiBatchTrigger';

let emulator: Emulator;
let engine: Engine;

beforeAll(async () => {
	emulator = await startEmulator({ clock: 'manual' });
	engine = await createEngine({
		nodes: { [TRIGGER]: OpenAiBatchTrigger },
		credentials: [OpenAiBatchApi],
		credentialData: { openAiBatchApi: { apiKey: emulator.apiKey, url: emulator.url } },
	});
});

afterAll(async () => await emulator.close());

describe.each([OpenAiBatchTrigger, OpenAiBatchWebhookTrigger])('the events of %p', (Trigger) => {
	const { description } = new Trigger();
	const find = (name: string) => description.properties.find((one) => one.name === name)!;
	const events: INodeProperties = find('events');

	it('begin in the search of n8n with the one that leaves nothing out', () => {
		const [first] = events.options as INodePropertyOptions[];
		expect(first).toMatchObject({ value: 'ended', action: 'On batch ended (any outcome)' });
		expect(events.default).toEqual(['ended']);
	});

	it.each([
		[['ended'], false],
		[['submission_finished'], false],
		[['completed'], true],
	])('%j shows a warning about other outcomes: %j', (chosen, isShown) => {
		const notice = find('expiredNotice');
		const parameters = { events: chosen };
		expect(NodeHelpers.displayParameter(parameters, notice, null, description)).toBe(isShown);
	});
});

test('a batch that ends in any way starts the workflow, also beside other events', async () => {
	const batches = ['completed', 'failed', 'expired', 'cancelled'].map((status) => ({
		status,
		batch: emulator.addBatch({ id: `batch_${status}`, status: 'in_progress', completed_at: null }),
	}));
	const pollers = [
		engine.poller(TRIGGER, {}),
		engine.poller(TRIGGER, { events: ['ended', 'completed', 'finalizing'] }),
	];
	for (const poller of pollers) await poller.activate();
	for (const { batch, status } of batches) {
		Object.assign(batch, { status, [`${status}_at`]: batch.created_at + 60 });
	}
	await emulator.advance(60_000);
	for (const poller of pollers) {
		const { items, error } = await poller.tick();
		if (error) throw error;
		expect(items!.map(({ json }) => json.event).sort()).toEqual([
			'batch.cancelled',
			'batch.completed',
			'batch.expired',
			'batch.failed',
		]);
	}
});

test('a filter by the id of a file says so', async () => {
	const parameters = { filters: { batchIds: 'file-V7XpECC2hkGU5DSKJpNEDr' } };
	const { error } = await engine.poller(TRIGGER, parameters).activate();
	expect(error?.message).toBe(
		"'file-V7XpECC2hkGU5DSKJpNEDr' is not a batch ID: it is the id of a file",
	);
});
