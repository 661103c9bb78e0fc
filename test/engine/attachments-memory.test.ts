import { join } from 'node:path';
import { startEmulator, type Emulator } from '../support/emulator';
import { startChild } from '../support/processes/child';

const MB = 1024 * 1024;
const IMAGES = 200;
const IMAGE = 3 * MB;

let emulator: Emulator;
const script = join(__dirname, 'support', 'imagesProcess.ts');
const child = startChild<typeof import('./support/imagesProcess')>(script, ['submitImages']);

beforeAll(async () => {
	emulator = await startEmulator({ clock: 'manual' });
});

afterAll(async () => {
	await child.end();
	await emulator.close();
});

test(`${IMAGES} images of 3 MB go up in parts that are small enough, without being in memory`, async () => {
	const { url, apiKey } = emulator;
	const found = await child.submitImages({ url, apiKey }, IMAGES, IMAGE);
	const { batches, held, extra, seconds } = found;
	process.stderr.write(
		`${Math.round(held / MB)} MB held; a quarter of them: ${seconds.toFixed(1)} s, ${Math.round(extra / MB)} MB with garbage\n`,
	);
	const sizes = batches.map(({ bytes }) => Number(bytes));
	expect(Math.max(...sizes)).toBeLessThanOrEqual(209_715_200);
	expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThan((IMAGES * IMAGE * 4) / 3);
	expect(batches.map(({ requests }) => requests)).toEqual([49, 49, 49, 49, 4]);
	expect(held).toBeLessThan(40 * MB);
	expect(extra).toBeLessThan(120 * MB);
});
