import { toTable } from '../support/table';
import type { Contestant, JobSamples, Sample } from './samples';
import { medianOf, timeRatio } from './samples';

const NAMES: Record<Contestant, string> = {
	undici: 'undici alone',
	package: 'this package',
	nodes: "n8n's own nodes",
	control: 'nothing else',
};

type Column = (job: JobSamples, contestant: Contestant) => string;

const number = (value: number | undefined, digits: number): string =>
	value === undefined
		? ''
		: value.toLocaleString('en-US', {
				minimumFractionDigits: digits,
				maximumFractionDigits: digits,
			});

const measure =
	(name: keyof Sample, digits: number): Column =>
	(job, contestant) =>
		number(medianOf(job, contestant, name), digits);

const COLUMNS: Array<[title: string, column: Column]> = [
	['job', ({ job }) => job],
	['by', (_job, contestant) => NAMES[contestant]],
	['s', measure('seconds', 2)],
	['× undici', (job, contestant) => number(timeRatio(job, contestant, 'undici'), 2)],
	['CPU s', measure('cpuSeconds', 2)],
	['extra MB', measure('extraMegabytes', 0)],
	['items MB', measure('keptMegabytes', 0)],
	['freeze ms', measure('freezeMs', 0)],
	['requests', measure('requests', 0)],
	['whole s', measure('wholeSeconds', 1)],
	['whole MB', measure('wholeExtraMegabytes', 0)],
	['whole freeze ms', measure('wholeFreezeMs', 0)],
];

/** The medians of all measurements. */
export function resultsTable(all: JobSamples[]): string {
	const rows = all.flatMap((job) =>
		(Object.keys(job.samples) as Contestant[]).map((contestant) =>
			COLUMNS.map(([, column]) => column(job, contestant)),
		),
	);
	return toTable([COLUMNS.map(([title]) => title), ...rows]);
}
