import fc from 'fast-check';
import { startEmulator } from '../support/emulator';
import { startProduct, type Product } from './product';
import { ASK_TEXT } from './support/submitParameters';
import { Telling } from './support/waitingModel';
import { story } from './support/waitingStories';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const HOURS = 3_600_000;

/** Nothing happens by itself. */
const TIMING = { validating: 100 * HOURS, in_progress: 100 * HOURS, cancelling: 100 * HOURS };

let product: Product;
let tokens: number;

beforeAll(async () => {
	product = await startProduct();
	const parameters = { ...ASK_TEXT, options: { dryRun: true } } as never;
	const [estimate] = await product.json('batch', 'submit', parameters, [{ id: 'a', text: 'text' }]);
	tokens = Number(estimate.estimated_tokens);
});
afterAll(async () => await product.stop());

test('whatever runs, is killed and ends in between, no part is created twice, forgotten or too much', async () => {
	await fc.assert(
		fc.asyncProperty(story, async (told) => {
			const now = Date.now();
			const emulator = await startEmulator({ clock: 'manual', now, timing: TIMING });
			const telling = new Telling(told, product.engine, { emulator, now, tokens });
			await telling.tell().finally(async () => await emulator.close());
		}),
		{ numRuns: 15, verbose: fc.VerbosityLevel.Verbose },
	);
}, 240_000);
