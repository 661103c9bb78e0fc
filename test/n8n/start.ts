import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { installCommunityPackage } from './communityPackage';
import { n8nEnvironment } from './environment';
import { ensureN8n } from './install';
import { assertPortFree, freePort } from './ports';
import { Rest } from './rest';

export interface StartOptions {
	/** Default: a temporary one, removed by `stop`. One that is given stays, for a restart on it. */
	userFolder?: string;
	/** Default: a free one. */
	port?: number;
	/** Environment variables for n8n, on top of the private, quiet defaults. */
	env?: NodeJS.ProcessEnv;
	/** Tarballs of community packages to install first. */
	packages?: string[];
	signal?: AbortSignal;
}

export interface RunningN8n {
	url: string;
	rest: Rest;
	userFolder: string;
	/** What n8n has written so far, both outputs. */
	logs: () => string;
	/** Settles when the process has ended, whoever ended it. */
	exited: Promise<void>;
	/** Asks n8n to stop, as Ctrl-C does, and removes a temporary user folder. */
	stop: () => Promise<void>;
	/** Ends n8n at once, as a crash or a power cut would. */
	kill: () => Promise<void>;
}

/** The first start migrates a new database: 10 s here, more on a slow disk. */
const START_TIMEOUT_MS = 180_000;

/** A little more than N8N_GRACEFUL_SHUTDOWN_TIMEOUT. */
const STOP_TIMEOUT_MS = 15_000;

/** Starts the pinned n8n with the given packages and waits until its REST API answers. */
export async function startN8n(options: StartOptions = {}): Promise<RunningN8n> {
	const { folder } = await ensureN8n({ signal: options.signal });
	if (options.port) await assertPortFree(options.port);
	const port = options.port ?? (await freePort());
	const userFolder = options.userFolder ?? (await mkdtemp(join(tmpdir(), 'n8n-user-')));
	const cleanUp = async () => {
		if (options.userFolder) return;
		await rm(userFolder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
	};
	try {
		for (const tarball of options.packages ?? []) {
			await installCommunityPackage(userFolder, tarball);
		}
		const instance = { userFolder, port, brokerPort: await freePort() };
		const process = launch(folder, n8nEnvironment(instance, options.env));
		const url = `http://127.0.0.1:${port}`;
		const n8n: RunningN8n = {
			url,
			rest: new Rest(url),
			userFolder,
			logs: process.logs,
			exited: process.exited,
			stop: async () => {
				await process.end('SIGTERM');
				await cleanUp();
			},
			kill: async () => await process.end('SIGKILL'),
		};
		try {
			await untilReady(n8n, options.signal);
		} catch (error) {
			await process.end('SIGKILL');
			throw error;
		}
		return n8n;
	} catch (error) {
		await cleanUp();
		throw error;
	}
}

/** Starts the process in a group of its own, so that its task runner ends with it. */
function launch(folder: string, env: NodeJS.ProcessEnv) {
	const n8n = join(folder, 'node_modules', 'n8n', 'bin', 'n8n');
	const lifeline = join(__dirname, 'lifeline.cjs');
	const child = spawn(process.execPath, ['--require', lifeline, n8n, 'start'], {
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
	return { logs: () => lines.join('\n'), exited, end };
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
	if (pid === undefined) return;
	try {
		process.kill(-pid, signal);
	} catch {
		// The group is gone already.
	}
}

async function untilReady(n8n: RunningN8n, signal?: AbortSignal): Promise<void> {
	let ended = false;
	void n8n.exited.then(() => (ended = true));
	const deadline = Date.now() + START_TIMEOUT_MS;
	while (!(await answers(n8n.url))) {
		signal?.throwIfAborted();
		if (ended) throw new Error(`n8n ended while starting:\n${n8n.logs()}`);
		if (Date.now() > deadline) {
			throw new Error(`n8n did not start in ${START_TIMEOUT_MS / 1000} s:\n${n8n.logs()}`);
		}
		await sleep(200);
	}
}

/** While it starts, n8n refuses connections, then answers everything with a line of plain text. */
async function answers(url: string): Promise<boolean> {
	try {
		const { statusCode, body } = await request(`${url}/rest/settings`);
		const settings = (await body.json()) as { data?: unknown };
		return statusCode === 200 && settings.data !== undefined;
	} catch {
		return false;
	}
}
