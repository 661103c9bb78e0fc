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

/**
 * A look takes some 100 milliseconds, and seconds on a busy machine. The work gets on for as long
 * before the next one.
 */
const PAUSE_OF_LOOKS = 1;
const FIRST_LOOK_MS = 50;

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
	let timer: NodeJS.Timeout;
	const look = () => {
		const start = performance.now();
		peak = Math.max(peak, held());
		timer = setTimeout(look, PAUSE_OF_LOOKS * (performance.now() - start));
	};
	timer = setTimeout(look, FIRST_LOOK_MS);
	try {
		await run();
	} finally {
		clearTimeout(timer);
	}
	return peak - before;
}
