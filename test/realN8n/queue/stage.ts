import { randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { EmulatorOptions } from '../../support/emulator';
import { Account } from '../../support/lab/account';
import { ensureN8n } from '../../support/lab/install/install';
import { eventIds, reportedEvents, type ReportedEvent } from '../../support/lab/n8n/events';
import { assertSucceeded } from '../../support/lab/n8n/executions';
import type { Execution, WorkflowJson } from '../../support/lab/n8n/types';
import { showProgressOnly } from '../../support/lab/show';
import { until } from '../../support/lab/until';
import { chain, type Step } from '../../support/lab/workflows/steps';
import { Cluster } from './cluster';
import { byWebhook } from './workflows';

/** A published workflow that a POST starts. */
export interface Called {
	workflowId: string;
	/**
	 * Starts an execution by a webhook processor; it is not waited for.
	 *
	 * @param body JSON, or a form, whose files become binary fields
	 */
	call: (body: unknown) => Promise<void>;
}

/** The cluster that all proofs share, and what they do with it. */
export class Stage {
	private constructor(
		readonly cluster: Cluster,
		private readonly stack: AsyncDisposableStack,
	) {}

	static async open(workers = 3): Promise<Stage> {
		const stack = new AsyncDisposableStack();
		try {
			await ensureN8n({ onProgress: showProgressOnly.note });
			const cluster = await Cluster.start({ workers, stack, show: showProgressOnly });
			return new Stage(cluster, stack);
		} catch (error) {
			await stack.disposeAsync();
			throw error;
		}
	}

	/** An emulator with the credential for it, for one proof. */
	async account(options: EmulatorOptions = {}): Promise<Account> {
		const folder = await mkdtemp(join(this.cluster.folder, 'api-'));
		const account = await Account.open(this.cluster.rest, { ...options, folder });
		this.stack.defer(account.close);
		return account;
	}

	/** Ends something together with the cluster. */
	defer(end: () => Promise<void>): void {
		this.stack.defer(end);
	}

	/** Stores and publishes a workflow; returns its id. */
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
			await this.post(`/webhook/${path}`, body);
		};
		return { workflowId, call };
	}

	/** Sends JSON or a form to the webhook processor. Throws when it does not take it. */
	async post(path: string, body: unknown): Promise<void> {
		const isForm = body instanceof FormData;
		const answer = await fetch(`${this.cluster.webhook.url}${path}`, {
			method: 'POST',
			headers: isForm ? {} : { 'content-type': 'application/json' },
			body: isForm ? body : JSON.stringify(body),
		});
		const text = await answer.text();
		if (answer.status !== 200) throw new Error(`n8n answered ${answer.status}: ${text}`);
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

	/** Waits until all these events have started a workflow; returns what there is then. */
	async untilReported(workflowId: string, wanted: string[]): Promise<ReportedEvent[]> {
		let found: ReportedEvent[] = [];
		await until(
			`the events ${wanted.join(', ')}`,
			async () => {
				found = await reportedEvents(this.cluster.rest, workflowId);
				return wanted.every((id) => eventIds(found).includes(id));
			},
			{ every: 300, instead: () => `There were: ${eventIds(found).join(', ') || 'none'}.` },
		);
		return found;
	}

	/** Runs steps once in a worker and returns the execution. Throws when it did not succeed. */
	async run(name: string, steps: Step[], body: unknown): Promise<Execution> {
		const { workflowId, call } = await this.callable(name, steps);
		await call(body);
		const [execution] = await this.ended(workflowId, 1);
		assertSucceeded(execution);
		return execution;
	}

	async close(): Promise<void> {
		await this.stack.disposeAsync();
	}
}
