import { runBatch } from '../../support/lab/service';
import { Canvas } from '../../support/lab/editor/canvas';
import { itSeen, keep } from './seen';
import { CREDENTIAL, prepare } from './workflows';
import { clientOf } from './world';

const TRIGGER = {
	name: 'OpenAI Batch Trigger',
	type: 'n8n-nodes-openai-batch.openAiBatchTrigger',
	typeVersion: 1,
	parameters: {
		pollTimes: { item: [{ mode: 'everyMinute' }] },
		filters: { metadata: { pairs: [{ key: 'job', value: 'news' }] } },
		// n8n starts the trigger in the background: the batch may be finished by then.
		options: { includeFinishedWithin: 1 },
	},
};

describe('OpenAI Batch Trigger', () => {
	itSeen('fetches a test event', async (page, world) => {
		const { id } = await runBatch(clientOf(world), 'sample.jsonl', ['Which genre is Alien?']);
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
		await runBatch(clientOf(world), 'news.jsonl', ['Which genre is Alien?'], { job: 'news' });
		await page.getByTestId('radio-button-executions').click();
		// n8n polls once a minute at most; the limit only guards against hanging.
		const succeeded = page
			.getByTestId('current-executions-list')
			.locator('[data-test-execution-status="success"]')
			.first();
		await succeeded.waitFor({ timeout: 5 * 60_000 });
		await succeeded.click();
		await canvas.node(TRIGGER.name).waitFor();
		await keep(page, 'trigger 4 executions');
	});
});
