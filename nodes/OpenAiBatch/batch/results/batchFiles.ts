import { NodeOperationError } from 'n8n-workflow';
import type { JsonValue } from '../../../jsonl/json';
import { isObject, textOrNull, tryParseJson } from '../../../jsonl/json';
import type { Line } from '../../../jsonl/lines';
import { readLineBatches } from '../../../jsonl/lines';
import type { ResultError, ResultLine } from '../../../jsonl/resultLine';
import { ClassifiedResult, parseResultLines } from '../../../jsonl/resultLine';
import { findFile } from '../../../openai/api/files';
import type { Batch, FileObject } from '../../../openai/api/objects';
import { statusOf } from '../../../openai/api/objects';
import type { OpenAiClient } from '../../../openai/client';
import { asNodeError, breathing } from '../../shared/operation';

/** The result of one request, as a line of a result file has it. */
export class BatchResult extends ClassifiedResult {
	/** Null when the line has no custom_id that can be read. */
	readonly customId: string | null;
	/** The line as it was sent; its text when it is not JSON. */
	readonly raw: JsonValue;

	constructor(
		line: ResultLine,
		/** The batch whose file has the line. */
		readonly batch: Batch,
	) {
		super(line);
		this.customId = line.custom_id;
		this.raw = line.raw;
	}
}

/** A request of a batch, as a line of its input file has it. */
export interface InputRequest {
	customId: string;
	/** The endpoint that the line names. */
	url: string | null;
	body: JsonValue | undefined;
}

/**
 * The results of a batch, as many at a time as came in one piece: first those of the output file,
 * then those of the error file. A request can have several. Each is read from its line when it is
 * taken, so that only one is in memory: take all of a piece, or no further piece.
 *
 * @param acceptsLoss also where a file came empty or shorter than the counts of the batch allow
 * @throws {NodeApiError | NodeOperationError} when a file is gone or cannot be read to its end, and
 * when the batch counts more results than there are, while a file whose length is not known came
 * empty, or one came incomplete
 */
export async function* readResults(
	client: OpenAiClient,
	batch: Batch,
	acceptsLoss = false,
): AsyncGenerator<Iterable<BatchResult>> {
	const tally: Tally = { results: 0, ran: 0 };
	const doubtful: Doubtful[] = [];
	for (const [name, id] of resultFiles(batch)) {
		const title = `The ${name} file ${id} of batch ${batch.id}`;
		// The description is needed only for the length. A server can have the content without it.
		const file = await findFile(client, id);
		let isEmpty = typeof file?.bytes !== 'number';
		const onShort = () => void doubtful.push({ title, how: 'short' });
		try {
			for await (const lines of fileLines(client, id, file?.bytes, onShort)) {
				isEmpty = false;
				yield resultsIn(lines, batch, tally);
			}
		} catch (error) {
			throw unreadable(client, error, title);
		}
		if (isEmpty) doubtful.push({ title, how: 'empty' });
	}
	if (doubtful.length > 0 && !acceptsLoss && isShort(tally, batch)) {
		throw cameShort(client, doubtful[0], batch, tally);
	}
}

/** A file of which a part may have been lost on the way. */
interface Doubtful {
	title: string;
	how: 'empty' | 'short';
}

/** How many results have come, and how many of them are of requests that ran. */
interface Tally {
	results: number;
	ran: number;
}

/**
 * Whether a batch has more results than have come, by its counts. Servers count differently what
 * never ran, and some count failures twice. A completed batch without counts has at least one.
 */
function isShort({ results, ran }: Tally, batch: Batch): boolean {
	const { total, completed, failed } = countsOf(batch);
	if (total === 0) return results === 0 && statusOf(batch) === 'completed';
	return ran < completed || results < Math.min(total, completed + failed);
}

function countsOf({ request_counts: counts }: Batch) {
	return {
		total: counts?.total ?? 0,
		completed: counts?.completed ?? 0,
		failed: counts?.failed ?? 0,
	};
}

/** How a file came, and why its content may have been lost on the way. */
const CAME = {
	empty: ['came empty', 'The server did not say how long the file is, so its content'],
	short: ['came incomplete', 'A part of its content'],
} as const;

