import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { runCommand } from '../test/support/command';
import type { Emulator } from '../test/support/emulator';
import type { Account } from '../test/support/lab/account';
import { openBrowser, signIn } from '../test/support/lab/editor/browser';
import { Canvas } from '../test/support/lab/editor/canvas';
import { Lab } from '../test/support/lab/lab';
import type { WorkflowJson } from '../test/support/lab/n8n/types';
import { showOnConsole } from '../test/support/lab/show';
import { withChoices } from '../test/support/lab/workflows/choices';
import type { Credential } from '../test/support/lab/workflows/steps';
import { palettePng } from './palette';
import { readmeWorkflows } from './pictureWorkflows';

const ROOT = resolve(__dirname, '..');
const PICTURES = resolve(ROOT, 'docs', 'pictures');
const EXAMPLES = resolve(ROOT, 'examples');

/** The batch is to be finished when the results are looked at. */
const TIMING = { validating: 200, in_progress: 600, finalizing: 200 };

const MARGIN = 16;

/** What a model answers for the films of the README. */
const GENRES = {
	Alien: 'Horror',
	Amélie: 'Romance',
	Casablanca: 'Drama',
	Jaws: 'Thriller',
	Up: 'Adventure',
};

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

interface Box {
	x: number;
	y: number;
	width: number;
	height: number;
}

async function boxOf(of: Locator): Promise<Box> {
	const box = await of.boundingBox();
	if (!box) throw new Error(`What a picture is to show is hidden: ${String(of)}`);
	return box;
}

/** The nodes and notes of the canvas with what is visible of their parts, and the connections. */
async function workflowBox(page: Page): Promise<Box> {
	return await page
		.locator('.vue-flow__node, .vue-flow__node *:not(:has(*)), .vue-flow__edge path')
		.evaluateAll((elements, margin) => {
			const seen = { opacityProperty: true, visibilityProperty: true };
			const boxes = elements
				.filter((element) => element.checkVisibility(seen))
				.map((element) => element.getBoundingClientRect());
			const x = Math.min(...boxes.map(({ left }) => left)) - margin;
			const y = Math.min(...boxes.map(({ top }) => top)) - margin;
			return {
				x,
				y,
				width: Math.max(...boxes.map(({ right }) => right)) + margin - x,
				height: Math.max(...boxes.map(({ bottom }) => bottom)) + margin - y,
			};
		}, MARGIN);
}

/** What the emulated model answers to the prompts of the README. */
function answerGenres({ control }: Emulator): void {
	const titleIn = (body: unknown) =>
		Object.keys(GENRES).find((title) => JSON.stringify(body).includes(` ${title}?`));
	control.requests({
		match: ({ body }) => titleIn(body) !== undefined,
		outcome: ({ body }) => ({
			type: 'answer',
			content: GENRES[titleIn(body) as keyof typeof GENRES],
		}),
	});
}

/** Takes pictures in one n8n. */
class Photographer {
	private readonly canvas: Canvas;

	private constructor(
		private readonly page: Page,
		private readonly darkroom: Page,
		private readonly lab: Lab,
	) {
		this.canvas = new Canvas(page);
	}

	static async start(lab: Lab): Promise<Photographer> {
		const { browser, page } = await openBrowser();
		lab.defer(async () => await browser.close());
		await signIn(page, lab.n8n.url, lab.owner);
		return new Photographer(page, await browser.newPage(), lab);
	}

	/** Takes a picture of a part of the window, with the mouse away. */
	private async take(file: string, clip: Box): Promise<void> {
		await this.page.mouse.move(0, 0);
		const png = await this.page.screenshot({ clip, animations: 'disabled' });
		const { width, height, rgba } = await this.darkroom.evaluate(
			async (source) => {
				const image = new Image();
				image.src = source;
				await image.decode();
				const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d')!;
				canvas.drawImage(image, 0, 0);
				const { width, height, data } = canvas.getImageData(0, 0, image.width, image.height);
				const reader = new FileReader();
				const read = new Promise((resolve) => (reader.onload = resolve));
				reader.readAsDataURL(new Blob([data]));
				await read;
				return { width, height, rgba: String(reader.result).split(',')[1] };
			},
			`data:image/png;base64,${png.toString('base64')}`,
		);
		await writeFile(`${file}.png`, palettePng(width, height, Buffer.from(rgba, 'base64')));
	}

