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
