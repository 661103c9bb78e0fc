import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { factsOf, forgetPeak, ownProcesses } from '../../support/processes/facts';

const MEGABYTE = 1024 * 1024;

/** How often the event loop is sampled, in milliseconds. */
const RESOLUTION_MS = 5;

/** A pause before measuring: garbage is also collected in the background. */
const REST_MS = 150;

/** The cost of a piece of work in its process, together with the child processes. */
export interface Measured {
	seconds: number;
	cpuSeconds: number;
	/** The most memory above that at the beginning; peaks of several processes are added. */
	extraMegabytes: number;
	/** The memory still in use at the end: the items that the work returned. */
	keptMegabytes: number;
	/** The longest time in which the event loop stood still. */
	freezeMs: number;
}

/** Collects all garbage and returns the free pages to the system. */
function collectGarbage(): void {
	setFlagsFromString('--expose-gc');
	const gc = runInNewContext('gc') as (options: object) => void;
	gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

function usedBytes(): number {
	const { heapUsed, external } = process.memoryUsage();
	return heapUsed + external;
}

/**
 * Begins to measure. Garbage is collected first, since free memory that the system has not got back yet
 * would hide what the work needs.
 *
 * @returns a function that ends the measurement; call it once, when the work is done
 */
export async function measure(): Promise<() => Promise<Measured>> {
	collectGarbage();
	await sleep(REST_MS);
	const processes = ownProcesses();
	processes.forEach(forgetPeak);
	const before = new Map(processes.map((pid) => [pid, factsOf(pid)]));
	const used = usedBytes();
	const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
	delay.enable();
	const start = performance.now();

	return async () => {
		const seconds = (performance.now() - start) / 1000;
		let cpuSeconds = 0;
		let extra = 0;
		for (const pid of ownProcesses()) {
			const facts = factsOf(pid);
			if (!facts) continue;
			cpuSeconds += facts.cpuSeconds - (before.get(pid)?.cpuSeconds ?? 0);
			extra += facts.peak - (before.get(pid)?.memory ?? 0);
		}
		// A stretch that has just ended only counts after one more sample.
		await sleep(4 * RESOLUTION_MS);
		delay.disable();
		collectGarbage();
		return {
			seconds,
			cpuSeconds,
			extraMegabytes: extra / MEGABYTE,
			keptMegabytes: (usedBytes() - used) / MEGABYTE,
			freezeMs: delay.max / 1e6,
		};
	};
}
