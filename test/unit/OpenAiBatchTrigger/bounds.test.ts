import { HISTORIES_TIMEOUT_MS, runHistories, type HistoryOptions } from './history';

/** Bounds so low that every history runs into them again and again. */
jest.mock('../../../nodes/OpenAiBatchTrigger/bounds', () => ({
	PAGE_SIZE: 10,
	MAX_OPEN: 4,
	LONGEST_LIFE: 8 * 86_400,
	PATIENCE: 30 * 86_400,
	LIST_LAG: 60,
	SHORT_LIST_LAG: 20,
	RECENT_BATCHES: 8,
}));

jest.setTimeout(HISTORIES_TIMEOUT_MS);

const RUNS: Array<[string, number, Partial<HistoryOptions>]> = [
	['an ordinary server', 100, {}],
	['short list pages, and polls without the time to read them all', 300, { pageSize: 10 }],
	['batches that are deleted', 200, { pageSize: 10, deletions: true }],
	['hundreds of batches at once', 12, { burst: 400 }],
	['a list that drops batches and shows earlier statuses for a moment', 200, { wavers: true }],
	['filters and events that the user changes', 200, { pageSize: 10, changes: true }],
	[
		'a server without times, counts and has_more, in upper case',
		200,
		{ pageSize: 20, times: false, upperCase: true, hasMore: false },
	],
];

describe('every event once, with more open batches than can be followed', () => {
	test.each(RUNS)('%s', async (_, count, options) => {
		await runHistories(count, { lag: 15, ...options });
	});
});
