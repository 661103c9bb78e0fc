import { cpuSeconds } from './cpu';
import type { Stage } from '../stage';

/** Who takes CPU time. */
export type Party = 'workers' | 'main' | 'webhook' | 'PostgreSQL' | 'Redis' | 'service';

/** A number of executions that were all queued at once. */
export interface Measured {
	executions: number;
	seconds: number;
	/** How many CPUs each party kept busy. */
	cpus: Record<Party, number>;
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

/** CPU seconds so far. The service is this process: the emulator, and what starts the executions. */
function cpuByParty({ cluster }: Stage): Record<Party, number> {
	const { main, webhook, postgres, redis, workers } = cluster;
	const members = [main, webhook, postgres, redis, ...workers].map(({ pid }) => pid);
	const [ofMain, ofWebhook, ofPostgres, ofRedis, ...ofWorkers] = cpuSeconds(members);
	const own = process.cpuUsage();
	return {
		workers: sum(ofWorkers),
		main: ofMain,
		webhook: ofWebhook,
		PostgreSQL: ofPostgres,
		Redis: ofRedis,
		service: (own.user + own.system) / 1e6,
	};
}

/** Starts all executions at once and waits until the last one has ended. */
export async function measure(
	stage: Stage,
	starts: Array<() => Promise<void>>,
	untilDone: () => Promise<unknown>,
): Promise<Measured> {
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
	};
}
