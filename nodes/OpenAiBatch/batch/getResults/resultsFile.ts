import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import type { ChoiceOptions } from './chosenResults';
import { ChosenResults } from './chosenResults';
import type { Job, Wanted } from './decide';
import { requestsOf, Selection } from './decide';
import { join, Joined, Piece } from './join';
import type { StoredRows } from './keptRows';
import { KeptRows } from './keptRows';
import type { FormatOptions, ResultFormat } from './resultFormats';
import { RESULT_FORMATS, withMember } from './resultFormats';
import type { ResultItem, ResultStatus } from './resultItem';
import { newIdNumbers } from './resultSet';
import type { IdNumbers } from '../../../jsonl/idTable';
import { WordTable } from '../../../jsonl/idTable';
import { TextBlock } from '../../../jsonl/lines';
import { BlockPool } from '../../../jsonl/textStore';
import type { OpenAiClient } from '../../../openai/client';
import { submissionIdOf } from '../../../openai/submissions/submission';
import { storeFile, streamOf } from '../../shared/binary';
import { asNodeError, breathing } from '../../shared/operation';

export interface FileOptions
	extends ChoiceOptions, Wanted, Omit<FormatOptions, 'hasCost' | 'parseJson'> {
	format: keyof typeof RESULT_FORMATS;
	includeRow: boolean;
	inputOrder: boolean;
	wholeSubmission: boolean;
}

/** The results of one batch and its retries, and what is joined to them. */
interface Part {
	results: ChosenResults;
	/** Undefined when no rows are wanted, or none are there. */
	rows: StoredRows | undefined;
}

/** A file in n8n's binary storage, and what is known of the results in it. */
export interface ResultsFile {
	json: IDataObject;
	binary: NonNullable<ResultItem['binary']>[string];
	/** Those of the parts that were read. */
	parts: ChosenResults[];
	/** What the user should know about kept rows and about columns. */
	hint: string | undefined;
}

/**
 * Writes the results of batches into one file of n8n's binary storage, as a stream. No result stays
 * in memory: where all have to be known before the first line is written, as for the columns of CSV,
 * the result files are read twice.
 *
 * @param jobs in the order in which their results are returned
 * @throws {NodeApiError | NodeOperationError} when a file cannot be read to its end
 */
export async function writeResults(
	context: IExecuteFunctions,
	client: OpenAiClient,
	jobs: Job[],
	options: FileOptions,
): Promise<ResultsFile> {
	const selection = new Selection(options);
	const format = RESULT_FORMATS[options.format]({ ...options, hasCost: !!options.prices });
	const keptRows = new KeptRows(client);
	const parts: Part[] = [];
	for (const job of jobs) {
		parts.push({
			results: new ChosenResults(client, job, selection, options),
			rows: options.includeRow ? await keptRows.of(job) : undefined,
		});
	}
	const writer = new Writer(client, parts, selection, format, options);
	const binary = await writer.store(context, nameOf(jobs, options));
	const read = parts.map(({ results }) => results).filter(({ tally }) => tally !== undefined);
	const hints = [keptRows.hint, format.hint].filter((hint) => hint !== undefined);
	return {
		json: summary(jobs, read, options),
		binary,
		parts: read,
		hint: hints.length > 0 ? hints.join(' ') : undefined,
	};
}

function nameOf([{ batch }]: Job[], { wholeSubmission }: FileOptions): string {
	return `results-${(wholeSubmission && submissionIdOf(batch)) || batch.id}`;
}

/** How many requests ended how, of the parts that were read. */
function summary(jobs: Job[], parts: ChosenResults[], { wholeSubmission }: FileOptions) {
	const counts = { succeeded: 0, failed: 0, expired: 0, cancelled: 0, missing: 0 };
	let requests = 0;
	let returned = 0;
	for (const { tally, size } of parts) {
		requests += tally!.total;
		returned += size;
		for (const status of Object.keys(counts) as ResultStatus[]) {
			counts[status] += tally!.counts[status];
		}
	}
	return {
		...(wholeSubmission && { submission_id: submissionIdOf(jobs[0].batch) }),
		batch_ids: jobs.flatMap(({ batch, retries }) => [batch.id, ...retries.map(({ id }) => id)]),
		requests,
		...counts,
		returned,
	};
}

