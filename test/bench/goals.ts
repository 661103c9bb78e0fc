import { RESULTS_FILE, SUBMIT_FILE } from './million';
import type { RequireCost } from './requireCost';
import type { JobSamples } from './samples';
import { medianOf, timeRatio } from './samples';

export interface Goal {
	name: string;
	limit: string;
	value: number;
	isMet: boolean;
}

type Value = number | undefined;

function goal(
	name: string,
	value: Value,
	direction: 'at most' | 'at least',
	limit: number,
): Goal[] {
	if (value === undefined) return [];
	const isMet = direction === 'at most' ? value <= limit : value >= limit;
	return [{ name, limit: `${direction} ${limit}`, value, isMet }];
}

/** The memory that the package needs besides the items that it returns, in MB. */
function extraOverItems(job: JobSamples): Value {
	const extra = medianOf(job, 'package', 'extraMegabytes');
	const kept = medianOf(job, 'package', 'keptMegabytes');
	return extra === undefined || kept === undefined ? undefined : extra - Math.max(0, kept);
}

/** How much larger a measure of the whole execution is than that of one with the items alone. */
function ofItemsAlone(
	job: JobSamples,
	control: JobSamples | undefined,
	measure: 'wholeSeconds' | 'wholeExtraMegabytes',
): Value {
	const own = medianOf(job, 'package', measure);
	const alone = control && medianOf(control, 'control', measure);
	return own === undefined || alone === undefined ? undefined : own / alone;
}

/** What a user feels: the whole execution, and how long n8n does nothing else. */
function forRequests(job: JobSamples, control: JobSamples | undefined): Goal[] {
	const isSubmit = job.group.startsWith('submit');
	const faster = timeRatio(job, 'nodes', 'package');
	const seconds = ofItemsAlone(job, control, 'wholeSeconds');
	const memory = ofItemsAlone(job, control, 'wholeExtraMegabytes');
	return [
		...goal(`${job.job}: times faster than n8n's nodes`, faster, 'at least', isSubmit ? 2 : 10),
		...goal(`${job.job}: time of the items alone`, seconds, 'at most', isSubmit ? 1.6 : 2.2),
		...goal(`${job.job}: memory of the items alone`, memory, 'at most', isSubmit ? 1.3 : 1.8),
		...goal(`${job.job}: MB over the items`, extraOverItems(job), 'at most', 150),
		...goal(`${job.job}: ms of freeze`, medianOf(job, 'package', 'freezeMs'), 'at most', 250),
	];
}

function forTransfer(job: JobSamples): Goal[] {
	const times = timeRatio(job, 'package', 'nodes');
	return [
		...goal(`${job.job}: time of n8n's node`, times, 'at most', 1.2),
		...goal(`${job.job}: MB`, medianOf(job, 'package', 'extraMegabytes'), 'at most', 100),
	];
}

/** The most memory above that of n8n just before, in MB, whatever the number of rows. */
const FILE_MEMORY = 200;

/** The goals of one file of rows there and back. */
function forFiles(submit: JobSamples, results: JobSamples): Goal[] {
	const pair = [submit, results];
	const seconds = (contestant: 'package' | 'nodes'): Value => {
		const [one, other] = pair.map((job) => medianOf(job, contestant, 'seconds'));
		return one === undefined || other === undefined ? undefined : one + other;
	};
	const [own, nodes] = [seconds('package'), seconds('nodes')];
	const faster = own === undefined || nodes === undefined ? undefined : nodes / own;
	const rows = `${submit.size.rows.toLocaleString('en-US')} rows there and back`;
	return [
		...pair.flatMap((job) => {
			const memory = medianOf(job, 'package', 'extraMegabytes');
			return [
				...goal(`${job.job}: MB`, memory, 'at most', FILE_MEMORY),
				...goal(`${job.job}: ms of freeze`, medianOf(job, 'package', 'freezeMs'), 'at most', 250),
			];
		}),
		...goal(`${rows}: times faster than n8n's nodes`, faster, 'at least', 10),
	];
}

/** Whether a goal is one of memory, which does not depend on how fast a machine is. */
export const isMemory = ({ name }: Goal): boolean => name.endsWith(': MB');

/** The goals apply to the largest number of requests that a batch can have. */
const MANY = 50_000;

const isAlone =
	({ size }: JobSamples) =>
	(other: JobSamples) =>
		other.samples.control !== undefined &&
		other.size.rows === size.rows &&
		other.size.bytes === size.bytes;

/** The goals of the package, and whether they are met. */
export function goals(all: JobSamples[], required?: RequireCost): Goal[] {
	const submitted = all.filter(({ group }) => group === SUBMIT_FILE);
	const returned = all.filter(({ group }) => group === RESULTS_FILE);
	return [
		...submitted.flatMap((submit, index) => forFiles(submit, returned[index])),
		...all.flatMap((job) => {
			if (job.group === SUBMIT_FILE || job.group === RESULTS_FILE) return [];
			if (job.size.rows >= MANY && job.samples.package) {
				return forRequests(job, all.find(isAlone(job)));
			}
			return job.size.rows === 1 ? forTransfer(job) : [];
		}),
		...goal(
			"loading the package in n8n's start: times n8n's HTTP Request node",
			required && required.milliseconds / required.httpRequestMilliseconds,
			'at most',
			0.5,
		),
		...goal("loading the package in n8n's start: MB", required?.megabytes, 'at most', 5),
	];
}
