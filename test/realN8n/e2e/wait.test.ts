import { Canvas } from '../../support/lab/editor/canvas';
import { byId, type Step } from '../../support/lab/workflows/steps';
import { itSeen, keep } from './seen';
import { FILM_NODES, prepare } from './workflows';

const step = (name: string, operation: string, parameters = {}): Step => ({
	name,
	type: 'n8n-nodes-openai-batch.openAiBatch',
	typeVersion: 1,
	parameters: { resource: 'batch', operation, ...parameters },
});

describe('Wait for Completion that parks', () => {
	itSeen('is connected by hand, and says what is missing until then', async (page, world) => {
		const { workflowUrl } = await prepare(world, 'Parked', [
			...FILM_NODES,
			step('Submit', 'submit', { model: byId('gpt-6-luna'), prompt: 'Hi' }),
			step('Wait', 'wait'),
		]);
		const canvas = new Canvas(page);
		await canvas.open(workflowUrl);
		const wait = await canvas.openNode('Wait');
		await wait.choose('duringWait', 'Park the Execution');
		await page.getByText('Drag a connection from Still Waiting back to').waitFor();
		await wait.addOption('Options', 'Max Wait (Hours)');
		await keep(page, 'wait 1 parks');
		await wait.execute();
		const message = 'Still Waiting is not connected to the input of this node';
		await page.getByTestId('node-error-message').getByText(message).waitFor();
		await keep(page, 'wait 2 not connected');
		await wait.close();

		await canvas.connect('Wait', 0, 'Wait');
		await keep(page, 'wait 3 connected');
		const again = await canvas.openNode('Wait');
		await again.execute();
		await again.output.getByText(/Finished.* \(1 item\)/).click();
		const [heading, row] = await again.table();
		await keep(page, 'wait 4 finished');
		expect(row[heading.indexOf('status')]).toBe('completed');
	});
});
