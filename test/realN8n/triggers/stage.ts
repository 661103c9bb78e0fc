import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type OpenAI from 'openai';
import type { BatchStatus } from '../../../nodes/openai/api/types';
import type { Emulator, EmulatorOptions } from '../../support/emulator';
import { requestLine, startWithClient, submit } from '../../support/emulator/client';
import type { WorkflowJson } from '../../support/lab/types';
import { Instance } from './instance';
import { occurrences } from './leaks';
import { eventIds, told, type Told } from './told';
import { until } from './until';
import { CASE } from './workflows';

/** Batches only move when a test says so. */
const DAY_MS = 86_400_000;
const STILL = { validating: DAY_MS, in_progress: DAY_MS, finalizing: DAY_MS, cancelling: DAY_MS };

export interface StageOptions {
	/** Environment variables of n8n. */
	env?: NodeJS.ProcessEnv;
	emulator?: (origin: string) => EmulatorOptions;
}

/** An n8n with a credential for an emulator, and what tests do with both. */
export class Stage {
	private readonly published = new Set<string>();

	private constructor(
		readonly n8n: Instance,
		readonly emulator: Emulator,
		private readonly client: OpenAI,
	) {}

	static async open({ env, emulator: more = () => ({}) }: StageOptions = {}): Promise<Stage> {
		const n8n = await Instance.start(env);
		try {
			const { emulator, client } = await startWithClient({
				clock: 'automatic',
				timing: STILL,
				// Random, so that it is found nowhere by chance.
				apiKey: `sk-${randomBytes(24).toString('hex')}`,
				...more(n8n.origin),
			});
			await n8n.addCredential(emulator);
			return new Stage(n8n, emulator, client);
		} catch (error) {
			await n8n.close();
			throw error;
		}
	}

	/** Stores a workflow and publishes it. */
	async publish(workflow: WorkflowJson): Promise<string> {
		const { id } = await this.n8n.rest.createWorkflow(workflow);
		await this.republish(id);
		return id;
	}

	async republish(workflowId: string): Promise<void> {
		await this.n8n.rest.activate(workflowId);
		this.published.add(workflowId);
	}

	async unpublish(workflowId: string): Promise<void> {
		await this.n8n.rest.deactivate(workflowId);
		this.published.delete(workflowId);
	}

	async unpublishAll(): Promise<void> {
		for (const id of [...this.published]) await this.unpublish(id);
	}

	/** Creates a batch that the workflows of this case hear of, and takes it to a status. */
	async batch(name: string, to: BatchStatus = 'validating'): Promise<string> {
		const { id } = await submit(this.client, [requestLine('one')], { metadata: { [CASE]: name } });
		await this.emulator.step(id, to);
		return id;
	}

	/** @param expected the message of executions that may fail */
	async told(workflowId: string, expected?: RegExp): Promise<Told[]> {
		return await told(this.n8n.rest, workflowId, expected);
	}

	/** Waits until a workflow was started for all these events. */
	async untilTold(workflowId: string, wanted: string[], expected?: RegExp): Promise<void> {
		let found: string[] = [];
		await until(
			`the events ${wanted.join(', ')}`,
			async () => {
				found = eventIds(await this.told(workflowId, expected));
				return wanted.every((eventId) => found.includes(eventId));
			},
			{ every: 300, instead: () => `There were: ${found.join(', ') || 'none'}.` },
		);
	}

	/** Waits until every published workflow has polled twice more, so that it had time to repeat. */
	async twoMorePolls(): Promise<void> {
		const wanted = this.polls + 2 * this.published.size + 1;
		await until(`${wanted} polls`, () => this.polls >= wanted, {
			instead: () => `There were ${this.polls}.`,
		});
	}

	/** How many polls have been answered. */
	get polls(): number {
		return this.emulator.ledger.calls('GET', '/batches').filter(({ status }) => status === 200)
			.length;
	}

	/** Where a text can be read in n8n's folder (its database above all) and in its logs. */
	async placesOf(text: string): Promise<string[]> {
		const files = await occurrences(join(this.n8n.userFolder, '.n8n'), text);
		return this.n8n.logs.includes(text) ? [...files, 'logs'] : files;
	}

	async close(): Promise<void> {
		await this.n8n.close();
		await this.emulator.close();
	}
}
