import type { Page } from 'playwright-core';
import { Canvas } from '../../support/lab/editor/canvas';
import { readFirstWorkflow } from '../../support/lab/editor/firstWorkflow';
import { itSeen, keep } from './seen';
import type { World } from './world';

/** Creates a credential in the panel of a node that has none. */
async function createCredential(page: Page, { apiKey, apiUrl }: World): Promise<void> {
	const list = page.getByTestId('node-credentials-select');
	const button = page.getByTestId('node-credentials-empty-state').getByRole('button');
	await list.or(button).first().click();
	if (await list.isVisible()) {
		await page.getByTestId('node-credentials-select-item-new').filter({ visible: true }).click();
	}
	const dialog = page.getByTestId('editCredential-modal');
	await dialog.getByTestId('parameter-input-apiKey').locator('input').fill(apiKey);
	await dialog.getByTestId('parameter-input-url').locator('input').fill(apiUrl);
	await keep(page, 'readme 2 credential');
	await dialog.getByTestId('credential-save-button').click();
	await dialog.waitFor({ state: 'hidden' });
}

describe('the first workflow of the README', () => {
	itSeen('has an answer for each row, word for word', async (page, world) => {
		const { rows, prompt, initial, customId } = readFirstWorkflow();
		const canvas = new Canvas(page);
		await canvas.openNew(world.n8nUrl);
		await canvas.addFirst();
		await (await canvas.search('Trigger manually', 'Trigger manually')).click();

		const code = await canvas.addAction('Code in JavaScript', { search: 'Code', node: 'Code' });
		await code.paste('jsCode', rows);
		await keep(page, 'readme 1 rows');
		await code.close();

		const submit = await canvas.addAction('Submit items as a batch');
		const documentation = page.getByTestId('ndv').getByRole('link', { name: 'Docs' });
		expect(await documentation.getAttribute('href')).toContain('/docs/operations.md');
		await createCredential(page, world);
		await submit.fill('prompt', prompt);
		expect(await submit.parameter('customId').innerText()).toContain(initial);
		await submit.paste('customId', customId);
		await keep(page, 'readme 3 submit');
		await submit.close();

		await (await canvas.addAction('Wait for a batch to finish')).close();
		const results = await canvas.addAction('Get the results of a batch');
		await results.close();

		await page.getByTestId('execute-workflow-button').first().click();
		await page.getByText('Workflow executed successfully').first().waitFor();
		await keep(page, 'readme 4 executed');
		const [heading, ...items] = await (await canvas.openNode('Get the results of a batch')).table();
		await keep(page, 'readme 5 results');
		const column = (name: string) => items.map((item) => item[heading.indexOf(name)]);
		expect(column('custom_id').sort()).toEqual(['1', '2', '3', '4', '5']);
		expect(column('status')).toEqual(Array(5).fill('succeeded'));
		expect(column('content').every((content) => content.length > 0)).toBe(true);
	});
});
