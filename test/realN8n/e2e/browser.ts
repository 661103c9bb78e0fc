import { chromium, selectors, type Browser, type Page } from 'playwright-core';
import { CHROMIUM_ARGUMENTS } from './chromium';
import { keep } from './screenshots';
import { knownWorld, type World } from './world';

const SIZE = { width: 1280, height: 900 };

/** How long anything in the editor may take. */
const PATIENCE_MS = 20_000;

// n8n marks what its own tests look for with `data-test-id`.
selectors.setTestIdAttribute('data-test-id');

/** Opens a browser of its own, signed out. */
export async function openBrowser(world: World): Promise<{ browser: Browser; page: Page }> {
	const browser = await chromium.launch({
		executablePath: world.chromium,
		args: CHROMIUM_ARGUMENTS,
	});
	const page = await browser.newPage({ viewport: SIZE, reducedMotion: 'reduce' });
	page.setDefaultTimeout(PATIENCE_MS);
	return { browser, page };
}

/** Signs in with n8n's form. */
export async function signIn(page: Page, { n8nUrl, email, password }: World): Promise<void> {
	await page.goto(`${n8nUrl}/signin`);
	await page.fill('input[name="emailOrLdapLoginId"]', email);
	await page.fill('input[type="password"]', password);
	await page.getByTestId('form-submit-button').click();
	await page.waitForURL(/\/(home|workflow)/);
}

/** A test in a browser of its own, signed in. A test that fails leaves a screenshot. */
export function itSeen(title: string, test: (page: Page, world: World) => Promise<void>): void {
	it(title, async () => {
		const world = knownWorld();
		const { browser, page } = await openBrowser(world);
		try {
			await signIn(page, world);
			await test(page, world);
		} catch (error) {
			await keep(page, `failed ${title.replace(/\W+/g, ' ')}`);
			throw error;
		} finally {
			await browser.close();
		}
	});
}
