import type { Fault } from '../support/emulator';
import { productForTests } from './product';
import { EMBED_TEXT } from './support/submitParameters';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const product = productForTests();

const strike = (method: string, fault: Fault, times = 1) =>
	product.emulator.faults.next({ method, path: '/batches', times, fault });

/** Changes nothing: for the request before the one that is to fail. */
const HARMLESS: Fault = { type: 'headers', headers: {} };
const FORBIDDEN: Fault = { type: 'status', status: 403 };

test('the error of the last try names the batches that the earlier tries created', async () => {
	strike('POST', HARMLESS);
	strike('POST', { type: 'reset', when: 'after' });
	strike('GET', HARMLESS);
	// The searches for the lost batch, and the list that the second try begins with.
	strike('GET', FORBIDDEN, 4);
	const { error } = await product.run(
		'batch',
		'submit',
		{
			...EMBED_TEXT,
			options: { maxRequestsPerBatch: 1 },
		} as never,
		[{ text: 'one' }, { text: 'two' }, { text: 'three' }],
		{ retryOnFail: true, maxTries: 2, waitBetweenTries: 1 },
	);
	const [first, second] = product.emulator.ledger.batches;
	expect(error?.message).toBe(
		'The server had an error while processing your request. Sorry about that!',
	);
	expect(error?.description).toContain(`Created so far: ${first.id}.`);
	expect(error?.description).toContain(
		`Perhaps created: look for submission_key ${second.metadata!.submission_key} in the metadata.`,
	);
});

test('the error of an upload says that the file may have been stored, even if a later try was refused', async () => {
	const { faults } = product.emulator;
	faults.next({ method: 'POST', path: '/files', fault: { type: 'reset', when: 'after' } });
	faults.next({ method: 'POST', path: '/files', fault: { type: 'status', status: 401 } });
	const binary = { data: { data: 'e30=', mimeType: 'text/plain', fileName: 'films.jsonl' } };
	const { error } = await product.run('file', 'upload', {}, [{ json: {}, binary } as never]);
	expect(error?.message).toContain(
		'Upload of films.jsonl failed, the file may have been stored all the same: ',
	);
	expect(product.emulator.ledger.uploads.map(({ filename }) => filename)).toContain('films.jsonl');
});
