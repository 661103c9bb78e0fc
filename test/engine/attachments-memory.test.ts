import { join } from 'node:path';
import { startEmulator, type Emulator } from '../support/emulator';
import { startChild } from '../support/processes/child';

const MB = 1024 * 1024;
const IMAGES = 200;
const IMAGE = 3 * MB;

let emulator: Emulator;
const script = join(__dirname, 'support', 'imagesProcess.ts');
const child = () =>
	startChild<typeof import('./support/imagesProcess')>(script, ['readImages', 'submitImages']);
const children = { n8n: child(), node: child() };

beforeAll(async () => {
	emulator = await startEmulator({ clock: 'manual' });
});

afterAll(async () => {
	await Promise.all(Object.values(children).map(async (one) => await one.end()));
	await emulator.close();
});

test(`${IMAGES} images of 3 MB go up in parts that are small enough, without being in memory`, async () => {
	const { url, apiKey } = emulator;
	const { submitImages } = children.node;
	const { batches, held, extra, seconds } = await submitImages({ url, apiKey }, IMAGES, IMAGE);
	const reading = await children.n8n.readImages(IMAGES, IMAGE);
	const inMB = (bytes: number) => `${Math.round(bytes / MB)} MB`;
	process.stderr.write(
		`${inMB(held)} held; ${inMB(extra)} with garbage in ${seconds.toFixed(1)} s; ${inMB(reading)} for reading alone\n`,
	);
	const sizes = batches.map(({ bytes }) => Number(bytes));
	expect(Math.max(...sizes)).toBeLessThanOrEqual(209_715_200);
	expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThan((IMAGES * IMAGE * 4) / 3);
	expect(batches.map(({ requests }) => requests)).toEqual([49, 49, 49, 49, 4]);
	expect(held).toBeLessThan(40 * MB);
	// Garbage of n8n's own reading is in it, which V8 collects when it likes.
	expect(extra).toBeLessThan(40 * MB + reading);
});
