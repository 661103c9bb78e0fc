import type OpenAI from 'openai';
import type { BatchStatus } from '../../../nodes/openai/api/types';
import type { Emulator, EmulatorOptions } from '../../support/emulator';
import { requestLine, startWithClient, submit } from '../../support/emulator/client';
import type { Rest } from '../../support/lab/rest';
import { until } from '../triggers/until';
import { CASE } from '../triggers/workflows';
import { openAi } from '../../support/lab/steps';

/** Batches only move when a test says so. */
const DAY_MS = 86_400_000;
export const STILL: EmulatorOptions = {
	timing: { validating: DAY_MS, in_progress: DAY_MS, finalizing: DAY_MS, cancelling: DAY_MS },
};

/** One project at the service: an emulator, and n8n's credential for it. */
export class Account {
	/** Makes steps with this credential. */
	readonly step: ReturnType<typeof openAi>;

	private constructor(
		readonly emulator: Emulator,
		readonly client: OpenAI,
		readonly credential: { id: string; name: string },
	) {
		this.step = openAi(credential);
	}

	/** Batches live in real time, unless told otherwise. */
	static async open(rest: Rest, options: EmulatorOptions): Promise<Account> {
		const { emulator, client } = await startWithClient({ clock: 'automatic', ...options });
		const data = { apiKey: emulator.apiKey, url: emulator.url };
		const { id, name } = await rest.createCredential('openAiBatchApi', 'OpenAI Batch API', data);
		return new Account(emulator, client, { id, name });
	}

	/** Creates a batch that the trigger of this case hears of, and takes it to a status. */
	async batch(name: string, to: BatchStatus = 'validating'): Promise<string> {
		const { id } = await submit(this.client, [requestLine('one')], { metadata: { [CASE]: name } });
		await this.emulator.step(id, to);
		return id;
	}

	/** How many polls have begun: each reads the first page of the list. */
	get polls(): number {
		return this.emulator.ledger
			.calls('GET', '/batches')
			.filter(({ status, query }) => status === 200 && query.after === undefined).length;
	}

	/** Waits until a trigger has polled twice more, so that it had time to repeat itself. */
	async twoMorePolls(): Promise<void> {
		const wanted = this.polls + 3;
		await until(`${wanted} polls`, () => this.polls >= wanted);
	}

	readonly close = async (): Promise<void> => await this.emulator.close();
}
