import { resolve } from 'node:path';
import type { Page } from 'playwright-core';

/** Where the tests leave what they have seen. */
export const SCREENSHOTS = resolve(__dirname, '..', '..', '..', 'test-output', 'e2e');

/** Keeps what the page shows now. */
export async function keep(page: Page, name: string): Promise<void> {
	await page.screenshot({ path: resolve(SCREENSHOTS, `${name}.png`), animations: 'disabled' });
}
