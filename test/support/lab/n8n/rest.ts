import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'flatted';
import { until } from '../until';
import { Session } from './session';
import type { DataTableColumn, Execution, ExecutionSummary, Owner, WorkflowJson } from './types';

interface Publication {
	status: 'not_published' | 'in_progress' | 'published' | 'partial' | 'failed';
	triggers: Array<{ nodeId: string; status: string; errorMessage: string | null }>;
}

const STILL_ACTIVE = new Set(['in_progress', 'published', 'partial', 'failed']);
const ENDED = new Set(['success', 'error', 'canceled', 'crashed']);

/** The largest page of rows that n8n returns (`MAX_ITEMS_PER_PAGE`). */
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

	/**
	 * Publishes the workflow's latest version and waits until its triggers run: n8n answers the call
	 * at once and starts them in the background. Throws with the trigger's own message when one
	 * could not start, and when n8n could not publish the workflow at all, which only its log explains.
	 */
	async activate(workflowId: string): Promise<void> {
		const path = `/workflows/${workflowId}`;
		const { versionId } = await this.session.call<{ versionId: string }>('GET', path);
		await this.session.call('POST', `${path}/activate`, { versionId });
		let before = '';
		const { status, triggers } = await this.publication(workflowId, 'published', (now) => {
			// n8n reads the two halves of this state apart, so that once, just when it has published the
			// workflow, it may seem as if there were nothing. What is read twice is true.
			const isTrue = now !== 'not_published' || before === 'not_published';
			before = now;
			return isTrue && now !== 'in_progress';
		});
		if (status === 'published') return;
		if (status === 'not_published') {
			throw new Error(`n8n could not publish the workflow ${workflowId}; its log says why`);
		}
		const reasons = triggers.map(({ errorMessage }) => errorMessage).filter(Boolean);
		throw new Error(`The workflow's trigger did not start: ${reasons.join('; ')}`);
	}

	/** Takes the workflow out of service and waits until its triggers have stopped. */
	async deactivate(workflowId: string): Promise<void> {
		await this.session.call('POST', `/workflows/${workflowId}/deactivate`, {});
		await this.publication(workflowId, 'out of service', (status) => !STILL_ACTIVE.has(status));
	}

	/** Waits until the state of a publication is decided, and returns it. */
	private async publication(
		workflowId: string,
		what: string,
		isDecided: (status: Publication['status']) => boolean,
	): Promise<Publication> {
		const path = `/workflows/${workflowId}/publication-status`;
		let last: Publication | undefined;
		const look = async () => {
			last = await this.session.call<Publication>('GET', path);
			return isDecided(last.status) && last;
		};
		const instead = () => `n8n says: ${JSON.stringify(last)}`;
		return await until(`workflow ${workflowId} to be ${what}`, look, { instead });
	}

	/** Runs a workflow as the editor's button does, from the named trigger; returns the id of the execution. */
	async run(workflowId: string, trigger: string): Promise<string> {
		const { executionId } = await this.session.call<{ executionId: string }>(
			'POST',
			`/workflows/${workflowId}/run`,
			{ triggerToStartFrom: { name: trigger } },
		);
		return executionId;
	}

	/**
	 * Runs an execution that did not succeed again, as the button in the list of executions does, and
	 * waits until the new one has ended, however it ended; returns its id.
	 */
	async retry(executionId: string): Promise<string> {
		const path = `/executions/${executionId}/retry`;
		return (await this.session.call<{ id: string }>('POST', path, { loadWorkflow: false })).id;
	}

	/** Stops an execution, also one that waits, as the editor's button does. */
	async stop(executionId: string): Promise<void> {
		await this.session.call('POST', `/executions/${executionId}/stop`, {});
	}

	/** The newest 100 executions of a workflow, newest first, without their data. */
	async executions(workflowId: string): Promise<ExecutionSummary[]> {
		const filter = encodeURIComponent(JSON.stringify({ workflowId }));
		const { results } = await this.session.call<{ results: ExecutionSummary[] }>(
			'GET',
			`/executions?limit=100&filter=${filter}`,
		);
		return results;
	}

	/** One execution with its data, which n8n sends in the format of the npm package `flatted`. */
	async execution(id: string): Promise<Execution> {
		const { data, ...summary } = await this.session.call<ExecutionSummary & { data: string }>(
			'GET',
			`/executions/${id}`,
		);
		return { ...summary, data: parse(data) as Execution['data'] };
	}

	async deleteExecution(id: string): Promise<void> {
		await this.session.call('POST', '/executions/delete', { ids: [id] });
	}

	/**
	 * Waits until an execution of a workflow has ended, however it ended. Looks at the list only, so
	 * that n8n need not send all data again and again while it works.
	 */
	async ended(workflowId: string, id: string, signal?: AbortSignal): Promise<ExecutionSummary> {
		for (;;) {
			const found = (await this.executions(workflowId)).find((execution) => execution.id === id);
			if (found && ENDED.has(found.status)) return found;
			await sleep(100, undefined, { signal });
		}
	}

	/** Waits until an execution of a workflow has ended; returns it with its data. */
	async finished(workflowId: string, id: string, signal?: AbortSignal): Promise<Execution> {
		await this.ended(workflowId, id, signal);
		return await this.execution(id);
	}

	async createDataTable(name: string, columns: DataTableColumn[]): Promise<{ id: string }> {
		const path = `/projects/${await this.personalProject()}/data-tables`;
		return await this.session.call('POST', path, { name, columns });
	}

	/** Adds rows; n8n gives them the ids 1, 2, 3 … of a new table. */
	async addDataTableRows(tableId: string, rows: Array<Record<string, unknown>>): Promise<void> {
		const path = `/projects/${await this.personalProject()}/data-tables/${tableId}/insert`;
		await this.session.call('POST', path, { data: rows, returnType: 'count' });
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
