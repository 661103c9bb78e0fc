import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { runCommand } from '../test/support/command';
import { readFilms } from '../test/support/films';
import type { Account } from '../test/support/lab/account';
import { openBrowser, signIn } from '../test/support/lab/editor/browser';
import { Canvas } from '../test/support/lab/editor/canvas';
import { Lab } from '../test/support/lab/lab';
import type { WorkflowJson, WorkflowNode } from '../test/support/lab/n8n/types';
import { finishedBatch } from '../test/support/lab/service';
import { showOnConsole } from '../test/support/lab/show';
import { withChoices } from '../test/support/lab/workflows/choices';
import { serveFilms } from './demo/films';
import { readWorkflow } from './demo/workflows';

const FOLDER = resolve(__dirname, '..', 'docs', 'pictures');

/** As many films as a picture has room for. */
const FILMS = 8;

/** The films have no key of their own. */
const FIRST_ID = 1001;

/** The batch is to be finished when the results are looked at. */
const TIMING = { validating: 200, in_progress: 600, finalizing: 200 };

const MARGIN = 12;

/** The columns of the results; the emulator's reasons are filler words. */
const COLUMNS = ['custom_id', 'film', 'genre', 'tokens'];

/** n8n's own buttons and messages, which lie over what the pictures are about. */
const CLUTTER = [
	'.el-notification',
	'[class*="executionButtons"]',
	':has(> [role="radiogroup"] [data-test-id="radio-button-workflow"])',
	':has(> [data-test-id="radio-button-workflow"])',
	...[
		'canvas-controls',
		'node-creator-plus-button',
		'command-bar-button',
		'add-sticky-button',
		'toggle-focus-panel-button',
		'instance-ai-canvas-action-button',
		'floating-nodes',
	].map((id) => `[data-test-id="${id}"]`),
].join(', ');

/** Takes a picture of an element, down to the end of another one or to the given height. */
async function take(page: Page, name: string, of: Locator, end: Locator | number): Promise<void> {
	await page.addStyleTag({ content: `${CLUTTER} { visibility: hidden !important; }` });
	const box = await of.boundingBox();
	const last = typeof end === 'number' ? undefined : await end.boundingBox();
	if (!box || last === null) throw new Error(`What the picture "${name}" shows is hidden.`);
	const height = last ? last.y + last.height + MARGIN - box.y : Number(end);
	const clip = { ...box, height: Math.min(height, box.height) };
	const path = resolve(FOLDER, `${name}.png`);
	await page.screenshot({ path, clip, animations: 'disabled' });
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

interface Assignments {
	assignments: { assignments: Array<{ name: string }> };
}

/** The results workflow for one batch, started by hand in place of by the trigger. */
function forBatch(results: WorkflowJson, id: string): WorkflowJson {
	const changes: Record<string, (node: WorkflowNode) => Partial<WorkflowNode>> = {
		'Batch finished': () => ({ type: 'n8n-nodes-base.manualTrigger', parameters: {} }),
		'Get results': ({ parameters }) => ({
			parameters: { ...parameters, batchId: { __rl: true, mode: 'id', value: id } },
		}),
		'Keep the columns': ({ parameters }) => {
			const { assignments } = (parameters as unknown as Assignments).assignments;
			const kept = assignments.filter(({ name }) => COLUMNS.includes(name));
			return { parameters: { ...parameters, assignments: { assignments: kept } } };
		},
	};
	const nodes = results.nodes.map((node) => ({ ...node, ...changes[node.name]?.(node) }));
	return { ...results, nodes };
}

/** Takes the pictures of the README from the demo workflows. */
async function takePictures(
	page: Page,
	{ n8n, rest }: Lab,
	{ client, credential }: Account,
	filmsUrl: string,
): Promise<void> {
	const credentials = { openAiBatchApi: credential };
	const submit = withChoices(await readWorkflow('submit-films'), { credentials });
	const results = withChoices(await readWorkflow('film-genres'), { credentials });
	const canvas = new Canvas(page);
	const open = async (workflow: WorkflowJson) => {
		const { id } = await rest.createWorkflow(workflow);
		await canvas.open(`${n8n.url}/workflow/${id}`);
	};

	await page.setViewportSize({ width: 1040, height: 520 });
	await open(together(submit, results));
	await page.waitForLoadState('networkidle');
	await take(page, 'workflows', page.getByTestId('canvas'), Infinity);

	await page.setViewportSize({ width: 1180, height: 900 });
	const customId = '={{ $json.id }}';
	const parameters = { 'Get films': { url: filmsUrl }, 'Submit films': { customId } };
	await open(withChoices(submit, { credentials, parameters }));
	const panel = await canvas.openNode('Submit films');
	await panel.execute();
	const [heading, row] = await panel.table();
	await take(page, 'submit-panel', page.getByTestId('node-parameters').locator('xpath=..'), 680);

	const { id } = await finishedBatch(client, row[heading.indexOf('id')]);
	await page.setViewportSize({ width: 1400, height: 760 });
	await open(forBatch(results, id));
	const columns = await canvas.openNode('Keep the columns');
	await columns.execute();
	await columns.table();
	await take(page, 'results', columns.output, columns.output.locator('table').last());
}

runCommand(async (stack, signal) => {
	await mkdir(FOLDER, { recursive: true });
	const lab = await Lab.open({ show: showOnConsole, signal });
	stack.defer(async () => await lab.close());
	const account = await lab.account({ timing: TIMING });
	const source = await serveFilms(
		(await readFilms()).slice(0, FILMS).map((film, index) => ({ ...film, id: FIRST_ID + index })),
	);
	stack.defer(source.close);
	const { browser, page } = await openBrowser();
	stack.defer(async () => await browser.close());
	await signIn(page, lab.n8n.url, lab.owner);
	await takePictures(page, lab, account, source.url);
	return 0;
});
