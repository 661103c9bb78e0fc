import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EmulatorOptions } from '../emulator';
import { Account } from './account';
import { labFolder, removeFolder } from './folder';
import { ensureN8n } from './install/install';
import { N8n } from './n8n/n8n';
import { Rest } from './n8n/rest';
import { RestError } from './n8n/session';
import type { Owner } from './n8n/types';
import { packedOnce } from './packed';
import { showProgressOnly, type Show } from './show';

export interface LabOptions {
	/** n8n's user folder; by default a new one, which is removed with the lab. */
	userFolder?: string;
	/** The port of n8n's editor; by default a free one. */
	port?: number;
	/** Environment variables of n8n, on top of the private, quiet defaults. */
	env?: NodeJS.ProcessEnv;
	/** Who signs in; by default somebody with a random password. */
	owner?: Owner;
	show?: Show;
	signal?: AbortSignal;
}

/** Makes somebody who can own a new n8n. */
export const newOwner = (): Owner => ({
	email: 'owner@example.com',
	password: `Lab-${randomBytes(6).toString('hex')}`,
	firstName: 'Film',
	lastName: 'Fan',
});

/** Creates the owner of a new n8n, or signs in where there is one. Returns whether n8n is new. */
async function signIn(rest: Rest, owner: Owner): Promise<boolean> {
	try {
		await rest.setUpOwner(owner);
		return true;
	} catch (error) {
		if (!(error instanceof RestError && error.status === 400)) throw error;
		await rest.login(owner);
		return false;
	}
}

/**
 * A real n8n with this package installed, with its owner signed in, and emulators beside it. All
 * suites and tools that need a real n8n begin here.
 */
export class Lab {
	private constructor(
		readonly n8n: N8n,
		readonly rest: Rest,
		readonly owner: Owner,
		/** False for the user folder of an earlier run, whose workflows and credentials are there. */
		readonly isNew: boolean,
		/** For whatever is written; removed with the lab. */
		readonly folder: string,
		/** Ends what was started, newest first. */
		private readonly stack: AsyncDisposableStack,
	) {}

	/** Installs n8n where needed, packs the package, starts n8n with it, and signs in. */
	static async open(options: LabOptions = {}): Promise<Lab> {
		const { owner = newOwner(), show = showProgressOnly, port, env, signal } = options;
		await using stack = new AsyncDisposableStack();
		const folder = await labFolder();
		stack.defer(async () => await removeFolder(folder));

		show.step('Building and packing the package');
		const tarball = await packedOnce(join(folder, 'package'), signal);
		show.step('Looking for n8n; the first time it takes several minutes to install');
		const { version, folder: installed } = await ensureN8n({ onProgress: show.note, signal });
		show.note(`n8n ${version} in ${installed}`);

		show.step('Starting n8n with the package installed as a community package');
		const userFolder = options.userFolder ?? join(folder, 'n8n');
		const n8n = await N8n.start({ userFolder, port, env, tarball, signal });
		stack.defer(async () => await n8n.stop());
		const rest = new Rest(n8n.url);
		const isNew = await signIn(rest, owner);
		return new Lab(n8n, rest, owner, isNew, folder, stack.move());
	}

	/** Starts an emulator with a credential for it; see {@link Account.open}. */
	async account(options: EmulatorOptions = {}, fields = {}): Promise<Account> {
		const folder = await mkdtemp(join(this.folder, 'api-'));
		const account = await Account.open(this.rest, { folder, ...options }, fields);
		this.defer(account.close);
		return account;
	}

	/** Ends something together with the lab. */
	defer(end: () => Promise<unknown>): void {
		this.stack.defer(async () => void (await end()));
	}

	/** Starts n8n again after it was killed, and signs in; published workflows go on by themselves. */
	async restart(): Promise<void> {
		await this.n8n.restart();
		await this.rest.login(this.owner);
	}

	/** Where a text can be read in n8n's folder (its database above all) and in its logs. */
	async placesOf(text: string): Promise<string[]> {
		const places: string[] = this.n8n.logs.includes(text) ? ['logs'] : [];
		const root = join(this.n8n.userFolder, '.n8n');
		for (const name of await readdir(root, { recursive: true })) {
			const file = join(root, name);
			if (!(await stat(file)).isFile()) continue;
			const at = (await readFile(file)).indexOf(text, 0, 'utf8');
			if (at >= 0) places.push(`${name}@${at}`);
		}
		return places;
	}

	/** Ends all that was started, also when one part cannot be ended. */
	async close(): Promise<void> {
		await this.stack.disposeAsync();
	}
}
