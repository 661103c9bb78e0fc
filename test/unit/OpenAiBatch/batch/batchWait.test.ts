import { intervalAfter } from '../../../../nodes/OpenAiBatch/batch/wait/batchWait';

const LONGEST = 30_000;

afterEach(() => jest.restoreAllMocks());

/** The intervals of a wait that polls as soon as it may, when `Math.random` returns this. */
function intervals(random: number, count = 9, longest = LONGEST) {
	jest.spyOn(Math, 'random').mockReturnValue(random);
	let waited = 0;
	return Array.from({ length: count }, () => {
		const interval = intervalAfter(waited, longest);
		waited += interval;
		return interval;
	});
}

test('intervals start at two seconds and grow up to the longest', () => {
	expect(intervals(0)).toEqual([
		2_000, 3_000, 4_500, 6_750, 10_125, 15_187.5, 22_781.25, 30_000, 30_000,
	]);
});

test('intervals are shortened by up to a quarter, so that workflows do not poll together', () => {
	jest.spyOn(Math, 'random').mockReturnValue(1);
	const shortened = [0, 10_000, 3_600_000].map((waited) => intervalAfter(waited, LONGEST));
	expect(shortened).toEqual([1_500, 5_250, 22_500]);
});

test('intervals of minutes come when the wait has lasted for minutes', () => {
	const early = intervals(0, 100, 600_000).filter((interval) => interval < 65_000);
	expect(early).toHaveLength(9);
	expect(early.reduce((sum, interval) => sum + interval)).toBeLessThan(3 * 60_000);
	expect(intervals(0, 100, 600_000).at(-1)).toBe(600_000);
});

test('a short longest interval applies from the start', () => {
	expect(intervals(0, 1, 1_000)).toEqual([1_000]);
});
