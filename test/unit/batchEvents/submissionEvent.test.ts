import {
	submissionEvent,
	submissionEventId,
	toSubmissionItem,
} from '../../../nodes/batchEvents/submissionEvent';
import type { Batch } from '../../../nodes/openai/api/objects';
import { batchOf, START, submissionId } from './submissionBatches';

const ID = submissionId(1);

/** Three parts and a retry of the second, as a list shows them: newest first. */
const first = batchOf(
	'batch_1',
	{ part: 1, parts: 3, metadata: { job: 'films', run: '1' } },
	{
		model: 'gpt-6-luna',
		created_at: START + 5,
		completed_at: START + 3_605,
		request_counts: { total: 100, completed: 98, failed: 2 },
		usage: {
			input_tokens: 1_000,
			input_tokens_details: { cached_tokens: 400 },
			output_tokens: 50,
			output_tokens_details: { reasoning_tokens: 7 },
			total_tokens: 1_050,
		},
	},
);
const second = batchOf(
	'batch_2',
	{ part: 2, parts: 3, metadata: { job: 'films', run: '2' } },
	{
		model: 'gpt-6-luna',
		status: 'expired',
		created_at: START + 6,
		completed_at: null,
		expired_at: START + 7_000,
		request_counts: { total: 100, completed: 10, failed: 0 },
		usage: {
			input_tokens: 100,
			input_tokens_details: { cached_tokens: 40 },
			output_tokens: 5,
			output_tokens_details: { reasoning_tokens: 1 },
			total_tokens: 105,
		},
	},
);
const third = batchOf(
	'batch_3',
	{ part: 3, parts: 3, metadata: { job: 'films' } },
	{
		model: 'gpt-6-luna',
		status: 'failed',
		created_at: START + 7,
		completed_at: null,
		failed_at: START + 10,
		request_counts: null,
		usage: null,
	},
);
const retry = batchOf(
	'batch_0',
	{ part: 2, parts: 3, retryOf: 'batch_2', metadata: { job: 'films', run: '2' } },
	{
		model: 'gpt-6-luna',
		created_at: START + 8_000,
		completed_at: START + 9_005,
		request_counts: { total: 90, completed: 90, failed: 0 },
		usage: { input_tokens: 900, output_tokens: 45, total_tokens: 945 },
	},
);
const all = [retry, third, second, first];

const itemOf = (batches: readonly Batch[], simplify = true) =>
	toSubmissionItem(submissionEvent(batches)!, simplify);

const idOf = (batches: readonly Batch[]) => submissionEventId(submissionEvent(batches)!);

describe('the item of a submission that has finished', () => {
	test('is one for all of its batches, with what the next node needs', () => {
		expect(itemOf(all)).toEqual({
			event: 'submission.finished',
			event_id: expect.stringMatching(new RegExp(`^submission_${ID}:[0-9a-f]{16}$`)),
			event_time: START + 9_005,
			submission_id: ID,
			id: 'batch_1',
			batch_ids: ['batch_1', 'batch_2', 'batch_0', 'batch_3'],
			parts: 3,
			statuses: { completed: 2, expired: 1, failed: 1 },
			endpoint: '/v1/responses',
			model: 'gpt-6-luna',
			request_counts: { total: 290, completed: 198, failed: 2 },
			usage: {
				input_tokens: 2_000,
				input_tokens_details: { cached_tokens: 440 },
				output_tokens: 100,
				output_tokens_details: { reasoning_tokens: 8 },
				total_tokens: 2_100,
			},
			metadata: { job: 'films' },
			created_at: START + 5,
			duration_seconds: 9_000,
		});
	});

	test('has the metadata of the user, and none of those by which the node finds things again', () => {
		const metadata = { job: 'films', submission_tokens: '10 gpt-5', rows_file_id: 'file-rows' };
		const alone = batchOf('batch_9', { metadata });
		const again = batchOf('batch_10', { retryOf: 'batch_9', metadata });
		expect(itemOf([alone]).metadata).toEqual({ job: 'films' });
		expect(itemOf([again, alone]).metadata).toEqual({ job: 'films' });
	});

	test('has the whole batches without Simplify, in the order of their ids', () => {
		const { batches, ...rest } = itemOf(all, false);
		expect(batches).toEqual([first, second, retry, third]);
		expect(rest).toEqual(itemOf(all));
	});

	test('of one part is that of its batch', () => {
		const batch = batchOf('batch_1', {}, { model: 'gpt-6-luna' });
		expect(itemOf([batch])).toMatchObject({
			id: 'batch_1',
			batch_ids: ['batch_1'],
			parts: 1,
			statuses: { completed: 1 },
			model: 'gpt-6-luna',
			duration_seconds: 60,
		});
	});

	test('has null where no batch says anything', () => {
		const bare = { request_counts: null, usage: undefined };
		const batches = [1, 2].map((part) => batchOf(`batch_${part}`, { part, parts: 2 }, bare));
		expect(itemOf(batches)).toMatchObject({ request_counts: null, usage: null, model: null });
	});

	test('has null where batches differ', () => {
		const batches = [1, 2].map((part) =>
			batchOf(
				`batch_${part}`,
				{ part, parts: 2 },
				{ model: `model-${part}`, endpoint: `/v1/endpoint-${part}` },
			),
		);
		expect(itemOf(batches)).toMatchObject({ endpoint: null, model: null });
	});

	test('adds up what only some batches say, and leaves the batches as they are', () => {
		const usages = [
			{ input_tokens: 1 },
			{ input_tokens: 2, output_tokens_details: { reasoning_tokens: 3, note: 'text' } },
			{ output_tokens_details: { reasoning_tokens: 4 }, output_tokens: 5 },
		];
		const batches = usages.map((usage, index) =>
			batchOf(`batch_${index}`, { part: index + 1, parts: 3 }, { usage: usage as never }),
		);
		const before = structuredClone(batches);
		expect(itemOf(batches).usage).toEqual({
			input_tokens: 3,
			output_tokens: 5,
			output_tokens_details: { reasoning_tokens: 7 },
		});
		expect(batches).toEqual(before);
	});

	test('has the pairs of the user that all batches have, and none of ours', () => {
		const one = batchOf('batch_1', { metadata: { job: 'films', tags: '' } });
		expect(itemOf([one]).metadata).toEqual({ job: 'films', tags: '' });
		const again = batchOf('batch_2', { retryOf: 'batch_1', metadata: { job: 'films' } });
		expect(itemOf([again, one]).metadata).toEqual({ job: 'films' });
		const two = [1, 2].map((part) =>
			batchOf(`batch_${part}`, { part, parts: 2, metadata: { job: 'films', row: String(part) } }),
		);
		expect(itemOf(two).metadata).toEqual({ job: 'films' });
	});

	test('says how long it took from the first creation to the last end, whichever batches these are', () => {
		const times = [
			[START + 50, START + 900],
			[START, START + 100],
			[START + 20, START + 300],
		];
		const batches = times.map(([created_at, completed_at], index) =>
			batchOf(`batch_${index}`, { part: index + 1, parts: 3 }, { created_at, completed_at }),
		);
		const expected = { created_at: START, event_time: START + 900, duration_seconds: 900 };
		expect(itemOf(batches)).toMatchObject(expected);
		expect(itemOf([...batches].reverse())).toMatchObject(expected);
	});

	test('says no duration where the server sends no times', () => {
		const ended = batchOf('batch_1', {}, { completed_at: null });
		expect(itemOf([ended])).toMatchObject({ event_time: null, duration_seconds: null });
		const created = batchOf('batch_1', {}, { created_at: undefined });
		expect(itemOf([created])).toMatchObject({ created_at: null, duration_seconds: null });
	});
});

