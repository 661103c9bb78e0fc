import { installCommunityPackage } from '../../support/lab/communityPackage';
import { n8nEnvironment } from '../../support/lab/environment';
import { ensureN8n } from '../../support/lab/install';
import { freePort } from '../../support/lab/ports';
import { launch, untilReady, type N8nProcess } from '../../support/lab/process';
import { ROLES, type Role } from './roles';

export interface MemberOptions {
	role: Role;
	/** Its own folder, as if on a machine of its own: nothing is shared but Redis and PostgreSQL. */
	userFolder: string;
	/** What all processes share. */
	env: NodeJS.ProcessEnv;
	tarball: string;
}

/** One process of n8n's queue mode over several lives: it keeps its folder and port when killed. */
export class Member {
	private process: N8nProcess | undefined;
	private earlierLogs = '';

	private constructor(
		readonly role: Role,
		readonly port: number,
		private readonly installed: string,
		private readonly env: NodeJS.ProcessEnv,
	) {}

	/** Installs this package as a community package, and starts the process. */
	static async start({ role, userFolder, env, tarball }: MemberOptions): Promise<Member> {
		await installCommunityPackage(userFolder, tarball);
		const [port, brokerPort] = [await freePort(), await freePort()];
		const ports = ROLES[role].portVariables.map((name) => [name, String(port)]);
		const own = { ...env, ...(Object.fromEntries(ports) as NodeJS.ProcessEnv) };
		const { folder } = await ensureN8n();
		const environment = n8nEnvironment({ userFolder, port, brokerPort }, own);
		const member = new Member(role, port, folder, environment);
		await member.restart();
		return member;
	}

	get url(): string {
		return `http://127.0.0.1:${this.port}`;
	}

	/** Its process, whose children are its task runner's. */
	get pid(): number {
		return this.process!.pid!;
	}

	/** What it has written in all its lives. */
	get logs(): string {
		return `${this.earlierLogs}\n${this.process?.logs() ?? ''}`;
	}

	/** Settles when the process has ended. */
	get exited(): Promise<void> {
		return this.process!.exited;
	}

	/** The executions that it has worked on, oldest first, as n8n logs them. */
	get executions(): string[] {
		return [...this.logs.matchAll(/Worker started execution (\d+)/g)].map(([, id]) => id);
	}

	/** Ends it at once, as a crash or the kernel's out-of-memory killer would. */
	async kill(): Promise<void> {
		await this.end('SIGKILL');
	}

	/** Asks it to stop, as an update or a smaller cluster does: it finishes what it has begun. */
	async stop(): Promise<void> {
		await this.end('SIGTERM');
	}

	/** Starts it, or starts it again. */
	async restart(): Promise<void> {
		const { command, isReady } = ROLES[this.role];
		this.process = launch(this.installed, this.env, command);
		try {
			await untilReady(this.process, async () => await isReady(this.url));
		} catch (error) {
			await this.kill();
			throw error;
		}
	}

	private async end(signal: NodeJS.Signals): Promise<void> {
		if (!this.process) return;
		await this.process.end(signal);
		this.earlierLogs = this.logs;
		this.process = undefined;
	}
}
