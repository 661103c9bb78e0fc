import type { EmulatorOptions } from '../../support/emulator';
import { STILL, type Account } from '../../support/lab/account';
import { Lab, type LabOptions } from '../../support/lab/lab';
import { eventIds, reportedEvents, type ReportedEvent } from '../../support/lab/n8n/events';
import type { WorkflowJson } from '../../support/lab/n8n/types';
import { until } from '../../support/lab/until';

/** A lab with one account, and the workflows that are published in it. */
export class Stage {
	private readonly published = new Set<string>();

	private constructor(
		readonly lab: Lab,
		readonly account: Account,
	) {}

	/** @param emulator the options of the emulator, which may depend on n8n's address */
	static async open(
		options: LabOptions = {},
		emulator: (n8nUrl: string) => EmulatorOptions = () => ({}),
	): Promise<Stage> {
		const lab = await Lab.open(options);
		try {
			return new Stage(lab, await lab.account({ ...STILL, ...emulator(lab.n8n.url) }));
		} catch (error) {
			await lab.close();
			throw error;
		}
	}

	/** Stores a workflow and publishes it. */
	async publish(workflow: WorkflowJson): Promise<string> {
		const { id } = await this.lab.rest.createWorkflow(workflow);
		await this.republish(id);
		return id;
	}

	async republish(workflowId: string): Promise<void> {
		await this.lab.rest.activate(workflowId);
		this.published.add(workflowId);
	}

	async unpublish(workflowId: string): Promise<void> {
		await this.lab.rest.deactivate(workflowId);
		this.published.delete(workflowId);
	}

	async unpublishAll(): Promise<void> {
		for (const id of [...this.published]) await this.unpublish(id);
	}

	/** The events that have started a workflow; see {@link reportedEvents}. */
	async reported(workflowId: string, expected?: RegExp): Promise<ReportedEvent[]> {
		return await reportedEvents(this.lab.rest, workflowId, expected);
	}

	/** Waits until all these events have started a workflow. */
	async untilReported(workflowId: string, wanted: string[], expected?: RegExp): Promise<void> {
		let found: string[] = [];
		let statuses: string[] = [];
		await until(
			`the events ${wanted.join(', ')}`,
			async () => {
				const executions = await this.lab.rest.executions(workflowId);
				statuses = executions.map(({ status }) => status);
				found = eventIds(await this.reported(workflowId, expected));
				return wanted.every((eventId) => found.includes(eventId));
			},
			{
				every: 300,
				instead: () =>
					`There were: ${found.join(', ') || 'none'}. The executions are: ${statuses.join(', ') || 'none'}.`,
			},
		);
	}

	/** Waits until every published workflow has polled twice more, so that it had time to repeat. */
	async twoMorePolls(): Promise<void> {
		await this.account.twoMorePolls(this.published.size);
	}

	async close(): Promise<void> {
		await this.lab.close();
	}
}
