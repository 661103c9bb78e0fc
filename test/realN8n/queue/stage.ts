import { randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { Closers } from '../../support/lab/closers';
import type { EmulatorOptions } from '../../support/emulator';
import { ensureN8n } from '../../support/lab/install';
import type { Execution, WorkflowJson } from '../../support/lab/types';
import { tarball } from '../triggers/packed';
import { eventIds, told, type Told } from '../triggers/told';
import { until } from '../triggers/until';
import { Account } from './account';
import { Cluster } from './cluster';
import { chain, type Step } from '../../support/lab/steps';
import { byWebhook } from './workflows';

export type Json = Record<string, unknown>;

/** A published workflow that a POST starts. */
export interface Called {
	workflowId: string;
	/** Starts an execution by a webhook processor; it is not waited for. */
	call: (body: unknown) => Promise<void>;
}

/** The cluster that all proofs share, and what they do with it. */
export class Stage {
	private constructor(
		readonly cluster: Cluster,
		private readonly closers: Closers,
	) {}

	static async open(workers = 3): Promise<Stage> {
		const closers = new Closers();
		const onProgress = (text: string) => process.stderr.write(`${text}\n`);
		try {
			await ensureN8n({ onProgress });
			const cluster = await Cluster.start({ tarball: tarball(), workers, closers, onProgress });
			return new Stage(cluster, closers);
		} catch (error) {
			await closers.close();
			throw error;
		}
	}

	/** An emulator with the credential for it, for one proof. */
	async account(options: EmulatorOptions = {}): Promise<Account> {
		const folder = await mkdtemp(join(this.cluster.folder, 'api-'));
		const account = await Account.open(this.cluster.rest, { ...options, folder });
		this.closers.add(account.close);
		return account;
	}

	/** Ends something together with the cluster. */
	onClose(close: () => Promise<void>): void {
		this.closers.add(close);
	}

	/** Stores and publishes a workflow; gives its id. */
	async publish(workflow: WorkflowJson): Promise<string> {
		const { id } = await this.cluster.rest.createWorkflow(workflow);
		await this.cluster.rest.activate(id);
		return id;
	}

	/** Publishes steps behind a webhook of their own. */
	async callable(name: string, steps: Step[]): Promise<Called> {
		const path = randomUUID();
		const workflowId = await this.publish(chain(name, [byWebhook(path), ...steps]));
		const call = async (body: unknown) => {
			const answer = await request(`${this.cluster.webhook.url}/webhook/${path}`, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify(body),
			});
			const text = await answer.body.text();
			if (answer.statusCode !== 200) throw new Error(`n8n answered ${answer.statusCode}: ${text}`);
		};
		return { workflowId, call };
	}

	/** The executions of a workflow, oldest first, once there are so many and all have ended. */
	async ended(workflowId: string, count: number): Promise<Execution[]> {
		const ids = await this.allEnded(workflowId, count);
		return await Promise.all(ids.map(async (id) => await this.cluster.rest.execution(id)));
	}

	/** Their ids, oldest first; at most 100. */
	async allEnded(workflowId: string, count: number): Promise<string[]> {
		return await until(
			`${count} executions`,
			async () => {
				const all = await this.cluster.rest.executions(workflowId);
				const isOver = all.length >= count && all.every(({ stoppedAt }) => stoppedAt);
				return isOver ? all.map(({ id }) => id).reverse() : undefined;
			},
			{ every: 250 },
		);
	}

	/** Waits until a workflow was started for all these events; gives what there is then. */
	async untilTold(workflowId: string, wanted: string[]): Promise<Told[]> {
		let found: Told[] = [];
		await until(
			`the events ${wanted.join(', ')}`,
			async () => {
				found = await told(this.cluster.rest, workflowId);
				return wanted.every((id) => eventIds(found).includes(id));
			},
			{ every: 300, instead: () => `There were: ${eventIds(found).join(', ') || 'none'}.` },
		);
		return found;
	}

	/** Runs steps once in a worker and gives the execution. @throws when it did not succeed */
	async run(name: string, steps: Step[], body: unknown): Promise<Execution> {
		const { workflowId, call } = await this.callable(name, steps);
		await call(body);
		const [execution] = await this.ended(workflowId, 1);
		succeeded(execution);
		return execution;
	}

	async close(): Promise<void> {
		await this.closers.close();
	}
}

/** @throws with what an execution says, when it did not succeed */
export function succeeded({ id, status, data }: Execution): void {
	if (status === 'success') return;
	const { error } = data.resultData;
	const where = error?.node ? ` in "${error.node.name}"` : '';
	const reason = [error?.message, error?.description].filter(Boolean).join(' ');
	throw new Error(`Execution ${id} ended with ${status}${where}: ${reason}`);
}

/** What a node gave out in an execution. */
export function itemsOf({ data }: Execution, node: string): Json[] {
	const [run] = data.resultData.runData[node] ?? [];
	return (run?.data?.main[0] ?? []).map(({ json }) => json);
}
