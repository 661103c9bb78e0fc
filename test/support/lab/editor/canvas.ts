import type { Locator, Page } from 'playwright-core';
import { NodePanel } from './nodePanel';

/** The canvas of a workflow, and the panel in which nodes are found. */
export class Canvas {
	constructor(private readonly page: Page) {}

	async openNew(n8nUrl: string): Promise<void> {
		await this.page.goto(`${n8nUrl}/workflow/new`);
		await this.page.getByTestId('canvas-plus-button').waitFor();
	}

	async open(workflowUrl: string): Promise<void> {
		await this.page.goto(workflowUrl);
		await this.page.getByTestId('canvas-node').first().waitFor();
	}

	node(name: string): Locator {
		return this.page.locator(`[data-test-id="canvas-node"][data-node-name="${name}"]`);
	}

	/** Begins to add the first node of an empty workflow. */
	async addFirst(): Promise<void> {
		await this.page.getByTestId('canvas-plus-button').click();
	}

	/** Begins to add a node after the last one, which may be out of sight. */
	async addNext(): Promise<void> {
		await this.page.getByTestId('zoom-to-fit').click();
		await this.page.getByTestId('canvas-handle-plus').last().click();
	}

	/** Searches the nodes panel, and waits until the wanted entry is there. */
	async search(text: string, wanted: string): Promise<Locator> {
		await this.page.getByTestId('node-creator-search-bar').fill(text);
		const found = this.entry(wanted);
		await found.waitFor();
		return found;
	}

	/** An entry of the nodes panel, a node or an action. */
	entry(name: string): Locator {
		return this.page.getByTestId('node-creator-item-name').getByText(name, { exact: true });
	}

	/** Adds one of the actions of a node after the last one, and opens its panel. */
	async addAction(
		action: string,
		{ search = 'openai batch', node = 'OpenAI Batch' } = {},
	): Promise<NodePanel> {
		await this.addNext();
		await (await this.search(search, node)).click();
		await this.entry(action).click();
		return await this.panel();
	}

	/** Drags a connection from an output of a node to the input of a node, which may be the same. */
	async connect(from: string, output: number, to: string): Promise<void> {
		const start = this.node(from).getByTestId('canvas-node-output-handle').nth(output);
		const end = this.node(to).getByTestId('canvas-node-input-handle').first();
		await start.hover();
		await this.page.mouse.down();
		const { x, y, width, height } = (await end.boundingBox())!;
		await this.page.mouse.move(x + width / 2, y - 40, { steps: 5 });
		await this.page.mouse.move(x + width / 2, y + height / 2, { steps: 5 });
		await this.page.mouse.up();
	}

	/** Opens a node's parameters, where there is one of the name. */
	async openNode(name: string): Promise<NodePanel> {
		await this.node(name).dblclick();
		return await this.panel();
	}

	/** The panel of the node that has just been added or opened. */
	async panel(): Promise<NodePanel> {
		await this.page.getByTestId('ndv').waitFor();
		return new NodePanel(this.page);
	}

	/** Publishes the workflow, with n8n's dialog. */
	async publish(): Promise<void> {
		await this.page.getByTestId('workflow-open-publish-modal-button').click();
		await this.page.getByTestId('workflow-publish-button').click();
		await this.page.getByRole('button', { name: 'Got it' }).click();
		await this.page.getByText('Published', { exact: true }).first().waitFor();
	}
}
