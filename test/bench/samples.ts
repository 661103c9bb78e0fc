import type { Measured } from './node/meter';
import type { Size } from './node/rows';

/** Who does the job: the limit, this package, n8n's own nodes, or nobody (the items alone). */
export type Contestant = 'undici' | 'package' | 'nodes' | 'control';

/** One measurement. `seconds` is the time in the nodes, for undici that of the job. */
export interface Sample extends Measured {
	/** HTTP requests to the API. */
	requests: number;
	wholeSeconds?: number;
	wholeExtraMegabytes?: number;
	wholeFreezeMs?: number;
	/** The time from the first to the last of the nodes, with n8n's own work between them. */
	betweenSeconds?: number;
}

export interface JobSamples {
	job: string;
	group: string;
	size: Size;
	/** By contestant, a sample for each run. */
	samples: Partial<Record<Contestant, Sample[]>>;
}

export function median(values: number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = Math.floor(sorted.length / 2);
	return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median of one measure; undefined when the contestant does not take part. */
export function medianOf(
	{ samples }: JobSamples,
	contestant: Contestant,
	measure: keyof Sample,
): number | undefined {
	const values = samples[contestant]?.map((sample) => sample[measure]);
	const known = values?.filter((value) => value !== undefined);
	return known?.length ? median(known) : undefined;
}

/** How many times longer one takes than the other: the median over the runs. */
export function timeRatio(
	{ samples }: JobSamples,
	one: Contestant,
	other: Contestant,
): number | undefined {
	const [ones, others] = [samples[one], samples[other]];
	if (!ones?.length || !others?.length) return undefined;
	return median(ones.map(({ seconds }, run) => seconds / others[run].seconds));
}
