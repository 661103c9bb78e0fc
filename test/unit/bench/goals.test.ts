import { goals, isMemory } from '../../bench/goals';
import { RESULTS_FILE, SUBMIT_FILE } from '../../bench/million';
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

const required = { milliseconds: 10, megabytes: 3, httpRequestMilliseconds: 40 };

test('contestants are compared within each run, so that a slow run is slow for both', () => {
	const seconds = (...values: number[]) => values.map((value) => sample(value));
	const measured = job({ undici: seconds(1, 10, 2), package: seconds(2, 20, 5) });
	expect(timeRatio(measured, 'package', 'undici')).toBe(2);
	expect(timeRatio(measured, 'nodes', 'package')).toBeUndefined();
});

const alone: JobSamples = {
	...job({ control: [sample(0, { wholeSeconds: 2, wholeExtraMegabytes: 500 })] }),
	job: 'items alone 50,000 × 600 B',
	group: 'items alone',
};

test('a goal is met up to its limit and missed beyond', () => {
	const whole = { wholeSeconds: 4.4, wholeExtraMegabytes: 1_000 };
	const measured = job({
		undici: [sample(1)],
		package: [sample(3, { ...whole, extraMegabytes: 210, keptMegabytes: 60, freezeMs: 251 })],
		nodes: [sample(30)],
	});
	expect(goals([alone, measured], required).map(({ value, isMet }) => [value, isMet])).toEqual([
		[10, true],
		[2.2, true],
		[2, false],
		[150, true],
		[251, false],
		[0.25, true],
		[3, true],
	]);
});

test('an execution is compared with one of items of the same size', () => {
	const other = { ...alone, size: { rows: 50_000, bytes: 4_096 } };
	const measured = job({ package: [sample(3, { wholeSeconds: 4 })] });
	expect(goals([other, measured]).map(({ name }) => name)).toEqual([
		'results 50,000 × 600 B: MB over the items',
		'results 50,000 × 600 B: ms of freeze',
	]);
	expect(goals([other, alone, measured])[0]).toMatchObject({ value: 2 });
});

test("a file is compared with n8n's own node", () => {
	const size = { rows: 1, bytes: 100 };
	const upload = { ...job({ package: [sample(1.2)], nodes: [sample(1)] }), size };
	expect(goals([upload]).map(({ value, isMet }) => [value, isMet])).toEqual([
		[1.2, true],
		[10, true],
	]);
});

test('small jobs have no goals', () => {
	const small = { ...job({ package: [sample(3)] }), size: { rows: 1_000, bytes: 600 } };
	expect(goals([small], required)).toHaveLength(2);
});

describe('a file there and back', () => {
	const file = (group: string, samples: JobSamples['samples']): JobSamples => ({
		job: `${group} 10,000 rows`,
		group,
		size: { rows: 50_000, bytes: 100 },
		samples,
	});

	test('has goals of memory and freeze for each way, and of time for both together', () => {
		const submit = file(SUBMIT_FILE, {
			package: [sample(1, { extraMegabytes: 201 })],
			nodes: [sample(4)],
		});
		const results = file(RESULTS_FILE, {
			package: [sample(2, { freezeMs: 251 })],
			nodes: [sample(26)],
		});
		const reached = goals([submit, results]);
		expect(reached.map(({ value, isMet }) => [value, isMet])).toEqual([
			[201, false],
			[20, true],
			[10, true],
			[251, false],
			[10, true],
		]);
		expect(reached.filter(isMemory).map(({ value }) => value)).toEqual([201, 10]);
	});

	test("has no goal of time where n8n's own nodes were not measured", () => {
		const [submit, results] = [SUBMIT_FILE, RESULTS_FILE].map((group) =>
			file(group, { package: [sample(1)] }),
		);
		expect(goals([submit, results]).map(({ name }) => /times faster/.test(name))).toEqual(
			Array(4).fill(false),
		);
	});
});
