import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { Closers } from '../demo/closers';
import { readFilms, serveFilms } from '../demo/films';
import { readWorkflow, withChoices } from '../demo/workflows';
import { Rest } from '../n8n/rest';
import type { WorkflowJson } from '../n8n/types';
import { finishedBatch } from './api';
import { openBrowser, signIn } from './browser';
import { Canvas } from './canvas';
import { createCredential } from './workflows';
import { startWorld, type World } from './world';

const FOLDER = resolve(__dirname, '..', '..', 'docs', 'pictures');

/** As many films as a picture has room for. */
const FILMS = 8;

const BATCH_ID = { __rl: true, mode: 'id' };

async function take(page: Page, name: string, of: Locator): Promise<void> {
	// n8n's messages lie over what they are about.
	await page.addStyleTag({ content: '.el-notification { display: none !important; }' });
	await of.screenshot({ path: resolve(FOLDER, `${name}.png`), animations: 'disabled' });
}

/** Both demo workflows below each other, without their notes. */
function together(submit: WorkflowJson, results: WorkflowJson): WorkflowJson {
	const isNode = ({ type }: { type: string }) => type !== 'n8n-nodes-base.stickyNote';
	const lower = results.nodes.map((node) => {
		const [x, y] = node.position as [number, number];
		return { ...node, position: [x, y + 200] };
	});
	return {
		name: 'Film genres',
		nodes: [...submit.nodes, ...lower].filter(isNode),
		connections: { ...submit.connections, ...results.connections },
	};
}

/** The results workflow for one batch, started by hand in place of by the trigger. */
function forBatch(results: WorkflowJson, id: string): WorkflowJson {
	const byHand = { type: 'n8n-nodes-base.manualTrigger', parameters: {}, credentials: undefined };
	const withId = { batchId: { ...BATCH_ID, value: id } };
	const change = (node: WorkflowJson['nodes'][number]) => {
		if (node.name === 'Batch finished') return { ...node, ...byHand };
		if (node.name !== 'Get results') return node;
		return { ...node, parameters: { ...node.parameters, ...withId } };
	};
	return { ...results, nodes: results.nodes.map(change) };
}

/** Takes the pictures of the README from the demo workflows. */
async function takePictures(page: Page, world: World, filmsUrl: string): Promise<void> {
	const rest = new Rest(world.n8nUrl);
	await rest.login(world);
	const credential = await createCredential(rest, world, 'OpenAI Batch API');
	const submit = withChoices(await readWorkflow('submit-films'), { credential });
	const results = withChoices(await readWorkflow('film-genres'), { credential });
	const canvas = new Canvas(page);
	const open = async (workflow: WorkflowJson) => {
		const { id } = await rest.createWorkflow(workflow);
		await canvas.open(`${world.n8nUrl}/workflow/${id}`);
	};

	await page.setViewportSize({ width: 1040, height: 520 });
	await open(together(submit, results));
	await page.addStyleTag({
		content:
			'[data-test-id="canvas-controls"], [class*="executionButtons"] { display: none !important; }',
	});
	await take(page, 'workflows', page.getByTestId('canvas'));

	await page.setViewportSize({ width: 1180, height: 760 });
	const parameters = { 'Get films': { url: filmsUrl } };
	await open(withChoices(submit, { credential, parameters }));
	const panel = await canvas.openNode('Submit films');
	await panel.execute();
	const [heading, row] = await panel.table();
	await take(page, 'submit-panel', page.getByTestId('ndv'));

	const { id } = await finishedBatch(world, row[heading.indexOf('id')]);
	await page.setViewportSize({ width: 1600, height: 760 });
	await open(forBatch(results, id));
	const columns = await canvas.openNode('Keep the columns');
	await columns.execute();
	await columns.table();
	await take(page, 'results', columns.output);
}

async function main(): Promise<void> {
	const closers = new Closers();
	try {
		await mkdir(FOLDER, { recursive: true });
		const world = await startWorld(closers);
		const source = await serveFilms((await readFilms()).slice(0, FILMS));
		closers.add(source.close);
		const { browser, page } = await openBrowser(world);
		closers.add(async () => await browser.close());
		await signIn(page, world);
		await takePictures(page, world, source.url);
	} finally {
		await closers.close();
	}
}

main().then(
	() => process.exit(0),
	(error: unknown) => {
		console.error(error);
		process.exit(1);
	},
);
