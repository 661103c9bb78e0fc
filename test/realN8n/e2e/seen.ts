import { resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { openBrowser, signIn } from '../../support/lab/editor/browser';
import { knownWorld, type World } from './world';

/** Where the tests leave their screenshots. */
export const SCREENSHOTS = resolve(__dirname, '..', '..', '..', 'test-output', 'e2e');

/** Takes a screenshot of the page. */
export async function keep(page: Page, name: string): Promise<void> {
	await page.screenshot({ path: resolve(SCREENSHOTS, `${name}.png`), animations: 'disabled' });
}

/** A test in its own browser, signed in. A test that fails leaves a screenshot. */
export function itSeen(title: string, test: (page: Page, world: World) => Promise<void>): void {
	it(title, async () => {
		const world = knownWorld();
		const { browser, page } = await openBrowser();
		try {
			await signIn(page, world.n8nUrl, world);
			await test(page, world);
		} catch (error) {
			await keep(page, `failed ${title.replace(/\W+/g, ' ')}`);
			throw error;
		} finally {
			await browser.close();
		}
	});
}
