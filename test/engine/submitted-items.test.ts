import type { IDataObject } from 'n8n-workflow';
import { productForTests } from './product';

const NOON = Date.UTC(2026, 10, 22, 12);

const product = productForTests({ now: NOON });

const rows = (count: number) => Array.from({ length: count }, (_, id) => ({ id }));

const submit = async (count: number, parameters: IDataObject = {}) =>
	await product.run(
		'batch',
		'submit',
		{ prompt: '={{ "Row " + $json.id }}', ...parameters } as never,
		rows(count),
	);

const hintsOf = ({ hints }: Awaited<ReturnType<typeof submit>>) =>
	hints('Node').map(({ message }) => message);

const COLUMNS = [
	'id',
	'status',
	'requests',
	'part',
	'parts',
	'model',
	'endpoint',
	'bytes',
	'input_file_id',
	'created_at',
	'expires_at',
	'metadata',
	'submission_id',
	'submission_key',
	'adopted',
];

describe('the items of Submit', () => {
	it('have few fields, what was asked for first, and dates that people read', async () => {
		const result = await submit(3, { model: 'gpt-6-luna' });
		const [{ json }] = result.items('Node');
		expect(Object.keys(json)).toEqual(COLUMNS);
		expect(json).toMatchObject({
			id: expect.stringMatching(/^batch_/),
			status: 'validating',
			requests: 3,
			part: 1,
			parts: 1,
			model: 'gpt-6-luna',
			created_at: '2026-11-22T12:00:00Z',
			expires_at: '2026-11-23T12:00:00Z',
		});
	});

	it('are whole batches without Simplify, still with the main fields first', async () => {
		const result = await submit(2, { options: { simplify: false } });
		const [{ json }] = result.items('Node');
		expect(Object.keys(json).slice(0, 5)).toEqual(['id', 'status', 'part', 'parts', 'requests']);
		expect(json).toMatchObject({
			object: 'batch',
			completion_window: '24h',
			created_at: NOON / 1000,
			request_counts: { total: 0, completed: 0, failed: 0 },
			submission_key: expect.any(String),
		});
	});

	it('have the same columns while a part waits for room', async () => {
		const options = { maxRequestsPerBatch: 1, maxEnqueuedTokens: 1, ignoreOtherBatches: true };
		const model = 'gpt-6-of-its-own';
		const [created, waiting] = (await submit(2, { model, options })).items('Node');
		expect(Object.keys(created.json)).toEqual(COLUMNS);
		expect(Object.keys(waiting.json)).toEqual([...COLUMNS, 'estimated_tokens']);
		expect(waiting.json).toMatchObject({ id: null, status: 'waiting', created_at: null });
	});
});

describe('after Submit, a hint says', () => {
	const NEXT =
		'The results come within minutes or hours. The service has 24 hours for this. Continue with Wait for Completion in this workflow, or with the OpenAI Batch Trigger in another one.';

	it('how many requests there are, and how to continue', async () => {
		expect(hintsOf(await submit(20))).toEqual([`20 requests in 1 batch. ${NEXT}`]);
		const options = { maxRequestsPerBatch: 10 };
		expect(hintsOf(await submit(30, { options }))).toEqual([`30 requests in 3 batches. ${NEXT}`]);
	});

	it('which parts wait', async () => {
		const options = { maxRequestsPerBatch: 3, maxEnqueuedTokens: 1, ignoreOtherBatches: true };
		const model = 'gpt-6-nova';
		expect(hintsOf(await submit(8, { model, options }))).toEqual([
			`3 requests in 1 batch. ${NEXT} 2 parts wait for room under Max Enqueued Tokens: Submit Waiting Parts creates their batches.`,
		]);
	});

	it('that a batch which was found again has ended', async () => {
		const options = { submissionKey: 'ended' };
		const [{ json }] = (await submit(1, { options })).items('Node');
		await product.finish(json.id as string);
		expect(hintsOf(await submit(1, { options }))).toEqual([
			'1 request in 1 batch. It has ended already. Continue with Get Results.',
		]);
	});

	it('nothing when nothing was submitted', async () => {
		expect(hintsOf(await submit(1, { options: { dryRun: true } }))).toEqual([]);
	});
});
