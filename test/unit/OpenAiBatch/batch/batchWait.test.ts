import { intervalAfter } from '../../../../nodes/OpenAiBatch/batch/wait/batchWait';

const LONGEST = 30_000;

afterEach(() => jest.restoreAllMocks());

/** The intervals after the given numbers of polls, when `Math.random` returns this. */
function intervals(random: number, polls = [1, 2, 3, 4, 5, 6, 7, 8, 100], longest = LONGEST) {
	jest.spyOn(Math, 'random').mockReturnValue(random);
	return polls.map((count) => intervalAfter(count, longest));
}

test('intervals start at two seconds and grow up to the longest', () => {
	expect(intervals(0)).toEqual([
		2_000, 3_000, 4_500, 6_750, 10_125, 15_187.5, 22_781.25, 30_000, 30_000,
	]);
});

test('intervals are shortened by up to a quarter, so that workflows do not poll together', () => {
	const full = intervals(0);
	expect(intervals(1)).toEqual(full.map((interval) => interval * 0.75));
});

test('a short longest interval applies from the start', () => {
	expect(intervals(0, [1], 1_000)).toEqual([1_000]);
});
