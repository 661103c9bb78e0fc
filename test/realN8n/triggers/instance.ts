import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../support/lab/ports';
import type { Rest } from '../../support/lab/rest';
import { startN8n, type RunningN8n } from '../../support/lab/start';
import { tarball } from './packed';

const OWNER = {
	email: 'owner@example.com',
	password: 'Triggers-2026',
	firstName: 'Test',
	lastName: 'Owner',
};

/** One n8n over several lives: it keeps its folder, port and environment when it is killed. */
export class Instance {
	credential!: { id: string; name: string };
	private current!: RunningN8n;
	private earlierLogs = '';

	private constructor(
		readonly userFolder: string,
		readonly port: number,
		private readonly env: NodeJS.ProcessEnv,
	) {}

	/** Starts an n8n with this package installed as a community package, and an owner. */
	static async start(env: NodeJS.ProcessEnv = {}): Promise<Instance> {
		const userFolder = await mkdtemp(join(tmpdir(), 'n8n-triggers-'));
		const instance = new Instance(userFolder, await freePort(), env);
		try {
			await instance.launch([tarball()]);
			await instance.rest.setUpOwner(OWNER);
			return instance;
		} catch (error) {
			await instance.close();
			throw error;
		}
	}

	async addCredential(api: { url: string; apiKey: string }): Promise<void> {
		this.credential = await this.rest.createCredential('openAiBatchApi', 'OpenAI Batch API', {
			url: api.url,
			apiKey: api.apiKey,
		});
	}

	/** n8n's own address on loopback, behind whatever public address it is told. */
	get origin(): string {
		return `http://127.0.0.1:${this.port}`;
	}

	get rest(): Rest {
		return this.current.rest;
	}

	/** What n8n has written in all its lives. */
	get logs(): string {
		return `${this.earlierLogs}\n${this.current.logs()}`;
	}

	/** Ends n8n at once, as a crash would. */
	async kill(): Promise<void> {
		await this.current.kill();
		this.earlierLogs = this.logs;
	}

	/** Starts n8n again after `kill`; published workflows go on by themselves. */
	async restart(): Promise<void> {
		await this.launch([]);
		await this.rest.login(OWNER);
	}

	/** Stops n8n as Ctrl-C does; the folder stays until `close`. */
	async stop(): Promise<void> {
		await this.current.stop();
	}

	async close(): Promise<void> {
		await this.current?.kill();
		await rm(this.userFolder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
	}

	private async launch(packages: string[]): Promise<void> {
		const { userFolder, port, env } = this;
		this.current = await startN8n({ userFolder, port, env, packages });
	}
}
