import { toTable } from '../../../support/table';
import type { Measured, Party } from './measure';
import type { Round } from './rounds';

const PARTIES: Party[] = ['workers', 'main', 'webhook', 'PostgreSQL', 'Redis', 'service', 'others'];

const MEGABYTE = 1_000_000;

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

const perMinute = ({ executions, seconds }: Measured): number => (60 * executions) / seconds;

/** A row for each round and direction, in Markdown. */
export function throughputTable(rounds: Round[]): string {
	const row = ({ workers, size }: Round, what: string, measured: Measured) => [
		what,
		whole(size.requests),
		String(workers),
		whole(perMinute(measured)),
		whole(perMinute(measured) * size.requests),
		whole(measured.workerPeak / MEGABYTE),
		...PARTIES.map((party) => measured.cpus[party].toFixed(2)),
	];
	const titles = [
		'what',
		'requests each',
		'workers',
		'batches a minute',
		'requests a minute',
		'MB a worker',
	];
	return toTable([
		[...titles, ...PARTIES.map((party) => `CPUs ${party}`)],
		...rounds.map((round) => row(round, 'submitted', round.submitted)),
		...rounds.map((round) => row(round, 'collected', round.collected)),
	]);
}