const STILL_THERE =
	'The results are still at the service, and none of their files was deleted. Set Offset and Limit to get a part of the results in each file.';

const BATCHES_APART = 'Or turn off Whole Submission to get a file for each batch.';

const MISPLACED =
	'The results could not be put into the order of the input. Run the node again, or turn off Input Order.';

/** Less than usual, since making a line takes long: its result is read for it, and its row. */
const FULL_BYTES = 65_536;

class Writer {
	/** What went wrong while the lines were made: n8n's storage may report it in other words. */
	private fault: unknown;
	/** For all that is joined. */
	private readonly pool = new BlockPool();

	constructor(
		private readonly client: OpenAiClient,
		private readonly parts: readonly Part[],
		private readonly selection: Selection,
		private readonly format: ResultFormat,
		private readonly options: FileOptions,
	) {}

	async store(context: IExecuteFunctions, name: string) {
		const { extension, mimeType } = this.format;
		const { itemIndex } = this.client.options;
		const fileName = `${name}.${extension}`;
		const advice = this.options.wholeSubmission ? `${STILL_THERE} ${BATCHES_APART}` : STILL_THERE;
		try {
			// Before n8n has the stream, since it gives up one from which nothing comes for some minutes.
			await this.lookAhead();
			const stream = streamOf(this.blocks());
			return await storeFile(context, stream, { fileName, mimeType, itemIndex, advice });
		} catch (error) {
			throw asNodeError(context.getNode(), this.fault ?? error, itemIndex);
		}
	}

	private async *blocks(): AsyncGenerator<Buffer> {
		const block = new TextBlock(FULL_BYTES);
		for await (const lines of breathing(this.written())) {
			for (const line of lines) {
				block.add(line);
				if (block.isFull) yield block.take();
			}
		}
		if (!block.isEmpty) yield block.take();
	}

	/** The head and the lines. What the storage does to the blocks, when its disk is full, is no fault. */
	private async *written(): AsyncGenerator<string[]> {
		try {
			yield [this.format.head()];
			yield* this.lines();
		} catch (error) {
			this.fault = error;
			throw asNodeError(this.client.context.getNode(), error, this.client.options.itemIndex);
		}
	}

	/** Shows the format what it has to know before the first line. */
	private async lookAhead(): Promise<void> {
		const { format } = this;
		for (const { results, rows } of this.parts) {
			if (format.looksAtRows) {
				await rows?.look(
					(names) => format.takeRowColumns(names),
					(row) => format.lookAtRow(row),
				);
			}
			if (!format.looksAtResults || this.selection.isFull) continue;
			await allOf(results.read((item) => format.lookAtResult(item)));
		}
	}

	private async *lines(): AsyncGenerator<string[]> {
		for (const { results, rows } of this.parts) {
			// What was read before is chosen already.
			if (this.selection.isFull && results.tally === undefined) return;
			const line = (text: string, row?: string) => this.format.line(text, row);
			const isJoined = rows !== undefined || this.options.includeRequest;
			const numbers = isJoined ? newIdNumbers() : undefined;
			if (!rows || !numbers) {
				for await (const pieces of this.pieces(results, numbers)) {
					yield pieces.map(({ text }) => line(text));
				}
				continue;
			}
			const joined = this.options.inputOrder
				? this.inInputOrder(results, rows, numbers)
				: join(this.pieces(results, numbers), () => this.rowPieces(rows, numbers), 'toEach', {
						pool: this.pool,
					});
			for await (const some of joined) {
				rows.lacking += some.filter(
					({ id, partner }) => id !== null && partner === undefined,
				).length;
				yield some.map(({ text, partner }) => line(text, partner));
			}
		}
	}

