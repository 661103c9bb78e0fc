import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** How many bytes of memory this process takes more than before, at most, while `run` runs. */
export async function extraMemory(run: () => Promise<unknown>): Promise<number> {
	collectGarbage();
	const before = process.memoryUsage.rss();
	let peak = before;
	const sampler = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5);
	try {
		await run();
	} finally {
		clearInterval(sampler);
	}
	return peak - before;
}

/** So often something runs whose memory is measured: garbage adds to it at random. */
const RUNS = 3;

/** The least of what `run` takes in several runs. What it holds is in each of them. */
export async function leastExtraMemory(run: (index: number) => Promise<unknown>): Promise<number> {
	const measured: number[] = [];
	for (let index = 0; index < RUNS; index++) {
		measured.push(await extraMemory(async () => await run(index)));
	}
	return Math.min(...measured);
}

/** Two collections take some 100 milliseconds, and the work has to get on. */
const LOOK_EVERY_MS = 1_000;

/**
 * How many bytes this process holds more than before, at most, while `run` runs: looked at now and
 * then, each time without garbage. V8 lets some 64 MB of buffers that nobody needs any more pile up
 * before it collects them, whether a megabyte or a gigabyte goes through.
 */
export async function heldMemory(run: () => Promise<unknown>): Promise<number> {
	const held = () => {
		// Buffers are freed in the background, for which the second collection waits.
		collectGarbage();
		collectGarbage();
		const { heapUsed, external } = process.memoryUsage();
		return heapUsed + external;
	};
	const before = held();
	let peak = before;
	const sampler = setInterval(() => (peak = Math.max(peak, held())), LOOK_EVERY_MS);
	try {
		await run();
	} finally {
		clearInterval(sampler);
	}
	return peak - before;
}
