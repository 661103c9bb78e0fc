import { request } from 'undici';
import { ensureN8n } from '../install/install';
import { installCommunityPackage } from './communityPackage';
import { n8nEnvironment } from './environment';
import { assertPortFree, freePort } from './ports';
import { launch, untilReady, type N8nProcess } from './process';

/** What a process of n8n does; its queue mode has several kinds of them. */
export interface Role {
	/** n8n's own command with its arguments. */
	command: readonly string[];
	isReady: (url: string) => Promise<boolean>;
	/** Variables that have to name the port, besides `N8N_PORT`. */
	portVariables?: readonly string[];
}

export interface N8nOptions {
	/** Holds n8n's settings, its database and its packages; stays when n8n ends. */
	userFolder: string;
	/** The package to install as a community package before the first start. */
	tarball: string;
	/** Default: a free one. */
	port?: number;
	/** Environment variables on top of the private, quiet defaults. */
	env?: NodeJS.ProcessEnv;
	/** Default: the one process of an n8n that is not in queue mode. */
	role?: Role;
	signal?: AbortSignal;
}

/** Returns whether n8n's REST API answers. While it starts, n8n answers with a line of plain text. */
async function answers(url: string): Promise<boolean> {
	try {
		const { statusCode, body } = await request(`${url}/rest/settings`, { reset: true });
		const settings = (await body.json()) as { data?: unknown };
		return statusCode === 200 && settings.data !== undefined;
	} catch {
		return false;
	}
}

/** n8n with its editor and REST API. */
export const MAIN: Role = { command: ['start'], isReady: answers };

/** One n8n over several lives: it keeps its folder, port and environment when it is killed. */
export class N8n {
	private current: N8nProcess | undefined;
	private earlierLogs = '';

	private constructor(
		readonly userFolder: string,
		readonly port: number,
		private readonly role: Role,
		private readonly installed: string,
		private readonly env: NodeJS.ProcessEnv,
	) {}

	/** Installs the package, starts n8n and waits until it is ready. */
	static async start(options: N8nOptions): Promise<N8n> {
		const { userFolder, tarball, env, role = MAIN, signal } = options;
		const { folder } = await ensureN8n({ signal });
		if (options.port) await assertPortFree(options.port);
		const port = options.port ?? (await freePort());
		await installCommunityPackage(userFolder, tarball);
		const environment = n8nEnvironment(
			{ userFolder, port, brokerPort: await freePort() },
			{
				...env,
				...Object.fromEntries((role.portVariables ?? []).map((name) => [name, `${port}`])),
			},
		);
		const n8n = new N8n(userFolder, port, role, folder, environment);
		await n8n.restart(signal);
		return n8n;
	}

	/** The address on loopback, behind whatever public address n8n is configured with. */
	get url(): string {
		return `http://127.0.0.1:${this.port}`;
	}

	/** The running process; its child processes are n8n's task runner. */
	get pid(): number {
		return this.current!.pid!;
	}

	/** What n8n has written in all its lives, both outputs. */
	get logs(): string {
		return `${this.earlierLogs}\n${this.current?.logs() ?? ''}`;
	}

	/** Settles when the running process has ended, whoever ended it. */
	get exited(): Promise<void> {
		return this.current!.exited;
	}

	/** Ends n8n at once, as a crash or the kernel's out-of-memory killer would. */
	async kill(): Promise<void> {
		await this.end('SIGKILL');
	}

	/** Asks n8n to stop, as Ctrl-C or an update does: it finishes what it has begun. */
	async stop(): Promise<void> {
		await this.end('SIGTERM');
	}

	/** Starts n8n, or starts it again after `kill` or `stop`. */
	async restart(signal?: AbortSignal): Promise<void> {
		this.current = launch(this.installed, this.env, this.role.command);
		try {
			const isReady = async () => await this.role.isReady(this.url);
			await untilReady(this.current, isReady, signal);
		} catch (error) {
			await this.kill();
			throw error;
		}
	}

	private async end(signal: NodeJS.Signals): Promise<void> {
		if (!this.current) return;
		await this.current.end(signal);
		this.earlierLogs = this.logs;
		this.current = undefined;
	}
}
