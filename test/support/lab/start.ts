import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { installCommunityPackage } from './communityPackage';
import { n8nEnvironment } from './environment';
import { ensureN8n } from './install';
import { assertPortFree, freePort } from './ports';
import { launch, untilReady } from './process';
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
			await untilReady(n8n, async () => await answers(url), options.signal);
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

/** While it starts, n8n refuses connections, then answers everything with a line of plain text. */
export async function answers(url: string): Promise<boolean> {
	try {
		const { statusCode, body } = await request(`${url}/rest/settings`);
		const settings = (await body.json()) as { data?: unknown };
		return statusCode === 200 && settings.data !== undefined;
	} catch {
		return false;
	}
}
