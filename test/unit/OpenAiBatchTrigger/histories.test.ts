import { HISTORIES_TIMEOUT_MS, RUNS, runHistories } from './history';

jest.setTimeout(HISTORIES_TIMEOUT_MS);

describe('every event once, whatever happens between and during polls', () => {
	// A failing run prints its seed: `new History(seed, options)` repeats it.
	test.each<(typeof RUNS)[number]>([
		...RUNS,
		['a list that shows batches late', 120, { burst: 2, lag: 1_800 }],
		['filters and events that the user changes', 120, { pageSize: 20, changes: true }],
	])('%s', async (_, count, options) => {
		await runHistories(count, options);
	});
});
