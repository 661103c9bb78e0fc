import { productForTests } from './product';
import { EMBED_TEXT } from './support/submitParameters';

/** Real time, since an execution with a key of the user's looks again after two seconds. */
const product = productForTests({ clock: 'automatic', timing: { validating: 3_600_000 } });

/** How many requests the three parts of a submission cost, by kind. */
async function requestsOf(submissionKey: string): Promise<Record<string, number>> {
	const options = { maxRequestsPerBatch: 1, submissionKey };
	const rows = ['a', 'b', 'c'].map((text) => ({ text }));
	const run = await product.run('batch', 'submit', { ...EMBED_TEXT, options } as never, rows, {
		executionId: `requests ${submissionKey}`,
	});
	expect(run.error).toBeUndefined();
	expect(run.items('Node')).toHaveLength(3);
	const counts: Record<string, number> = {};
	for (const { method, path } of product.emulator.ledger.requests) {
		const kind = `${method} ${path.replace(/^\/v1/, '')}`;
		counts[kind] = (counts[kind] ?? 0) + 1;
	}
	return counts;
}

it('a submission costs one list, and an upload and a creation for each part', async () => {
	expect(await requestsOf('')).toEqual({ 'GET /batches': 1, 'POST /files': 3, 'POST /batches': 3 });
});

it('a key of the user costs another list after each creation', async () => {
	expect(await requestsOf('mine')).toEqual({
		'GET /batches': 4,
		'POST /files': 3,
		'POST /batches': 3,
	});
});