	/** The results of a part, with their requests where these are wanted. */
	private pieces(results: ChosenResults, numbers: IdNumbers | undefined): AsyncIterable<Piece[]> {
		const pieces = this.resultPieces(results, numbers);
		if (!this.options.includeRequest || !numbers) return pieces;
		return this.withRequests(results, pieces, numbers);
	}

	/** @param numbers of the ids; undefined where nothing is joined */
	private resultPieces(
		results: ChosenResults,
		numbers: IdNumbers | undefined,
	): AsyncGenerator<Piece[]> {
		const { format } = this;
		return results.read((item) => {
			const id = item.custom_id as string | null;
			const number = id === null ? undefined : numbers?.add(id);
			return new Piece(number ?? null, format.resultText(item));
		}, numbers);
	}

	private async *withRequests(
		results: ChosenResults,
		pieces: AsyncIterable<Piece[]>,
		numbers: IdNumbers,
	): AsyncGenerator<Piece[]> {
		const requests = () => this.requestPieces(results, numbers);
		for await (const some of join(pieces, requests, 'once', { pool: this.pool })) {
			yield some.map(
				({ id, text, partner: request }) =>
					new Piece(id, request === undefined ? text : withMember(text, 'request', request)),
			);
		}
	}

	private async *requestPieces(
		results: ChosenResults,
		numbers: IdNumbers,
	): AsyncGenerator<Piece[]> {
		const requests = await requestsOf(this.client, results.job.batch);
		if (!requests) results.missingKnown = false;
		for await (const some of requests ?? []) {
			yield some.flatMap(({ customId, body }) =>
				body === undefined ? [] : new Piece(numbers.add(customId), JSON.stringify(body)),
			);
		}
	}

	private rowPieces(stored: StoredRows, numbers: IdNumbers): AsyncGenerator<Piece[]> {
		const { format } = this;
		return stored.read((row) => new Piece(numbers.add(row.customId), format.rowText(row)));
	}

	/**
	 * The results in the order of the rows. Those without a row come last, and so do further results of
	 * a request that has several.
	 */
	private async *inInputOrder(
		results: ChosenResults,
		stored: StoredRows,
		numbers: IdNumbers,
	): AsyncGenerator<Joined[]> {
		const { pool } = this;
		const rowCounts = new WordTable(1);
		const rows = counted(this.rowPieces(stored, numbers), rowCounts);
		const pieces = () => this.pieces(results, numbers);
		let written = 0;
		for await (const some of join(rows, pieces, 'once', { pool, readsAll: true })) {
			const lines: Joined[] = [];
			for (const { id, text: row, partner: text } of some) {
				if (text !== undefined) lines.push(new Joined(id, text, row));
			}
			written += lines.length;
			yield lines;
		}
		if (written === results.size) return;
		const left = beyond(pieces(), rowCounts);
		for await (const some of join(left, () => this.rowPieces(stored, numbers), 'toEach', {
			pool,
		})) {
			written += some.length;
			yield some;
		}
		// No result is lost without a word. Two ids that look the same share a row, see `IdNumbers`.
		if (written !== results.size) throw new Error(MISPLACED);
	}
}

/** Reads all that there is. */
async function allOf(read: AsyncGenerator<unknown>): Promise<void> {
	while (!(await read.next()).done) continue;
}

/** Counts the pieces of each id. */
async function* counted(
	pieces: AsyncIterable<Piece[]>,
	counts: WordTable,
): AsyncGenerator<Piece[]> {
	for await (const some of pieces) {
		for (const { id } of some) if (id !== null) counts.set(id, 0, counts.get(id, 0) + 1);
		yield some;
	}
}

/** The pieces without an id, and those of each id beyond so many. */
async function* beyond(pieces: AsyncIterable<Piece[]>, counts: WordTable): AsyncGenerator<Piece[]> {
	const found = new WordTable(1);
	for await (const some of pieces) {
		yield some.filter(({ id }) => {
			if (id === null) return true;
			const count = found.get(id, 0);
			found.set(id, 0, count + 1);
			return count >= counts.get(id, 0);
		});
	}
}
