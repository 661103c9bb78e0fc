import type { Job } from './decide';
import type { JsonObject } from '../../../jsonl/json';
import { isObject, membersOf, tryParseJson } from '../../../jsonl/json';
import type { Line } from '../../../jsonl/lines';
import { findFile } from '../../../openai/api/files';
import type { FileObject } from '../../../openai/api/objects';
import type { OpenAiClient } from '../../../openai/client';
import { idProblem } from '../../../openai/client';
import { ROWS_FILE_ID } from '../../../openai/submissions/submission';
import { asNodeError } from '../../shared/operation';
import { inputLines } from '../results/batchFiles';

/** A row that Submit kept for the result of its request. */
export class KeptRow {
	constructor(
		readonly customId: string,
		readonly row: JsonObject,
		/** The line with the row. */
		private readonly line: string,
	) {}

	/** The row as it is written, with all digits of its numbers and the order of its fields. */
	get text(): string {
		return rowText(this.line, this.customId);
	}
}

/** The ids of the files with the rows of a batch and its retries. A retry has that of its original. */
export function rowsFileIds({ batch, retries, failed }: Job): string[] {
	const ids = [batch, ...retries, ...failed].map(({ metadata }) => metadata?.[ROWS_FILE_ID]);
	return [...new Set(ids.filter((id): id is string => !!id && idProblem(id) === undefined))];
}

/** The kept rows of a batch, as the service has them. */
export class StoredRows {
	/** By file, the first line that is no row. */
	readonly broken = new Map<string, number>();
	/** How many results have no row here. */
	lacking = 0;

	constructor(
		private readonly client: OpenAiClient,
		/** Of the batch and its retries. */
		private readonly files: readonly FileObject[],
		readonly batchId: string,
	) {}

	/**
	 * Shows the columns of the rows before these are read: by the first line of a file, where Submit
	 * has written them there, and otherwise row by row.
	 *
	 * @param takeColumns returns false where the rows have to be looked at all the same
	 * @throws {NodeApiError} when a file cannot be read to its end
	 */
	async look(
		takeColumns: (names: string[]) => boolean,
		lookAtRow: (row: KeptRow) => void,
	): Promise<void> {
		for (const file of this.files) {
			reading: for await (const lines of inputLines(this.client, file)) {
				for (const line of lines) {
					const columns = columnsIn(line);
					if (columns && takeColumns(columns)) break reading;
					const row = rowIn(line);
					if (row) lookAtRow(row);
				}
			}
		}
	}

	/**
	 * The rows in their order, as many at a time as came in one piece. What is no row is left out: a
	 * file that was cut off somewhere has one such line, and no row of it becomes another one.
	 *
	 * @param convert makes of each row what is yielded, before the next line is read
	 * @throws {NodeApiError} when a file cannot be read to its end
	 */
	async *read<T>(convert: (row: KeptRow) => T): AsyncGenerator<T[]> {
		for (const file of this.files) {
			for await (const lines of inputLines(this.client, file)) {
				const rows: T[] = [];
				for (const line of lines) {
					const row = rowIn(line);
					if (row) rows.push(convert(row));
					else if (!this.broken.has(file.id) && !columnsIn(line)) {
						this.broken.set(file.id, line.line);
					}
				}
				// The reader of the file holds them until it goes on.
				lines.length = 0;
				yield rows;
			}
		}
	}
}

/** The kept rows of the batches whose results are returned, and which batches have none. */
export class KeptRows {
	private readonly stored: StoredRows[] = [];
	private readonly without: string[] = [];
	private readonly gone: string[] = [];

	constructor(private readonly client: OpenAiClient) {}

	/**
	 * The rows of a batch and its retries.
	 *
	 * @returns undefined when there are none, of which the hint then speaks
	 */
	async of(job: Job): Promise<StoredRows | undefined> {
		const ids = rowsFileIds(job);
		const files: FileObject[] = [];
		for (const id of ids) {
			const file = await findFile(this.client, id);
			if (file && (await isThere(this.client, file))) files.push(file);
		}
		if (files.length === 0) {
			(ids.length > 0 ? this.gone : this.without).push(job.batch.id);
			return undefined;
		}
		const stored = new StoredRows(this.client, files, job.batch.id);
		this.stored.push(stored);
		return stored;
	}

	/** What the user should know about rows that are not there; undefined when all are. */
	get hint(): string | undefined {
		const parts: string[] = [];
		if (this.gone.length > 0) {
			parts.push(
				`The kept rows of ${batches(this.gone)} are no longer at the service: their file has expired or was deleted. The results have no row.`,
			);
		}
		if (this.without.length > 0) {
			parts.push(
				`No rows were kept for ${batches(this.without)}, so the results have no row. Set Keep Fields when you submit.`,
			);
		}
		const [first, ...others] = this.stored.flatMap(({ broken }) => [...broken]);
		if (first) {
			const also = others.length > 0 ? ` So were lines of ${others.length} more files.` : '';
			parts.push(
				`Line ${first[1]} of the file ${first[0]} is not a row that was kept by Submit, and was left out.${also}`,
			);
		}
		const short = this.stored.filter(({ lacking }) => lacking > 0);
		const lacking = short.reduce((sum, one) => sum + one.lacking, 0);
		if (lacking > 0) {
			const results = lacking === 1 ? '1 result has' : `${lacking} results have`;
			const named = batches(short.map(({ batchId }) => batchId));
			parts.push(
				`${results} no row, since the kept rows of ${named} at the service are not complete.`,
			);
		}
		return parts.length > 0 ? parts.join(' ') : undefined;
	}
}

/** Whether a file has content. A server that cannot describe it does not say that it is gone. */
async function isThere(client: OpenAiClient, file: FileObject): Promise<boolean> {
	if (typeof file.bytes === 'number') return true;
	try {
		for await (const _ of inputLines(client, file)) return true;
		return false;
	} catch (error) {
		if ((error as { httpCode?: unknown }).httpCode === '404') return false;
		throw asNodeError(client.context.getNode(), error, client.options.itemIndex);
	}
}

const NAMED = 3;

function batches(ids: string[]): string {
	if (ids.length === 1) return `batch ${ids[0]}`;
	const rest = ids.length - NAMED;
	return `the batches ${ids.slice(0, NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** The columns of all rows, which only the first line of a file may have. */
function columnsIn({ line, text }: Line): string[] | undefined {
	const parsed = line === 1 ? tryParseJson(text) : undefined;
	if (!parsed?.ok || !isObject(parsed.value)) return undefined;
	const { custom_id: customId, columns } = parsed.value;
	if (customId !== undefined || !Array.isArray(columns)) return undefined;
	return columns.every((name): name is string => typeof name === 'string') ? columns : undefined;
}

function rowIn({ text }: Line): KeptRow | undefined {
	const parsed = tryParseJson(text);
	if (!parsed.ok || !isObject(parsed.value)) return undefined;
	const { custom_id: customId, row } = parsed.value;
	if (typeof customId !== 'string' || !isObject(row)) return undefined;
	return new KeptRow(customId, row, text);
}

const ROW = '"row":';

/** The text of the row in a line. To look for its end in every line takes longer than to read it. */
function rowText(line: string, customId: string): string {
	const start = `{"custom_id":${JSON.stringify(customId)},${ROW}`;
	const isPlain = line.startsWith(start) && line.lastIndexOf(ROW) === start.length - ROW.length;
	if (isPlain && line.endsWith('}}')) return line.slice(start.length, -1);
	let text = '{}';
	for (const { key, from, to } of membersOf(line)) {
		if (key === 'row') text = line.slice(from, to);
	}
	return text;
}
