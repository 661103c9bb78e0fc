import { goals } from '../../bench/goals';
import type { JobSamples, Sample } from '../../bench/samples';
import { timeRatio } from '../../bench/samples';

const sample = (seconds: number, more: Partial<Sample> = {}): Sample => ({
	seconds,
	cpuSeconds: seconds,
	extraMegabytes: 10,
	keptMegabytes: 0,
	freezeMs: 20,
	requests: 3,
	...more,
});

const job = (samples: JobSamples['samples']): JobSamples => ({
	job: 'results 50,000 × 600 B',
	group: 'results',
	size: { rows: 50_000, bytes: 600 },
	samples,
});

const required = { milliseconds: 10, megabytes: 3 };

test('contestants are compared within each run, so that a slow run is slow for both', () => {
	const seconds = (...values: number[]) => values.map((value) => sample(value));
	const measured = job({ undici: seconds(1, 10, 2), package: seconds(2, 20, 5) });
	expect(timeRatio(measured, 'package', 'undici')).toBe(2);
	expect(timeRatio(measured, 'nodes', 'package')).toBeUndefined();
});

test('a goal is met up to its limit and missed beyond', () => {
	const measured = job({
		undici: [sample(1)],
		package: [sample(3, { extraMegabytes: 180, keptMegabytes: 60, freezeMs: 251 })],
		nodes: [sample(30)],
	});
	expect(goals([measured], required).map(({ value, isMet }) => [value, isMet])).toEqual([
		[3, false],
		[10, true],
		[120, true],
		[251, false],
		[10, true],
		[3, true],
	]);
});

test('small jobs have no goals', () => {
	const small = { ...job({ package: [sample(3)] }), size: { rows: 1_000, bytes: 600 } };
	expect(goals([small], required)).toHaveLength(2);
});
