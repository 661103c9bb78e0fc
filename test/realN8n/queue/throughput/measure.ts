import { factsOf, forgetPeak } from '../../../support/processes/facts';
import type { Stage } from '../stage';
import { cpuSeconds, machineSeconds } from './cpu';

/** Who takes CPU time; the others have nothing to do with this. */
export type Party = 'workers' | 'main' | 'webhook' | 'PostgreSQL' | 'Redis' | 'service' | 'others';

/** A number of executions that were all queued at once. */
export interface Measured {
	executions: number;
	seconds: number;
	/** How many CPUs each party kept busy. */
	cpus: Record<Party, number>;
	/** The most memory of a worker, in bytes. */
	workerPeak: number;
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

/** CPU seconds so far. The service is this process: the emulator, and what starts the executions. */
function cpuByParty({ cluster }: Stage): Record<Party, number> {
	const { main, webhook, postgres, redis, workers } = cluster;
	const members = [main, webhook, postgres, redis, ...workers].map(({ pid }) => pid);
	const [ofMain, ofWebhook, ofPostgres, ofRedis, ...ofWorkers] = cpuSeconds(members);
	const own = process.cpuUsage();
	const ours = {
		workers: sum(ofWorkers),
		main: ofMain,
		webhook: ofWebhook,
		PostgreSQL: ofPostgres,
		Redis: ofRedis,
		service: (own.user + own.system) / 1e6,
	};
	return { ...ours, others: machineSeconds() - sum(Object.values(ours)) };
}

/** Starts all executions at once and waits until the last one has ended. */
export async function measure(
	stage: Stage,
	starts: Array<() => Promise<void>>,
	untilDone: () => Promise<unknown>,
): Promise<Measured> {
	const workers = stage.cluster.workers.map(({ pid }) => String(pid));
	workers.forEach(forgetPeak);
	const before = cpuByParty(stage);
	const begin = performance.now();
	await Promise.all(starts.map(async (start) => await start()));
	await untilDone();
	const seconds = (performance.now() - begin) / 1000;
	const after = cpuByParty(stage);
	const parties = Object.keys(before) as Party[];
	const cpus = parties.map((party) => [party, (after[party] - before[party]) / seconds]);
	return {
		executions: starts.length,
		seconds,
		cpus: Object.fromEntries(cpus) as Measured['cpus'],
		workerPeak: Math.max(...workers.map((pid) => factsOf(pid)!.peak)),
	};
}
