import type { Page } from 'playwright-core';
import { Canvas } from '../../support/lab/editor/canvas';
import type { NodePanel } from '../../support/lab/editor/nodePanel';
import { itSeen, keep } from './seen';
import { addAction, FILM_NODES, prepare } from './workflows';
import type { World } from './world';

/** Three films, and a new node for Submit after them with the shortest possible settings. */
async function addSubmit(page: Page, world: World): Promise<NodePanel> {
	const { workflowUrl } = await prepare(world, 'Submit films', FILM_NODES);
	const canvas = new Canvas(page);
	await canvas.open(workflowUrl);
	const panel = await addAction(canvas, 'Submit items as a batch');
	await panel.fill('prompt', 'Which genre is the film {{ $json.title }}?');
	// n8n has recognized the expression.
	await panel.parameter('prompt').locator('.cm-content').waitFor();
	return panel;
}

describe('Submit', () => {
	itSeen('needs a prompt only, and shows the batch', async (page, world) => {
		const panel = await addSubmit(page, world);
		await keep(page, 'submit 1 filled in');
		await panel.execute();
		const [heading, ...rows] = await panel.table();
		await keep(page, 'submit 2 submitted');
		expect(heading).toEqual(expect.arrayContaining(['id', 'status', 'requests']));
		expect(rows).toHaveLength(1);
		expect(rows[0][heading.indexOf('id')]).toMatch(/^batch_/);
		expect(rows[0][heading.indexOf('requests')]).toBe('3');
	});

	itSeen('names the items that cannot be submitted', async (page, world) => {
		const panel = await addSubmit(page, world);
		await panel.typeExpression('customId', 'film');
		await panel.execute();
		const title = '2 of 3 items cannot be submitted; nothing was sent';
		await page.getByTestId('node-error-message').getByText(title).waitFor();
		await keep(page, 'submit 3 duplicate custom ids');
		const message = await panel.output.innerText();
		expect(message).toMatch(/Item 1: .*film/);
		expect(message).toMatch(/Item 2: .*film/);
	});
});
