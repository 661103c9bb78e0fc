import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Closers } from '../../support/lab/closers';
import { startEmulator, type Emulator, type EmulatorOptions } from '../../support/emulator';
import { ensureN8n } from '../../support/lab/install';
import { packPackage } from '../../support/lab/package';
import type { Rest } from '../../support/lab/rest';
import { startN8n, type RunningN8n } from '../../support/lab/start';
import { Scene } from './scene';

const OWNER = {
	email: 'examples@example.com',
	password: 'Examples-1234',
	firstName: 'Ex',
	lastName: 'Ample',
};

/** One n8n with the packed package, for all examples; each gets an API of its own. */
export class Stage {
	private constructor(
		private readonly n8n: RunningN8n,
		private readonly closers: Closers,
	) {}

	static async open(): Promise<Stage> {
		const closers = new Closers();
		try {
			const folder = await mkdtemp(join(tmpdir(), 'n8n-examples-'));
			closers.add(async () => await rm(folder, { recursive: true, force: true }));
			const tarball = await packPackage(folder);
			await ensureN8n({ onProgress: (text) => process.stderr.write(`${text}\n`) });
			const n8n = await startN8n({ packages: [tarball] });
			closers.add(n8n.stop);
			await n8n.rest.setUpOwner(OWNER);
			return new Stage(n8n, closers);
		} catch (error) {
			await closers.close();
			throw error;
		}
	}

	get rest(): Rest {
		return this.n8n.rest;
	}

	get url(): string {
		return this.n8n.url;
	}

	/** An emulator, and the credential for it. */
	async scene(options: EmulatorOptions = {}, credential = {}): Promise<Scene> {
		const emulator: Emulator = await startEmulator(options);
		this.closers.add(emulator.close);
		const data = { apiKey: emulator.apiKey, url: emulator.url, ...credential };
		const { rest } = this;
		const { id, name } = await rest.createCredential('openAiBatchApi', 'OpenAI Batch API', data);
		return new Scene(rest, emulator, { openAiBatchApi: { id, name } });
	}

	/** Ends something together with n8n. */
	onClose(close: () => Promise<void>): void {
		this.closers.add(close);
	}

	async close(): Promise<void> {
		await this.closers.close();
	}
}
