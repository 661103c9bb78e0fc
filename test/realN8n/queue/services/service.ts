import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServiceOptions {
	command: string;
	args: string[];
	/** All that the service writes; removed when it ends. */
	folder: string;
	/** Stops the service at once. */
	signal: NodeJS.Signals;
	/** The user that runs it, where that is another one. */
	uid?: number;
	gid?: number;
	isReady: () => Promise<boolean>;
}

/** A running server program. */
export interface Service {
	port: number;
	/** The process, for its CPU time. */
	pid: number;
	stop: () => Promise<void>;
}

/** Only guards against hanging: a service usually starts within a second. */
const START_TIMEOUT_MS = 5 * 60_000;

/** Starts a server program under a keeper that ends with this process, and waits until it is ready. */
export async function startService(port: number, options: ServiceOptions): Promise<Service> {
	const { isReady, ...rest } = options;
	const log = join(options.folder, 'log');
	const keeper = spawn(
		process.execPath,
		[join(__dirname, 'keeper.cjs'), JSON.stringify({ ...rest, log })],
		{ stdio: ['pipe', 'ignore', 'inherit'], detached: true },
	);
	let isOver = false;
	const over = new Promise<void>((resolve) => {
		keeper.once('close', () => {
			isOver = true;
			resolve();
		});
	});
	const stop = async () => {
		keeper.stdin.end();
		await over;
	};
	const deadline = Date.now() + START_TIMEOUT_MS;
	while (!(await isReady())) {
		if (isOver || Date.now() > deadline) {
			const written = await readFile(log, 'utf8').catch(() => 'It wrote nothing.');
			await stop();
			throw new Error(`${options.command} did not start:\n${written}`);
		}
		await sleep(50);
	}
	return { port, pid: keeper.pid!, stop };
}
