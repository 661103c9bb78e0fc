import type { Page } from 'playwright-core';
import { runBatch } from '../../support/lab/service';
import { Canvas } from '../../support/lab/editor/canvas';
import type { Step } from '../../support/lab/workflows/steps';
import { itSeen, keep } from './seen';
import { CREDENTIAL, FILM_NODES, prepare } from './workflows';
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

/** Three films become a submission of two batches. */
const SUBMIT: Step = {
	name: 'Submit',
	type: 'n8n-nodes-openai-batch.openAiBatch',
	typeVersion: 1,
	parameters: {
		prompt: '={{ $json.title }}',
		metadata: { pairs: [{ key: 'job', value: 'series' }] },
		options: { maxRequestsPerBatch: 2 },
	},
};

/** Opens the list of executions, and the first one that has succeeded. */
async function openExecution(page: Page): Promise<void> {
	await page.getByTestId('radio-button-executions').click();
	const succeeded = page
		.getByTestId('current-executions-list')
		.locator('[data-test-execution-status="success"]');
	// n8n polls once a minute at most; the limit only guards against hanging.
	await succeeded.first().waitFor({ timeout: 5 * 60_000 });
	await succeeded.first().click();
	expect(await succeeded.count()).toBe(1);
}

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
		await openExecution(page);
		await canvas.node(TRIGGER.name).waitFor();
		await keep(page, 'trigger 4 executions');
	});

	itSeen(
		'starts one execution when both batches of a submission have ended',
		async (page, world) => {
			const { workflowUrl: submitUrl } = await prepare(world, 'Series', [...FILM_NODES, SUBMIT]);
			const canvas = new Canvas(page);
			await canvas.openNew(world.n8nUrl);
			await canvas.addFirst();
			await (await canvas.search('openai batch', 'OpenAI Batch')).click();
			await canvas.entry('On submission finished').click();
			const panel = await canvas.panel();
			await panel.chooseCredential(CREDENTIAL);
			await panel.addOption('Filters', 'Metadata');
			const metadata = panel.list('metadata');
			await metadata.add();
			await metadata.fill('key', 'job');
			await metadata.fill('value', 'series');
			await keep(page, 'trigger 5 submission finished');
			await panel.close();
			await canvas.publish();
			const workflowUrl = page.url();

			await canvas.open(submitUrl);
			const submit = await canvas.openNode(SUBMIT.name);
			await submit.execute();
			const [submitted, ...batches] = await submit.table();
			expect(batches).toHaveLength(2);
			await keep(page, 'trigger 6 two batches');

			await canvas.open(workflowUrl);
			await openExecution(page);
			const trigger = await canvas.openNode('OpenAI Batch Trigger');
			const [item] = (await trigger.json()) as Array<Record<string, unknown>>;
			await keep(page, 'trigger 7 finished submission');
			expect(item).toMatchObject({
				event: 'submission.finished',
				batch_ids: batches.map((batch) => batch[submitted.indexOf('id')]),
				parts: 2,
				statuses: { completed: 2 },
				request_counts: { total: 3, completed: 3, failed: 0 },
				metadata: { job: 'series' },
			});
		},
	);
});
