import { Canvas } from '../../support/lab/editor/canvas';
import { itSeen, keep } from './seen';
import { FILM_NODES, prepare } from './workflows';

describe('the nodes panel', () => {
	itSeen('finds the triggers first in an empty workflow', async (page, { n8nUrl }) => {
		const canvas = new Canvas(page);
		await canvas.openNew(n8nUrl);
		await canvas.addFirst();
		await (await canvas.search('openai batch', 'OpenAI Batch')).waitFor();
		await canvas.entry('OpenAI Batch Webhook').waitFor();
		await keep(page, 'nodes panel 1 search');
		await canvas.entry('OpenAI Batch').click();
		await canvas.entry('On batch completed').waitFor();
		const events = page.getByTestId('node-creator-item-name').filter({ hasText: /^On / });
		expect(await events.first().innerText()).toBe('On batch ended (any outcome)');
		await keep(page, 'nodes panel 2 events');
	});

	itSeen('offers the operations, the main ones first', async (page, world) => {
		const { workflowUrl } = await prepare(world, 'Actions', FILM_NODES);
		const canvas = new Canvas(page);
		await canvas.open(workflowUrl);
		await canvas.addNext();
		await (await canvas.search('batch api', 'OpenAI Batch')).click();
		await canvas.entry('Submit items as a batch').waitFor();
		const actions = page
			.getByTestId('node-creator-item-name')
			.filter({ hasText: /^[A-Z][a-z]+ .*(batch|file)/ });
		expect((await actions.allInnerTexts()).slice(0, 2)).toEqual([
			'Submit items as a batch',
			'Get the results of a batch',
		]);
		await keep(page, 'nodes panel 3 actions');
	});
});