/** The error for a file that came empty or short, and may have been cut off on the way. */
function cameShort(
	{ context, options }: OpenAiClient,
	{ title, how }: Doubtful,
	batch: Batch,
	{ ran }: Tally,
): NodeOperationError {
	const { total, completed, failed } = countsOf(batch);
	const contradiction =
		total === 0
			? 'the batch is completed'
			: `the batch counts ${completed} completed and ${failed} failed requests, and its files have the results of ${ran}`;
	const [came, content] = CAME[how];
	return new NodeOperationError(context.getNode(), `${title} ${came}, although ${contradiction}`, {
		itemIndex: options.itemIndex,
		description: `${content} may have been lost on the way. Run the node again. If the file stays ${how}, its results are lost: Retry Unfinished, with its option Retry Unreadable, runs the requests again, and they are charged again.`,
	});
}

/** The ids of the files that have results. Some servers send '' when there is none. */
function resultFiles(batch: Batch): Array<[name: string, id: string]> {
	const { output_file_ids = [batch.output_file_id], error_file_ids = [batch.error_file_id] } =
		batch;
	const outputs = output_file_ids.filter(isId);
	// One file can have all results, and be named twice.
	const errors = error_file_ids.filter(isId).filter((id) => !outputs.includes(id));
	return [
		...outputs.map((id): [string, string] => ['output', id]),
		...errors.map((id): [string, string] => ['error', id]),
	];
}

const isId = (id: string | null | undefined): id is string => !!id;

function* resultsIn(lines: readonly Line[], batch: Batch, tally: Tally): Generator<BatchResult> {
	for (const { text } of lines) {
		for (const line of parseResultLines(text)) {
			const result = new BatchResult(line, batch);
			tally.results++;
			if (result.status === 'succeeded' || result.status === 'failed') tally.ran++;
			yield result;
		}
	}
}

/** The error for a result file that cannot be read; a file that is gone is named. */
function unreadable({ context, options }: OpenAiClient, error: unknown, file: string) {
	const { itemIndex } = options;
	if ((error as { httpCode?: unknown }).httpCode !== '404') {
		return asNodeError(context.getNode(), error, itemIndex);
	}
	return new NodeOperationError(context.getNode(), `${file} is no longer there`, {
		itemIndex,
		description:
			'The service deletes result files after 30 days, or earlier if the batch was created with an expiry. Somebody may also have deleted the file. Its results can no longer be read.',
	});
}

/** The input file of a batch; undefined when it is gone. */
export async function findInputFile(
	client: OpenAiClient,
	batch: Batch,
): Promise<FileObject | undefined> {
	return batch.input_file_id ? await findFile(client, batch.input_file_id) : undefined;
}

/** The lines of a batch's input file, as many at a time as came in one piece. */
export function inputLines(
	client: OpenAiClient,
	{ id, bytes }: FileObject,
): AsyncGenerator<Line[]> {
	return fileLines(client, id, bytes);
}

/** The request in a line of an input file; undefined when the line has no custom_id. */
export function requestIn({ text }: Line): InputRequest | undefined {
	const parsed = tryParseJson(text);
	if (!parsed.ok || !isObject(parsed.value)) return undefined;
	const { custom_id: id, body, url } = parsed.value;
	if (typeof id !== 'string' && typeof id !== 'number') return undefined;
	return { customId: String(id), url: textOrNull(url), body };
}

function fileLines(
	client: OpenAiClient,
	fileId: string,
	bytes: number | null | undefined,
	onShort?: () => void,
): AsyncGenerator<Line[]> {
	return breathing(readLineBatches(client.download(fileId, { bytes, isOfLines: true, onShort })));
}

export interface ErrorCount {
	/** As the API words it. */
	message: string;
	count: number;
}

/** If the messages differ in every request, the most common one is not worth the memory. */
const MAX_DIFFERENT = 1000;

/** Counts the errors of results by their messages. */
export class ErrorCounts {
	private readonly counts = new Map<string, ErrorCount>();

	/** @returns the count of this error; reduce it by one when the error no longer applies */
	add({ message, code }: ResultError): ErrorCount | undefined {
		const text = message ?? code ?? 'unknown';
		let known = this.counts.get(text);
		if (!known) {
			if (this.counts.size >= MAX_DIFFERENT) return undefined;
			known = { message: text, count: 0 };
			this.counts.set(text, known);
		}
		known.count++;
		return known;
	}

	/** A sentence about the error that most requests ended with; undefined without errors. */
	mostCommon(): string | undefined {
		const [first] = [...this.counts.values()].sort((a, b) => b.count - a.count);
		if (!first || first.count === 0) return undefined;
		const requests = first.count === 1 ? '1 request' : `${first.count} requests`;
		return `Most common error (${requests}): ${first.message}`;
	}
}
