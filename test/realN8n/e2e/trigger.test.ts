import { runBatch } from './api';
import { itSeen } from './browser';
import { Canvas } from './canvas';
import { keep } from './screenshots';
import { CREDENTIAL, prepare } from './workflows';

const TRIGGER = {
	name: 'OpenAI Batch Trigger',
	type: 'n8n-nodes-openai-batch.openAiBatchTrigger',
	typeVersion: 1,
	parameters: {
		pollTimes: { item: [{ mode: 'everyMinute' }] },
		filters: { metadata: { pairs: [{ key: 'job', value: 'told' }] } },
		// n8n starts the trigger in the background: the batch may be finished before.
		options: { includeFinishedWithin: 1 },
	},
};

describe('OpenAI Batch Trigger', () => {
	itSeen('fetches a test event', async (page, world) => {
		const { id } = await runBatch(world, 'sample.jsonl', ['Which genre is Alien?']);
		const canvas = new Canvas(page);
		await canvas.openNew(world.n8nUrl);
		await prepare(world, 'For its credential', [TRIGGER]);
		await page.reload();
		await canvas.addFirst();
		await (await canvas.search('openai batch', 'OpenAI Batch')).click();
		await canvas.entry('On batch completed').click();
		const panel = await canvas.panel();
		await panel.chooseCredential(CREDENTIAL);
		await page.getByText('Without the events Expired').waitFor();
		await keep(page, 'trigger 1 added');
		await panel.execute();
		const [heading, ...rows] = await panel.table();
		await keep(page, 'trigger 2 test event');
		expect(rows).toHaveLength(1);
		expect(rows[0][heading.indexOf('event')]).toBe('batch.completed');
		expect(rows[0][heading.indexOf('id')]).toBe(id);
	});

	itSeen('starts a published workflow when a batch is finished', async (page, world) => {
		const { workflowUrl } = await prepare(world, 'Batch finished', [TRIGGER]);
		const canvas = new Canvas(page);
		await canvas.open(workflowUrl);
		await canvas.publish();
		await keep(page, 'trigger 3 published');
		await runBatch(world, 'told.jsonl', ['Which genre is Alien?'], { job: 'told' });
		await page.getByTestId('radio-button-executions').click();
		// n8n polls once a minute at most.
		const succeeded = page
			.getByTestId('current-executions-list')
			.locator('[data-test-execution-status="success"]')
			.first();
		await succeeded.waitFor({ timeout: 90_000 });
		await succeeded.click();
		await canvas.node(TRIGGER.name).waitFor();
		await keep(page, 'trigger 4 executions');
	});
});
