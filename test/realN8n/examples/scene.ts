import { setTimeout as sleep } from 'node:timers/promises';
import type { Emulator, EmulatorOptions } from '../../support/emulator';
import { requestLine, submit } from '../../support/emulator/client';
import type { WireBatch } from '../../support/emulator/batches/batch';
import type { Account } from '../../support/lab/account';
import type { Lab } from '../../support/lab/lab';
import { assertSucceeded, failureOf } from '../../support/lab/n8n/executions';
import type { Rest } from '../../support/lab/n8n/rest';
import type { DataTableColumn, Execution } from '../../support/lab/n8n/types';
import { withChoices, type Choices } from '../../support/lab/workflows/choices';
import { readExample } from './files';

export type Row = Record<string, unknown>;

/** Only guards against hanging: the trigger polls once a minute, and no example needs many polls. */
const PATIENCE_MS = 15 * 60_000;

/** One example with its own API and data tables in the common n8n. */
export class Scene {
	readonly emulator: Emulator;

	/** Every batch of this API, in the order of creation, as it was last seen. */
	private readonly seen = new Map<string, WireBatch>();

	private constructor(
		readonly rest: Rest,
		private readonly account: Account,
	) {
		this.emulator = account.emulator;
		this.emulator.onBatch((batch) => this.seen.set(batch.id, structuredClone(batch)));
	}

	/** Opens a scene with its own API; `fields` are further fields of its credential. */
	static async open(lab: Lab, options: EmulatorOptions = {}, fields = {}): Promise<Scene> {
		return new Scene(lab.rest, await lab.account(options, fields));
	}

	get batches(): WireBatch[] {
		return [...this.seen.values()];
	}

	/** Creates a data table and fills it. A column that is only a name holds text. */
	async table(
		name: string,
		columns: Array<string | DataTableColumn>,
		rows: Row[] = [],
	): Promise<() => Promise<Row[]>> {
		const whole = columns.map((column): DataTableColumn =>
			typeof column === 'string' ? { name: column, type: 'string' } : column,
		);
		const { id } = await this.rest.createDataTable(name, whole);
		if (rows.length > 0) await this.rest.addDataTableRows(id, rows);
		return async () => await this.rest.dataTableRows(id);
	}

	/** Imports an example with the credentials chosen; returns the id of the workflow. */
	async import(name: string, { parameters, credentials }: Partial<Choices> = {}): Promise<string> {
		const own = { openAiBatchApi: this.account.credential };
		const choices = { parameters, credentials: { ...own, ...credentials } };
		const { id } = await this.rest.createWorkflow(withChoices(await readExample(name), choices));
		return id;
	}

	/** Creates a batch of one request that no example has submitted; returns its id. */
	async batchOfOthers(content: string): Promise<string> {
		const line = requestLine('other', { messages: [{ role: 'user', content }] });
		return (await submit(this.account.client, [line])).id;
	}

	/** Creates a batch of an example's job that fails before any request runs; returns its id. */
	async batchThatFails(job: string): Promise<string> {
		const lines = [requestLine('other', { model: 'nonexistent' })];
		return (await submit(this.account.client, lines, { metadata: { job } })).id;
	}

	/** Waits for a value, and until an execution has ended with the report of a batch that failed. */
	async untilReported<T>(
		workflowId: string,
		batchId: string,
		look: () => Promise<T | undefined>,
	): Promise<T> {
		const report = `"Report what failed": Batch ${batchId} failed: Line 1: `;
		const lookAtBoth = async () => {
			const failures = await this.failures(workflowId);
			return failures.some(({ message }) => message.includes(report)) ? await look() : undefined;
		};
		return await this.until(workflowId, lookAtBoth, report);
	}

	/** Waits until the service holds no parts any more that wait for room. */
	async queueIsGone(workflowId: string): Promise<void> {
		await this.until(workflowId, async () => (await this.queueFiles()).length === 0 || undefined);
	}

	async queueFiles(): Promise<string[]> {
		return await this.account.queueFiles();
	}

	/** Runs a workflow from a trigger as the editor's button does. Throws when the run fails. */
	async run(workflowId: string, trigger: string): Promise<Execution> {
		const id = await this.rest.run(workflowId, trigger);
		const execution = await this.rest.finished(workflowId, id);
		assertSucceeded(execution);
		return execution;
	}

	/**
	 * Waits for a value. Throws as soon as an execution of the workflow has failed, other than with an
	 * error that has the `expected` text.
	 */
	async until<T>(
		workflowId: string,
		look: () => Promise<T | undefined>,
		expected?: string,
	): Promise<T> {
		const deadline = Date.now() + PATIENCE_MS;
		for (;;) {
			const found = await look();
			if (found !== undefined) return found;
			const wrong = (await this.failures(workflowId)).find(
				({ message }) => expected === undefined || !message.includes(expected),
			);
			if (wrong) throw wrong;
			if (Date.now() > deadline)
				throw new Error(`The value did not come. The batches: ${JSON.stringify(this.batches)}`);
			await sleep(1_000);
		}
	}

	/** What the executions of a workflow have failed with. */
	async failures(workflowId: string): Promise<Error[]> {
		const failed = (await this.rest.executions(workflowId)).filter(
			({ status }) => status === 'error' || status === 'crashed',
		);
		return await Promise.all(
			failed.map(async ({ id }) => failureOf(await this.rest.execution(id))),
		);
	}

	/** Returns the rows once the column is filled in all of them. */
	async rowsWith(workflowId: string, rows: () => Promise<Row[]>, column: string): Promise<Row[]> {
		return await this.until(workflowId, async () => await filled(rows, column));
	}

	/** The bodies of the requests of a batch, by custom id. */
	requests(batchId: string): Map<string, Row> {
		const { input_file_id: file } = this.emulator.batch(batchId);
		return byCustomId(this.emulator.file(file).text(), ({ body }) => body);
	}

	/** How often a batch has been read by its id. */
	looks(batchId: string): number {
		return this.emulator.ledger.calls('GET', `/batches/${batchId}`).length;
	}

	/** What the API answered to each request that succeeded, by custom id. */
	answers(batchId: string): Map<string, Row> {
		const { output_file_id: file } = this.emulator.batch(batchId);
		const text = file ? this.emulator.file(file).text() : '';
		return byCustomId(text, ({ response }) => response.body);
	}
}

/** The rows, once the column is filled in all of them. */
export async function filled(
	rows: () => Promise<Row[]>,
	column: string,
): Promise<Row[] | undefined> {
	const found = await rows();
	return found.every((row) => row[column]) ? found : undefined;
}

interface Line {
	custom_id: string;
	body: Row;
	response: { body: Row };
}

function byCustomId(jsonl: string, part: (line: Line) => Row): Map<string, Row> {
	const lines = jsonl.split('\n').filter((line) => line !== '');
	return new Map(
		lines.map((text) => {
			const line = JSON.parse(text) as Line;
			return [line.custom_id, part(line)];
		}),
	);
}
