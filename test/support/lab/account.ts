import { randomBytes } from 'node:crypto';
import type OpenAI from 'openai';
import type { BatchStatus } from '../../../nodes/openai/api/objects';
import type { Emulator, EmulatorOptions } from '../emulator';
import { requestLine, startWithClient, submit } from '../emulator/client';
import type { Rest } from './n8n/rest';
import { until } from './until';
import { openAi, type Credential } from './workflows/steps';
import { CASE } from './workflows/triggers';

/** For batches that only move when a test moves them. */
const DAY_MS = 86_400_000;
export const STILL: EmulatorOptions = {
	timing: { validating: DAY_MS, in_progress: DAY_MS, finalizing: DAY_MS, cancelling: DAY_MS },
};

/** Stores a credential for the API; `fields` are further fields of the credential. */
export async function createCredential(
	rest: Rest,
	{ url, apiKey }: { url: string; apiKey: string },
	{ title = 'OpenAI Batch API', ...fields }: { title?: string; [field: string]: unknown } = {},
): Promise<Credential> {
	const data = { apiKey, url, ...fields };
	const { id, name } = await rest.createCredential('openAiBatchApi', title, data);
	return { id, name };
}

/** One project at the service: an emulator, and n8n's credential for it. */
export class Account {
	/** Makes steps of workflows with this credential. */
	readonly step: ReturnType<typeof openAi>;

	private constructor(
		readonly emulator: Emulator,
		readonly client: OpenAI,
		readonly credential: Credential,
	) {
		this.step = openAi(credential);
	}

	/**
	 * Starts the emulator and stores the credential. Batches live in real time, and the API key is
	 * random, so that it is found nowhere by chance, unless the options say otherwise.
	 */
	static async open(rest: Rest, options: EmulatorOptions = {}, fields = {}): Promise<Account> {
		const apiKey = `sk-${randomBytes(24).toString('hex')}`;
		const { emulator, client } = await startWithClient({ clock: 'automatic', apiKey, ...options });
		try {
			return new Account(emulator, client, await createCredential(rest, emulator, fields));
		} catch (error) {
			await emulator.close();
			throw error;
		}
	}

	/** Creates a batch that the triggers of this case report, and takes it to a status. */
	async batch(name: string, to: BatchStatus = 'validating'): Promise<string> {
		const { id } = await submit(this.client, [requestLine('one')], { metadata: { [CASE]: name } });
		await this.emulator.step(id, to);
		return id;
	}

	/** The ids of the files in which the service holds the parts that wait for room. */
	async queueFiles(): Promise<string[]> {
		const { data } = await this.client.files.list({ purpose: 'batch' });
		return data
			.filter(({ filename }) => filename.startsWith('n8n-submission-'))
			.map(({ id }) => id);
	}

	/** How many polls have been answered: each reads the first page of the list. */
	get polls(): number {
		return this.emulator.ledger
			.calls('GET', '/batches')
			.filter(({ status, query }) => status === 200 && query.after === undefined).length;
	}

	/** Waits until so many triggers have polled twice more, so that each had time to repeat itself. */
	async twoMorePolls(triggers = 1): Promise<void> {
		const wanted = this.polls + 2 * triggers + 1;
		await until(`${wanted} polls`, () => this.polls >= wanted, {
			instead: () => `There were ${this.polls}.`,
		});
	}

	/** Ends the emulator; the credential stays in n8n. */
	readonly close = async (): Promise<void> => await this.emulator.close();
}
