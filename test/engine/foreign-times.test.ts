import fc from 'fast-check';
import { COMPLETED_BATCH } from '../support/completedBatch';
import { scriptedRuns } from './support/scriptedRuns';
import { answer } from './support/scriptedServer';

const { run } = scriptedRuns();

describe('times of other servers', () => {
	it.each<[string, unknown, unknown]>([
		['milliseconds', 1_790_000_000_000, 1_790_000_138_000],
		['ISO text', '2026-09-21T14:13:20Z', '2026-09-21T14:15:38Z'],
		['digits', '1790000000', '1790000138'],
	])(
		'as %s are filtered by, and give a duration in seconds',
		async (_, created_at, completed_at) => {
			const list = answer(200, {
				data: [{ ...COMPLETED_BATCH, created_at, completed_at }],
				has_more: false,
			});
			const filters = {
				createdAfter: '2026-09-21T00:00:00Z',
				createdBefore: '2026-09-22T00:00:00Z',
			};
			const { json } = await run('batch', 'getAll', { filters }, list);
			expect(json).toHaveLength(1);
			const { json: waited } = await run(
				'batch',
				'wait',
				{ batchId: 'batch_1' },
				answer(200, { ...COMPLETED_BATCH, created_at, completed_at }),
			);
			expect(waited[0]).toMatchObject({ created_at: 1_790_000_000, duration_seconds: 138 });
		},
	);

	it('are filtered by in whatever form each comes', async () => {
		const bound = 1_790_000_000;
		const forms: Array<(seconds: number) => unknown> = [
			(seconds) => seconds,
			(seconds) => seconds * 1000 + 999,
			(seconds) => String(seconds),
			(seconds) => String(seconds * 1000),
			(seconds) => new Date(seconds * 1000).toISOString(),
			(seconds) => new Date((seconds + 7200) * 1000).toISOString().replace('Z', '+02:00'),
		];
		const batch = fc.record({
			seconds: fc.integer({ min: bound - 5_000, max: bound + 5_000 }),
			form: fc.constantFrom(...forms),
		});
		await fc.assert(
			fc.asyncProperty(fc.array(batch, { maxLength: 20 }), async (batches) => {
				const newestFirst = [...batches].sort((a, b) => b.seconds - a.seconds);
				const data = newestFirst.map(({ seconds, form }, index) => ({
					...COMPLETED_BATCH,
					id: `batch_${index}`,
					created_at: form(seconds),
				}));
				const filters = { createdAfter: new Date(bound * 1000).toISOString() };
				const { json } = await run(
					'batch',
					'getAll',
					{ returnAll: true, filters },
					answer(200, { data, has_more: false }),
				);
				expect(json.map(({ created_at: at }) => at)).toEqual(
					newestFirst.map(({ seconds }) => seconds).filter((seconds) => seconds >= bound),
				);
			}),
			{ numRuns: 40 },
		);
	});

	describe.each([undefined, null, '<string>', 0])('that are %j', (created_at) => {
		const list = answer(200, {
			data: [
				{ ...COMPLETED_BATCH, id: 'dated' },
				{ ...COMPLETED_BATCH, id: 'undated', created_at },
				{ ...COMPLETED_BATCH, id: 'older', created_at: 1_789_000_000 },
			],
			has_more: false,
		});

		it('do not keep a batch out of Get Many, also with other filters', async () => {
			for (const filters of [{}, { status: ['completed'] }]) {
				const { json, hints } = await run('batch', 'getAll', { filters }, list);
				expect(json.map(({ id }) => id)).toEqual(['dated', 'undated', 'older']);
				expect(hints).toEqual([]);
			}
		});

		it('are said to be missing where dates are filtered by, and the rest is found', async () => {
			const filters = { createdAfter: '2026-01-01T00:00:00Z' };
			const { json, hints } = await run('batch', 'getAll', { filters }, list);
			expect(json.map(({ id }) => id)).toEqual(['dated', 'older']);
			expect(hints).toEqual([expect.stringMatching(/^1 batch was left out, because the server/)]);
		});
	});
});
