const LOOK_EVERY_MS = 5;

/**
 * For how long this thread is busy without a break, at most, while `run` runs: in milliseconds of its
 * own time, to which other work of the machine adds little.
 */
export async function longestStretch(run: () => Promise<unknown>): Promise<number> {
	const now = () => {
		const { user, system } = process.threadCpuUsage();
		return (user + system) / 1000;
	};
	let longest = 0;
	let last = now();
	const look = () => {
		longest = Math.max(longest, now() - last);
		last = now();
	};
	const timer = setInterval(look, LOOK_EVERY_MS);
	try {
		await run();
	} finally {
		clearInterval(timer);
		look();
	}
	return longest;
}
