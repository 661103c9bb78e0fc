import { runBatch } from '../../support/lab/service';
import { Canvas } from '../../support/lab/editor/canvas';
import { itSeen, keep } from './seen';
import { FILM_NODES, prepare } from './workflows';
import { clientOf } from './world';

const PROMPTS = [
	'Which genre is Alien?',
	'Which genre is Amélie? [[emulator:fail 400 context_length_exceeded]]',
	'Which genre is Casablanca?',
];

const NODE = {
	name: 'OpenAI Batch',
	type: 'n8n-nodes-openai-batch.openAiBatch',
	typeVersion: 1,
};

describe('the pickers', () => {
	itSeen('find a batch and a file by what a person knows of them', async (page, world) => {
		const { id, input_file_id } = await runBatch(clientOf(world), 'cinema.jsonl', PROMPTS);
		const download = { resource: 'file', operation: 'download' };
		const batchId = { __rl: true, mode: 'list', value: '' };
		const nodes = [
			FILM_NODES[0],
			{ ...NODE, parameters: download },
			{ ...NODE, name: 'Status', parameters: { resource: 'batch', operation: 'get', batchId } },
		];
		const { workflowUrl } = await prepare(world, 'Pickers', nodes);
		const canvas = new Canvas(page);
		await canvas.open(workflowUrl);
		let panel = await canvas.openNode(NODE.name);

		const files = await panel.searchList('fileId', 'cinema.jsonl');
		expect(await files.first().innerText()).toContain(input_file_id);
		await keep(page, 'pickers 1 file');
		await files.first().click();

		await panel.close();
		panel = await canvas.openNode('Status');
		const batches = await panel.searchList('batchId', id);
		expect(await batches.innerText()).toMatch(/completed · 3\/3/);
		await keep(page, 'pickers 2 batch');
		await batches.click();
		await keep(page, 'pickers 3 chosen');
	});
});

describe('Get Results', () => {
	itSeen('gives results, and what failed on the error output', async (page, world) => {
		const { id } = await runBatch(clientOf(world), 'results.jsonl', PROMPTS);
		const batchId = { __rl: true, mode: 'id', value: id };
		const parameters = { resource: 'batch', operation: 'getResults', batchId };
		const nodes = [FILM_NODES[0], { ...NODE, parameters }];
		const { workflowUrl } = await prepare(world, 'Results', nodes);
		const canvas = new Canvas(page);
		await canvas.open(workflowUrl);
		const panel = await canvas.openNode(NODE.name);
		await page.getByTestId('tab-settings').click();
		await panel.choose('onError', 'Continue (using error output)');
		await page.getByTestId('tab-params').click();
		await panel.execute();

		await panel.output.getByText(/Success.* \(2 items\)/).waitFor();
		const [heading, ...rows] = await panel.table();
		await keep(page, 'results 1 success');
		const ids = rows.map((row) => row[heading.indexOf('custom_id')]);
		expect(ids.sort()).toEqual(['film-0', 'film-2']);
		await panel.output.getByText(/1 of the 3 requests/).waitFor();

		await panel.output.getByText(/Error.* \(1 item\)/).click();
		await panel.output.getByText('film-1').first().waitFor();
		await panel.output.getByText('context_length_exceeded').first().waitFor();
		await keep(page, 'results 2 error output');
	});
});