	/** Takes a picture of the whole workflow. */
	private async takeWorkflow(file: string): Promise<void> {
		await this.take(file, await workflowBox(this.page));
	}

	/** Opens a workflow in a window of this size, in which it is as large as it fits. */
	private async open(workflow: WorkflowJson, width: number, height: number): Promise<void> {
		await this.page.setViewportSize({ width, height });
		const { id } = await this.lab.rest.createWorkflow(workflow);
		await this.canvas.open(`${this.lab.n8n.url}/workflow/${id}`);
		await this.page.waitForLoadState('networkidle');
		await this.page.addStyleTag({ content: `${CLUTTER} { opacity: 0 !important; }` });
	}

	/** The first workflow of the README, executed, and the two that it is divided into. */
	async takeReadme(account: Account): Promise<void> {
		const { page, canvas } = this;
		const { rest } = this.lab;
		const { id } = await rest.createDataTable('films', [
			{ name: 'title', type: 'string' },
			{ name: 'genre', type: 'string' },
		]);
		const titles = Object.keys(GENRES);
		await rest.addDataTableRows(
			id,
			titles.map((title) => ({ title })),
		);
		answerGenres(account.emulator);

		const { one, fields, two } = readmeWorkflows(account);
		await this.open(one, 1560, 700);
		await page.getByTestId('execute-workflow-button').first().click();
		await page.getByText('Workflow executed successfully').first().waitFor();
		await this.takeWorkflow(resolve(PICTURES, 'workflow'));

		await page.setViewportSize({ width: 1280, height: 1000 });
		const submit = await canvas.openNode('Submit items as a batch');
		const whole = await boxOf(page.getByTestId('node-parameters').locator('xpath=..'));
		const next = await boxOf(page.getByText('Request Options', { exact: true }));
		await this.take(resolve(PICTURES, 'submit-panel'), { ...whole, height: next.y - whole.y });
		await submit.close();

		await this.open(fields, 1400, 760);
		const results = await canvas.openNode('Edit Fields');
		await results.execute();
		await results.table();
		const output = await boxOf(results.output);
		const table = await boxOf(results.output.locator('table').last());
		const bottom = table.y + table.height + MARGIN;
		await this.take(resolve(PICTURES, 'results'), { ...output, height: bottom - output.y });

		await this.open(two, 1040, 700);
		await this.takeWorkflow(resolve(PICTURES, 'workflows'));
	}

	/** Each of the examples, with its notes. */
	async takeExamples(account: Account): Promise<void> {
		const { rest } = this.lab;
		const stored = async (type: string, data: Record<string, unknown>): Promise<Credential> =>
			await rest.createCredential(type, type, data);
		const credentials = {
			openAiBatchApi: account.credential,
			openAiApi: await stored('openAiApi', { apiKey: 'sk-none', url: account.emulator.url }),
			smtp: await stored('smtp', { host: '127.0.0.1', port: 25, user: '', password: '' }),
		};
		const folder = resolve(EXAMPLES, 'pictures');
		await mkdir(folder, { recursive: true });
		for (const file of (await readdir(EXAMPLES)).filter((name) => name.endsWith('.json'))) {
			const text = await readFile(resolve(EXAMPLES, file), 'utf8');
			await this.open(withChoices(JSON.parse(text) as WorkflowJson, { credentials }), 1240, 900);
			await this.takeWorkflow(resolve(folder, file.replace('.json', '')));
		}
	}
}

runCommand(async (stack, signal) => {
	await mkdir(PICTURES, { recursive: true });
	const lab = await Lab.open({ show: showOnConsole, signal });
	stack.defer(async () => await lab.close());
	const account = await lab.account({ timing: TIMING });
	const photographer = await Photographer.start(lab);
	await photographer.takeReadme(account);
	await photographer.takeExamples(account);
	return 0;
});
