import { HISTORIES_TIMEOUT_MS, RUNS, runHistories } from './history';

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

describe('every event once, with more open batches than can be followed', () => {
	test.each<(typeof RUNS)[number]>([
		...RUNS,
		['filters and events that the user changes', 120, { pageSize: 10, changes: true }],
	])('%s', async (_, count, options) => {
		await runHistories(count, { lag: 15, ...options });
	});
});
