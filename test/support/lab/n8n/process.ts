import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** A running process of n8n: `start`, `worker` or `webhook`. */
export interface N8nProcess {
	pid: number | undefined;
	/** What the process has written so far, both outputs. */
	logs: () => string;
	/** Settles when the process has ended, whoever ended it. */
	exited: Promise<void>;
	/** Ends the process and all that it has started; SIGKILL follows when it does not end. */
	end: (signal: NodeJS.Signals) => Promise<void>;
}

/** Only guards against hanging. The first start, with its migrations, usually takes 10 s. */
const START_TIMEOUT_MS = 10 * 60_000;

/** Only guards against hanging: n8n itself gives up after N8N_GRACEFUL_SHUTDOWN_TIMEOUT, 10 s. */
const STOP_TIMEOUT_MS = 60_000;

/**
 * Starts n8n in a process group of its own, so that its task runner ends with it. n8n also ends when
 * this process does, however that happens: see lifeline.cjs.
 *
 * @param folder where n8n is installed
 * @param command n8n's own command with its arguments
 */
export function launch(
	folder: string,
	env: NodeJS.ProcessEnv,
	command: readonly string[] = ['start'],
): N8nProcess {
	const n8n = join(folder, 'node_modules', 'n8n', 'bin', 'n8n');
	const lifeline = join(__dirname, 'lifeline.cjs');
	const child = spawn(process.execPath, ['--require', lifeline, n8n, ...command], {
		cwd: env.N8N_USER_FOLDER,
		env,
		stdio: ['pipe', 'pipe', 'pipe'],
		detached: true,
	});
	const lines: string[] = [];
	for (const stream of [child.stdout, child.stderr]) {
		createInterface(stream).on('line', (line) => lines.push(line));
	}
	const exited = new Promise<void>((resolve) => {
		child.once('error', (error) => {
			lines.push(error.message);
			resolve();
		});
		child.once('close', () => resolve());
	});
	const end = async (signal: NodeJS.Signals) => {
		signalGroup(child, signal);
		const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), STOP_TIMEOUT_MS);
		await exited;
		clearTimeout(timer);
		// What n8n may have left of its group, such as a task runner.
		signalGroup(child, 'SIGKILL');
	};
	return { pid: child.pid, logs: () => lines.join('\n'), exited, end };
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
	if (pid === undefined) return;
	try {
		process.kill(-pid, signal);
	} catch {
		// The group is gone already.
	}
}

/** Waits until n8n is ready. Throws, with what n8n has written, when it ends before that. */
export async function untilReady(
	n8n: Pick<N8nProcess, 'exited' | 'logs'>,
	isReady: () => Promise<boolean>,
	signal?: AbortSignal,
): Promise<void> {
	let ended = false;
	void n8n.exited.then(() => (ended = true));
	const deadline = Date.now() + START_TIMEOUT_MS;
	while (!(await isReady())) {
		signal?.throwIfAborted();
		if (ended) throw new Error(`n8n ended while starting:\n${n8n.logs()}`);
		if (Date.now() > deadline) {
			const minutes = START_TIMEOUT_MS / 60_000;
			throw new Error(`n8n did not start within ${minutes} minutes:\n${n8n.logs()}`);
		}
		await sleep(200);
	}
}
