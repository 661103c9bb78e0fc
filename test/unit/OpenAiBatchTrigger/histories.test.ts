import { HISTORIES_TIMEOUT_MS, runHistories, type HistoryOptions } from './history';

jest.setTimeout(HISTORIES_TIMEOUT_MS);

/** A failing run prints its seed: `new History(seed, options)` repeats it. */
const RUNS: Array<[string, number, Partial<HistoryOptions>]> = [
	['an ordinary server', 100, {}],
	['a list that shows every batch at once', 100, { lag: 0, burst: 5 }],
	['short list pages, and polls without the time to read them all', 300, { pageSize: 10 }],
	['batches that are deleted', 200, { pageSize: 10, deletions: true }],
	['hundreds of batches at once', 12, { burst: 400 }],
	['a list that shows batches late', 200, { burst: 2, lag: 1_800 }],
	['a list that drops batches and shows earlier statuses for a moment', 200, { wavers: true }],
	['filters and events that the user changes', 200, { pageSize: 20, changes: true }],
	[
		'a server without times, counts and has_more, in upper case',
		200,
		{ pageSize: 20, times: false, upperCase: true, hasMore: false },
	],
];

describe('every event once, whatever happens between and during polls', () => {
	test.each(RUNS)('%s', async (_, count, options) => {
		await runHistories(count, options);
	});
});
