import { intervalAfter } from '../../../../nodes/OpenAiBatch/batch/wait/waitFor';

const LONGEST = 30_000;
const intervals = (random: number) =>
	[1, 2, 3, 4, 5, 6, 7, 8, 100].map((looks) => intervalAfter(looks, LONGEST, () => random));

test('intervals begin with two seconds and grow up to the longest', () => {
	expect(intervals(0)).toEqual([
		2_000, 3_000, 4_500, 6_750, 10_125, 15_187.5, 22_781.25, 30_000, 30_000,
	]);
});

test('up to a quarter is taken off, so that many workflows do not come at once', () => {
	expect(intervals(1)).toEqual(intervals(0).map((interval) => interval * 0.75));
});

test('a short longest interval holds from the beginning', () => {
	expect(intervalAfter(1, 1_000, () => 0)).toBe(1_000);
});
