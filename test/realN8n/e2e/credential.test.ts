import type { Locator, Page } from 'playwright-core';
import { Canvas } from '../../support/lab/editor/canvas';
import { itSeen, keep } from './seen';
import type { World } from './world';

/** Opens the dialog for a new credential in a workflow that has only the trigger. */
async function openDialog(page: Page, { n8nUrl }: World): Promise<Locator> {
	const canvas = new Canvas(page);
	await canvas.openNew(n8nUrl);
	await canvas.addFirst();
	await (await canvas.search('openai batch', 'OpenAI Batch')).click();
	await canvas.entry('On batch completed').click();
	await canvas.panel();
	// A list if there is a credential already, otherwise a button.
	const list = page.getByTestId('node-credentials-select');
	const button = page.getByTestId('node-credentials-empty-state').getByRole('button');
	await list.or(button).first().click();
	if (await list.isVisible()) {
		await page.getByTestId('node-credentials-select-item-new').filter({ visible: true }).click();
	}
	const dialog = page.getByTestId('editCredential-modal');
	await dialog.getByTestId('parameter-input-apiKey').waitFor();
	return dialog;
}

async function enter(dialog: Locator, apiKey: string, apiUrl: string): Promise<void> {
	await dialog.getByTestId('parameter-input-apiKey').locator('input').fill(apiKey);
	await dialog.getByTestId('parameter-input-url').locator('input').fill(apiUrl);
	await dialog.getByTestId('credential-save-button').click();
}

describe('the credential', () => {
	itSeen('is tested when it is saved, and does not show its key', async (page, world) => {
		const dialog = await openDialog(page, world);
		await keep(page, 'credential 1 empty');
		await enter(dialog, world.apiKey, world.apiUrl);
		// n8n closes the dialog when the test has succeeded.
		await dialog.waitFor({ state: 'hidden' });
		await keep(page, 'credential 2 saved');
		await page.getByTestId('credential-edit-button').click();
		await dialog.getByText('Connection tested successfully').waitFor();
		const key = dialog.getByTestId('parameter-input-apiKey').locator('input');
		expect(await key.getAttribute('type')).toBe('password');
		expect(await key.inputValue()).not.toContain(world.apiKey);
		await keep(page, 'credential 3 opened again');
	});

	itSeen('says what is wrong with a wrong key', async (page, world) => {
		const dialog = await openDialog(page, world);
		await enter(dialog, 'sk-wrong', world.apiUrl);
		await dialog.getByText('Couldn’t connect with these settings').waitFor();
		await dialog.getByText('More details').click();
		await dialog.getByText('The server does not accept this API key').waitFor();
		await keep(page, 'credential 4 wrong key');
	});
});