describe('the id of the event', () => {
	test('is the same in whatever order the batches are found, and whatever is said about them', () => {
		const id = idOf(all);
		expect(idOf([...all].reverse())).toBe(id);
		expect(idOf([second, retry, first, third])).toBe(id);
		expect(idOf(all.map((batch) => ({ ...batch, usage: null, model: 'other' })))).toBe(id);
	});

	test('is another one for each set of batches', () => {
		const withoutRetry = [third, second, first];
		const other = { ...retry, id: 'batch_another' };
		const later = batchOf('batch_9', { part: 1, parts: 3, retryOf: 'batch_1' });
		const sets = [all, withoutRetry, [...withoutRetry, other], [...all, other], [later, ...all]];
		expect(new Set(sets.map(idOf)).size).toBe(sets.length);
	});

	test('is another one for each submission', () => {
		const ids = [1, 2].map((of) => idOf([batchOf('batch_1', { of })]));
		expect(ids[0]).not.toBe(ids[1]);
	});
});

describe('of several attempts of a part', () => {
	const attempt = (id: string, status: string, seconds: number) =>
		batchOf(id, { part: 1, parts: 1 }, { status, created_at: START + seconds } as Partial<Batch>);
	const standing = (...batches: Batch[]) => submissionEvent(batches)?.batches.map(({ id }) => id);

	test.each([
		['the one that did not fail', ['failed', 'completed'], 1],
		['the one that was not cancelled', ['completed', 'cancelled'], 0],
		['the older of two that completed', ['completed', 'completed'], 0],
		['one that expired, which is paid for', ['expired', 'failed'], 0],
		['the newest, when all have failed', ['failed', 'cancelled', 'failed'], 2],
	])('stands %s', (_, statuses, index) => {
		const batches = statuses.map((status, at) => attempt(`batch_${at}`, status, at));
		expect(standing(...batches)).toEqual([`batch_${index}`]);
		expect(standing(...batches.reverse())).toEqual([`batch_${index}`]);
	});

	test('stands the smaller id, where two are of the same second', () => {
		const [a, b] = [attempt('batch_a', 'completed', 0), attempt('batch_b', 'completed', 0)];
		expect(standing(a, b)).toEqual(['batch_a']);
		expect(standing(b, a)).toEqual(['batch_a']);
	});
});

describe('a submission has not finished', () => {
	test.each(['validating', 'in_progress', 'finalizing', 'cancelling'] as const)(
		'while a batch of it is %s, be it a part or a retry',
		(status) => {
			const runs = (batch: Batch) => ({ ...batch, status });
			expect(submissionEvent([retry, third, second, runs(first)])).toBeUndefined();
			expect(submissionEvent([runs(retry), third, second, first])).toBeUndefined();
		},
	);

	test('while a part does not exist yet', () => {
		expect(submissionEvent([retry, second, first])).toBeUndefined();
		expect(submissionEvent([third, second])).toBeUndefined();
		// A retry stands for no part.
		expect(submissionEvent([retry, third, first])).toBeUndefined();
	});

	test('where there is none', () => {
		expect(submissionEvent([])).toBeUndefined();
		const foreign = { ...batchOf('batch_1'), metadata: { submission_key: 'a key of my own' } };
		expect(submissionEvent([foreign])).toBeUndefined();
		expect(submissionEvent([{ ...foreign, metadata: null }])).toBeUndefined();
	});

	test('when metadata says that it has a million parts, without looking for each of them', () => {
		const [start, batch] = [performance.now(), batchOf('batch_1', { parts: 999_999 })];
		for (let i = 0; i < 100; i++) expect(submissionEvent([batch])).toBeUndefined();
		expect(performance.now() - start).toBeLessThan(2_000);
	});
});
