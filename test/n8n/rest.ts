import { setTimeout as sleep } from 'node:timers/promises';
import { Session } from './session';
import { unflatten } from './unflatten';

/** A workflow as n8n exports it; only what this harness itself looks at is typed. */
export interface WorkflowJson {
	name: string;
	nodes: WorkflowNode[];
	connections: Record<string, unknown>;
	settings?: Record<string, unknown>;
	[key: string]: unknown;
}

export interface WorkflowNode {
	name: string;
	type: string;
	parameters: Record<string, unknown>;
	credentials?: Record<string, { id?: string; name: string }>;
	[key: string]: unknown;
}

export interface Owner {
	email: string;
	password: string;
	firstName: string;
	lastName: string;
}

export interface ExecutionSummary {
	id: string;
	workflowId: string;
	/** `new`, `running`, `waiting`, `success`, `error`, `canceled` or `crashed`. */
	status: string;
	mode: string;
	startedAt: string;
	stoppedAt?: string;
}

export interface Execution extends ExecutionSummary {
	data: {
		resultData: {
			/** Per node, per run: the items of each output, or the error. */
			runData: Record<string, NodeRun[]>;
			error?: { message: string; description?: string; node?: { name: string } };
		};
	};
}

export interface NodeRun {
	data?: { main: Array<Array<{ json: Record<string, unknown> }> | null> };
	error?: { message: string };
	executionTime: number;
}

export interface DataTableColumn {
	name: string;
	type: 'string' | 'number' | 'boolean' | 'date';
}

const ENDED = new Set(['success', 'error', 'canceled', 'crashed']);

/** The largest page of rows that n8n gives (`MAX_ITEMS_PER_PAGE`). */
const ROWS_PER_PAGE = 250;

/**
 * The part of n8n's internal REST API, the one its editor uses, that tests need. It is not a public
 * API: the calls are those of n8n 2.41.
 */
export class Rest {
	private readonly session: Session;

	constructor(url: string) {
		this.session = new Session(`${url}/rest`);
	}

	/** Creates the owner of a new instance and signs in as them. */
	async setUpOwner(owner: Owner): Promise<void> {
		await this.session.call('POST', '/owner/setup', owner);
	}

	async login({ email, password }: Pick<Owner, 'email' | 'password'>): Promise<void> {
		await this.session.call('POST', '/login', { emailOrLdapLoginId: email, password });
	}

	async createCredential(
		type: string,
		name: string,
		data: Record<string, unknown>,
	): Promise<{ id: string; name: string }> {
		return await this.session.call('POST', '/credentials', { name, type, data });
	}

	async createWorkflow(workflow: WorkflowJson): Promise<{ id: string; versionId: string }> {
		return await this.session.call('POST', '/workflows', workflow);
	}

	/** Publishes the workflow's latest version: its triggers run from now on. */
	async activate(workflowId: string): Promise<void> {
		const path = `/workflows/${workflowId}`;
		const { versionId } = await this.session.call<{ versionId: string }>('GET', path);
		await this.session.call('POST', `${path}/activate`, { versionId });
	}

	async deactivate(workflowId: string): Promise<void> {
		await this.session.call('POST', `/workflows/${workflowId}/deactivate`, {});
	}

	/** Runs a workflow as the editor's button does, from the named trigger; gives the execution. */
	async run(workflowId: string, trigger: string): Promise<string> {
		const { executionId } = await this.session.call<{ executionId: string }>(
			'POST',
			`/workflows/${workflowId}/run`,
			{ triggerToStartFrom: { name: trigger } },
		);
		return executionId;
	}

	/** The newest executions of a workflow, without their data. */
	async executions(workflowId: string): Promise<ExecutionSummary[]> {
		const filter = encodeURIComponent(JSON.stringify({ workflowId }));
		const { results } = await this.session.call<{ results: ExecutionSummary[] }>(
			'GET',
			`/executions?filter=${filter}`,
		);
		return results;
	}

	async execution(id: string): Promise<Execution> {
		const { data, ...summary } = await this.session.call<ExecutionSummary & { data: string }>(
			'GET',
			`/executions/${id}`,
		);
		return { ...summary, data: unflatten(data) as Execution['data'] };
	}

	/** Waits until an execution has ended, however it ended. */
	async finished(id: string, signal?: AbortSignal): Promise<Execution> {
		for (;;) {
			const execution = await this.execution(id);
			if (ENDED.has(execution.status)) return execution;
			await sleep(250, undefined, { signal });
		}
	}

	async createDataTable(name: string, columns: DataTableColumn[]): Promise<{ id: string }> {
		const path = `/projects/${await this.personalProject()}/data-tables`;
		return await this.session.call('POST', path, { name, columns });
	}

	/** All rows of a data table, read page by page. */
	async dataTableRows(tableId: string): Promise<Array<Record<string, unknown>>> {
		const path = `/projects/${await this.personalProject()}/data-tables/${tableId}/rows`;
		const rows: Array<Record<string, unknown>> = [];
		for (;;) {
			const page = await this.session.call<{ data: typeof rows }>(
				'GET',
				`${path}?skip=${rows.length}&take=${ROWS_PER_PAGE}&sortBy=id:asc`,
			);
			rows.push(...page.data);
			if (page.data.length < ROWS_PER_PAGE) return rows;
		}
	}

	private async personalProject(): Promise<string> {
		return (await this.session.call<{ id: string }>('GET', '/projects/personal')).id;
	}
}
