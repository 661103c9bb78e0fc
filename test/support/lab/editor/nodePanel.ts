import type { Download, Locator, Page } from 'playwright-core';

/** A node's panel: its parameters in the middle, its output on the right. */
export class NodePanel {
	readonly output: Locator;

	constructor(private readonly page: Page) {
		this.output = page.getByTestId('output-panel');
	}

	/** A parameter; a list such as Messages has one of the name in each of its rows. */
	parameter(name: string): Locator {
		return this.page.getByTestId(`parameter-input-${name}`);
	}

	/** A list of rows, such as Messages. */
	list(name: string): PanelList {
		return new PanelList(this.page, this.page.getByTestId(`fixed-collection-${name}`));
	}

	/** The names of all parameters from top to bottom, those in lists included. */
	async parameterNames(): Promise<string[]> {
		return await namesIn(this.page.getByTestId('node-parameters'));
	}

	async chooseCredential(title: string): Promise<void> {
		await this.page.getByTestId('node-credentials-select').click();
		await this.page.locator('.el-select-dropdown__item:visible').getByText(title).first().click();
	}

	/** Chooses an option of a list such as Operation. */
	async choose(parameter: string, option: string): Promise<void> {
		await chooseIn(this.page, this.parameter(parameter), option);
	}

	async fill(parameter: string, text: string): Promise<void> {
		await fillIn(this.parameter(parameter), text);
	}

	/** Adds an option to a collection, such as Request Options. */
	async addOption(collection: string, option: string): Promise<void> {
		const label = this.page.getByTestId('input-label').getByText(collection, { exact: true });
		const whole = this.page.getByTestId('parameter-item').filter({ has: label });
		await whole.getByTestId('collection-parameter-add').click();
		const options = this.page.getByTestId('collection-parameter-option').filter({ visible: true });
		await options.getByText(option, { exact: true }).click();
	}

	/**
	 * Replaces an expression by typing over it. The editor takes a moment to notice: it has when n8n
	 * saves the workflow with the new text.
	 */
	async typeExpression(parameter: string, text: string): Promise<void> {
		const saved = this.page.waitForResponse((response) =>
			Boolean(response.request().postData()?.includes(`"${parameter}":"=${text}"`)),
		);
		await this.parameter(parameter).locator('.cm-content').click();
		await this.page.keyboard.press('ControlOrMeta+a');
		await this.page.keyboard.type(text);
		await saved;
	}

	/** Replaces an expression or a program by pasting, and waits until n8n has saved the workflow. */
	async paste(parameter: string, text: string): Promise<void> {
		const stored = JSON.stringify(text).slice(1, -1);
		const saved = this.page.waitForResponse((response) =>
			Boolean(response.request().postData()?.includes(stored)),
		);
		await this.parameter(parameter).locator('.cm-content').click();
		await this.page.keyboard.press('ControlOrMeta+a');
		await this.page.keyboard.insertText(text);
		await saved;
	}

	/** Opens the list of a "From List" field and searches it. */
	async searchList(parameter: string, text: string): Promise<Locator> {
		await this.parameter(parameter).getByTestId('rlc-input').first().click();
		await this.page.getByTestId('rlc-search').filter({ visible: true }).fill(text);
		const found = this.page.getByTestId('rlc-item').filter({ hasText: text, visible: true });
		await found.first().waitFor();
		return found;
	}

	/** Presses the button at the top, "Execute step" or a trigger's own. */
	async execute(): Promise<void> {
		await this.page.getByTestId('node-execute-button').click();
	}

	/** Shows the output as a table; returns its rows as the texts of their cells, the heading first. */
	async table(): Promise<string[][]> {
		await this.output.getByTestId('radio-button-table').click();
		const rows = this.output.locator('table').first().locator('tr');
		await rows.nth(1).waitFor();
		const texts: string[][] = [];
		for (const row of await rows.all()) {
			texts.push(await row.locator('th, td').allInnerTexts());
		}
		return texts;
	}

	/** Shows the output as JSON, and returns it parsed. */
	async json(): Promise<unknown> {
		await this.output.getByTestId('radio-button-json').click();
		const tree = this.output.locator('.vjs-tree');
		await tree.waitFor();
		// The tree is indented with spaces that JSON does not know.
		return JSON.parse((await tree.innerText()).replaceAll('\u00a0', ' '));
	}

	/** Downloads the file in the output. */
	async download(): Promise<Download> {
		await this.output.getByTestId('radio-button-binary').click();
		const download = this.page.waitForEvent('download');
		await this.output.getByTestId('ndv-download-binary-data').click();
		return await download;
	}

	async close(): Promise<void> {
		await this.page.getByTestId('ndv-close-button').click();
		await this.page.getByTestId('ndv').waitFor({ state: 'hidden' });
	}
}

/** A list of rows in a node's panel, each with the same parameters. */
export class PanelList {
	constructor(
		private readonly page: Page,
		private readonly whole: Locator,
	) {}

	async add(): Promise<void> {
		await this.whole.getByTestId('fixed-collection-add').click();
	}

	/** The names of the parameters from top to bottom, row after row. */
	async parameterNames(): Promise<string[]> {
		return await namesIn(this.whole);
	}

	/** The parameter of the row with this index, among the rows that show it. */
	parameter(name: string, row = 0): Locator {
		return this.whole.getByTestId(`parameter-input-${name}`).nth(row);
	}

	async choose(parameter: string, option: string, row = 0): Promise<void> {
		await chooseIn(this.page, this.parameter(parameter, row), option);
	}

	async fill(parameter: string, text: string, row = 0): Promise<void> {
		await fillIn(this.parameter(parameter, row), text);
	}
}

async function chooseIn(page: Page, parameter: Locator, option: string): Promise<void> {
	await parameter.click();
	const options = page.getByTestId('parameter-input-item').filter({ visible: true });
	await options.getByText(option, { exact: true }).click();
}

async function fillIn(parameter: Locator, text: string): Promise<void> {
	await parameter.locator('textarea, input').first().fill(text);
}

const PARAMETER = /^parameter-input-(?!field$|hint$)(.+)$/;

async function namesIn(part: Locator): Promise<string[]> {
	const ids = await part
		.locator('[data-test-id^="parameter-input-"]')
		.evaluateAll((elements) => elements.map((element) => element.getAttribute('data-test-id')!));
	return ids.flatMap((id) => PARAMETER.exec(id)?.[1] ?? []);
}
