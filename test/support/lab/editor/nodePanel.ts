import type { Locator, Page } from 'playwright-core';

/** A node's panel: its parameters in the middle, its output on the right. */
export class NodePanel {
	readonly output: Locator;

	constructor(private readonly page: Page) {
		this.output = page.getByTestId('output-panel');
	}

	parameter(name: string): Locator {
		return this.page.getByTestId(`parameter-input-${name}`);
	}

	async chooseCredential(title: string): Promise<void> {
		await this.page.getByTestId('node-credentials-select').click();
		await this.page.locator('.el-select-dropdown__item:visible').getByText(title).first().click();
	}

	/** Chooses an option of a list such as Operation. */
	async choose(parameter: string, option: string): Promise<void> {
		await this.parameter(parameter).click();
		const options = this.page.getByTestId('parameter-input-item').filter({ visible: true });
		await options.getByText(option, { exact: true }).click();
	}

	async fill(parameter: string, text: string): Promise<void> {
		await this.parameter(parameter).locator('textarea, input').first().fill(text);
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

	async close(): Promise<void> {
		await this.page.getByTestId('ndv-close-button').click();
		await this.page.getByTestId('ndv').waitFor({ state: 'hidden' });
	}
}
