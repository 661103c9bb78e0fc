import { chromium, selectors, type Browser, type Page } from 'playwright-core';
import type { Owner } from '../n8n/types';
import { CHROMIUM_ARGUMENTS, ensureChromium } from './chromium';

const SIZE = { width: 1280, height: 900 };

/** Only guards against hanging: what the editor does usually takes a second. */
const PATIENCE_MS = 2 * 60_000;

// n8n marks what its own tests look for with `data-test-id`.
selectors.setTestIdAttribute('data-test-id');

/** Opens a browser of its own, signed out. */
export async function openBrowser(): Promise<{ browser: Browser; page: Page }> {
	const browser = await chromium.launch({
		executablePath: await ensureChromium(),
		args: CHROMIUM_ARGUMENTS,
	});
	const page = await browser.newPage({ viewport: SIZE, reducedMotion: 'reduce' });
	page.setDefaultTimeout(PATIENCE_MS);
	return { browser, page };
}

/** Signs in with n8n's form. */
export async function signIn(
	page: Page,
	n8nUrl: string,
	{ email, password }: Pick<Owner, 'email' | 'password'>,
): Promise<void> {
	await page.goto(`${n8nUrl}/signin`);
	await page.fill('input[name="emailOrLdapLoginId"]', email);
	await page.fill('input[type="password"]', password);
	await page.getByTestId('form-submit-button').click();
	await page.waitForURL(/\/(home|workflow)/);
}
