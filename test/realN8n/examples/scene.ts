import { setTimeout as sleep } from 'node:timers/promises';
import type { Emulator } from '../../support/emulator';
import type { WireBatch } from '../../support/emulator/batches/batch';
import type { Rest } from '../../support/lab/rest';
import type { DataTableColumn, Execution } from '../../support/lab/types';
import { readExample, withChoices, type Choices } from './workflow';

export type Row = Record<string, unknown>;

/** The trigger looks once a minute; no example goes round more than three times. */
const PATIENCE_MS = 5 * 60_000;

/** One example with its own API and data tables in the common n8n. */
export class Scene {
	/** Every batch of this API, in the order of creation, as it was last seen. */
	private readonly seen = new Map<string, WireBatch>();

	constructor(
		readonly rest: Rest,
		readonly emulator: Emulator,
		private readonly credentials: Choices['credentials'],
	) {
		emulator.onBatch((batch) => this.seen.set(batch.id, structuredClone(batch)));
	}

	get batches(): WireBatch[] {
		return [...this.seen.values()];
	}

	/** Creates a data table and fills it. Columns are text unless said otherwise. */
	async table(name: string, columns: string[], rows: Row[] = []): Promise<() => Promise<Row[]>> {
		const texts = columns.map((column): DataTableColumn => ({ name: column, type: 'string' }));
		const { id } = await this.rest.createDataTable(name, texts);
		if (rows.length > 0) await this.rest.addDataTableRows(id, rows);
		return async () => await this.rest.dataTableRows(id);
	}

	/** Imports an example with the credentials chosen; gives the id of the workflow. */
	async import(name: string, { parameters, credentials }: Partial<Choices> = {}): Promise<string> {
		const choices = { parameters, credentials: { ...this.credentials, ...credentials } };
		const { id } = await this.rest.createWorkflow(withChoices(await readExample(name), choices));
		return id;
	}

	/** Runs a workflow from a trigger as the editor's button does. @throws when it fails */
	async run(workflowId: string, trigger: string): Promise<Execution> {
		const id = await this.rest.run(workflowId, trigger);
		const execution = await this.rest.finished(workflowId, id);
		if (execution.status !== 'success') throw failure(execution);
		return execution;
	}

	/** The value, once there is one. @throws with what the workflow's executions say when not */
	async until<T>(workflowId: string, look: () => Promise<T | undefined>): Promise<T> {
		const deadline = Date.now() + PATIENCE_MS;
		for (;;) {
			const found = await look();
			if (found !== undefined) return found;
			const failed = (await this.rest.executions(workflowId)).find(
				({ status }) => status === 'error' || status === 'crashed',
			);
			if (failed) throw failure(await this.rest.execution(failed.id));
			if (Date.now() > deadline) throw new Error(`Nothing came: ${JSON.stringify(this.batches)}`);
			await sleep(1_000);
		}
	}

	/** The rows once the column is filled in all of them. */
	async rowsWith(workflowId: string, rows: () => Promise<Row[]>, column: string): Promise<Row[]> {
		return await this.until(workflowId, async () => {
			const found = await rows();
			return found.every((row) => row[column]) ? found : undefined;
		});
	}

	/** What the API answered to each request that succeeded, by custom id. */
	answers(batchId: string): Map<string, Row> {
		const { output_file_id: file } = this.emulator.batch(batchId);
		const lines = file ? this.emulator.file(file).text().trim().split('\n') : [];
		return new Map(
			lines.map((line) => {
				const { custom_id, response } = JSON.parse(line);
				return [custom_id as string, response.body as Row];
			}),
		);
	}
}

function failure({ id, data }: Execution): Error {
	const { error } = data.resultData;
	const where = error?.node ? ` in "${error.node.name}"` : '';
	const reason = [error?.message, error?.description].filter(Boolean).join(' ');
	return new Error(`Execution ${id} did not succeed${where}: ${reason}`);
}
