import { Canvas } from '../../support/lab/editor/canvas';
import type { Step } from '../../support/lab/workflows/steps';
import { itSeen, keep } from './seen';
import { FILM_NODES, prepare } from './workflows';

const batch = (name: string, parameters: Step['parameters']): Step => ({
	name,
	type: 'n8n-nodes-openai-batch.openAiBatch',
	typeVersion: 1,
	parameters,
});

/** A workflow of which nothing has run. Submit is the operation that the node has at first. */
const STEPS: Step[] = [
	...FILM_NODES,
	batch('Submit', { prompt: '={{ $json.title }}' }),
	batch('Get Results', { operation: 'getResults' }),
	{ name: 'Edit Fields', type: 'n8n-nodes-base.set', typeVersion: 3.4, parameters: {} },
];

describe('before anything has run', () => {
	itSeen('the fields of Submit and of Get Results can be dragged', async (page, world) => {
		const { workflowUrl } = await prepare(world, 'Fields to drag', STEPS);
		const canvas = new Canvas(page);
		const fieldsBefore = async (node: string) => {
			const panel = await canvas.openNode(node);
			const items = page.getByTestId('ndv-input-panel').getByTestId('run-data-schema-item');
			await items.first().waitFor();
			const names = (await items.allInnerTexts()).map((text) => text.trim().split('\n')[0]);
			await keep(page, `schemas ${node}`);
			await panel.close();
			return names;
		};
		await canvas.open(workflowUrl);
		expect(await fieldsBefore('Get Results')).toEqual(
			expect.arrayContaining(['id', 'status', 'requests', 'submission_id']),
		);
		expect(await fieldsBefore('Edit Fields')).toEqual(
			expect.arrayContaining(['custom_id', 'content', 'finish_reason']),
		);
	});
});
