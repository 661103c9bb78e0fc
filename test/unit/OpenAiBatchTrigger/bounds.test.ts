import { runHistories, type HistoryOptions } from './history';

/** Bounds so low that every history runs into them again and again. */
jest.mock('../../../nodes/OpenAiBatchTrigger/bounds', () => ({
	PAGE_SIZE: 10,
	MAX_OPEN: 4,
	MAX_MARKS: 6,
	LONGEST_LIFE: 8 * 86_400,
	PATIENCE: 30 * 86_400,
	LIST_LAG: 60,
	SHORT_LIST_LAG: 20,
	RECENT_BATCHES: 8,
}));

const RUNS: Array<[string, number, Partial<HistoryOptions>]> = [
	['an ordinary server', 100, {}],
	['short list pages, and polls without the time to read them all', 300, { pageSize: 10 }],
	[
		'batches that are deleted',
		200,
		// The marks that would tell what was read of the last second may not fit.
		{ pageSize: 10, deletions: true, mayDouble: true },
	],
	['hundreds of batches at once', 12, { burst: 400 }],
	[
		'a server without times, counts and has_more, in upper case',
		200,
		// Among too much of a past without times, new endings cannot be told from old ones.
		{ pageSize: 20, times: false, upperCase: true, hasMore: false, past: false },
	],
];

describe('at the bounds of the state, events may be late, but none is missed or doubled', () => {
	test.each(RUNS)('%s', async (_, count, options) => {
		await runHistories(count, { lag: 15, ...options });
	});
});
