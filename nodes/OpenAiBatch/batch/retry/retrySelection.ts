import type { LineChange } from './changedLines';
import type { Adopted, OutcomeOptions, Reason } from './outcomes';
import { noCounts, Outcomes, UnreadableResultsError } from './outcomes';
import type { Issue } from '../../../jsonl/json';
import type { Line } from '../../../jsonl/lines';
import { TextBlock } from '../../../jsonl/lines';
import type { PartLimits } from '../../../jsonl/split';
import { PartPlanner } from '../../../jsonl/split';
import type { Batch, FileObject } from '../../../openai/api/objects';
import type { OpenAiClient } from '../../../openai/client';
import type { ErrorCounts, InputRequest } from '../results/batchFiles';
import { inputLines, requestIn } from '../results/batchFiles';

export interface SelectionOptions extends OutcomeOptions {
	/** Exactly these, whatever became of them; undefined to choose by what became of the requests. */
	customIds?: ReadonlySet<string>;
	/** How each line changes; undefined where it stays as it was, byte by byte. */
	change?: LineChange;
	/** Retries of the same batch, oldest first: what they have answered, or run, does not run again. */
	earlier: readonly Batch[];
	/** Those of them that this very retry has created before, by their place among its batches. */
	own: ReadonlyMap<Batch, number>;
}

/** The requests of one batch to create. */
export interface Piece {
	requests: number;
	/** The length of their lines, each with its line feed. */
	bytes: number;
	counts: Record<Reason, number>;
	/** Their lines from the beginning; read from the service every time. */
	open: (signal?: AbortSignal) => AsyncGenerator<Uint8Array>;
}

/** Which requests of a batch run again. */
export interface Selection {
	pieces: Piece[];
	adopted: Adopted[];
	/** The endpoint that their lines name; some servers leave it out of the batch. */
	url: string | null;
	succeeded: number;
	/** Did not succeed, and is left out by the options. */
	leftOut: number;
	/** Ended with errors that a retry would only repeat. */
	permanent: number;
	permanentErrors: ErrorCounts;
	/** Runs in an earlier retry that is not finished. */
	running: number;
	/** Has the same custom_id as a request that succeeded, so that nobody knows which of them did. */
	ambiguousIds: string[];
	/** Lines of the input file without a custom_id, which are never sent again. */
	nameless: number;
	/** Was cut off at the token limit, and would be again. */
	cutOffAgain: number;
	/** Custom ids that the batch does not have. */
	unknownIds: string[];
	/** Lines that the API would refuse as they are now, by their number in the input file. */
	badLines: Array<{ line: number; issues: Issue[] }>;
}

/** The limits of a batch whose lines have not grown: those of its original. */
const AS_BEFORE: PartLimits = {
	maxRequests: Infinity,
	maxEmbeddingInputs: Infinity,
};

/** Chooses among the lines of an input file, and keeps ids and line numbers only. */
class LineChooser {
	readonly counts = { succeeded: 0, permanent: 0, running: 0, adopted: 0, leftOut: 0 };
	readonly ambiguousIds: string[] = [];
	readonly badLines: Selection['badLines'] = [];
	readonly found = new Set<string>();
	nameless = 0;
	cutOffAgain = 0;
	url: string | null = null;
	private readonly uses = new Map<string, number>();
	/** The piece of each line that runs again. */
	private readonly chosen = new Map<number, number>();
	private readonly reasons: Array<Record<Reason, number>> = [];
	private readonly planner: PartPlanner;
	/** Of a file. */
	private readonly maxBytes: number;

	constructor(
		private readonly outcomes: Outcomes,
		private readonly options: SelectionOptions,
		{ bytes }: FileObject,
	) {
		const { change } = options;
		// A file that the server has taken before is not too large for it.
		this.maxBytes = change ? Math.max(bytes ?? 0, change.maxBytes) : Infinity;
		this.planner = new PartPlanner({ ...AS_BEFORE, maxBytes: this.maxBytes });
	}

	get hasIds(): boolean {
		return this.uses.size > 0;
	}

	take(line: Line): void {
		const request = requestIn(line);
		if (!request) {
			this.nameless++;
			return;
		}
		const { customId } = request;
		this.url ??= request.url;
		const status = this.outcomes.statusOf(customId);
		const use = (this.uses.get(customId) ?? 0) + 1;
		this.uses.set(customId, use);
		const { customIds, include } = this.options;
		if (customIds) {
			if (!customIds.has(customId)) return;
			this.found.add(customId);
			// This very retry runs it already.
			if (status === 'adopted') this.counts.adopted++;
			else this.choose(line, request, undefined);
			return;
		}
		const successes = this.outcomes.successesOf(customId);
		if (successes > 0 && use > successes) this.ambiguousIds.push(customId);
		else if (isOther(status)) this.counts[status]++;
		else if (!include.has(status)) this.counts.leftOut++;
		else this.choose(line, request, status);
	}

	private choose(line: Line, request: InputRequest, reason: Reason | undefined): void {
		const { change } = this.options;
		const changed = change?.of(line, request);
		if (changed && changed.issues.length > 0) {
			this.badLines.push({ line: line.line, issues: changed.issues });
			return;
		}
		if (reason === 'cut_off' && !changed?.mayEndLater) {
			this.cutOffAgain++;
			return;
		}
		const bytes = Buffer.byteLength(changed?.text ?? line.text) + 1;
		if (bytes > this.maxBytes) {
			this.badLines.push({ line: line.line, issues: [tooLarge(bytes, this.maxBytes)] });
			return;
		}
		const index = this.planner.add({ bytes, model: changed?.model });
		this.chosen.set(line.line, index);
		const counts = (this.reasons[index] ??= noCounts());
		if (reason !== undefined) counts[reason]++;
	}

	pieces(client: OpenAiClient, file: FileObject): Piece[] {
		return this.planner.parts.map(({ requests, bytes }, index) => ({
			requests,
			bytes,
			counts: this.reasons[index],
			open: (signal) => this.lines(client.with({ signal }), file, index),
		}));
	}

	private async *lines(
		client: OpenAiClient,
		file: FileObject,
		piece: number,
	): AsyncGenerator<Uint8Array> {
		const { change } = this.options;
		const textOf = (line: Line) => (change ? change.of(line, requestIn(line)!).text : line.text);
		const block = new TextBlock();
		for await (const lines of inputLines(client, file)) {
			for (const line of lines) {
				if (this.chosen.get(line.line) === piece) block.addLine(textOf(line));
				if (block.isFull) yield block.take();
			}
		}
		if (!block.isEmpty) yield block.take();
	}
}

/**
 * Finds out which requests of a finished batch are to run again. Reads the result files and the
 * input file once, and keeps ids and line numbers only.
 *
 * @throws {NodeApiError | NodeOperationError} when a file cannot be read to its end
 * @throws {UnreadableResultsError} when there are results that cannot be read, or no request has an id
 */
export async function selectForRetry(
	client: OpenAiClient,
	batch: Batch,
	inputFile: FileObject,
	options: SelectionOptions,
): Promise<Selection> {
	const { customIds, earlier, own } = options;
	const outcomes = new Outcomes(client, options);
	const adopted: Adopted[] = [];
	const take = async (retry: Batch) => {
		if (own.has(retry)) adopted.push(await outcomes.readOwn(retry));
		else if (!customIds) await outcomes.readEarlier(retry);
	};
	// In the order in which they ran: of several failures the last one counts.
	const isOlder = (one: Batch) => (one.created_at ?? 0) < (batch.created_at ?? 0);
	for (const retry of earlier.filter(isOlder)) await take(retry);
	if (!customIds) await outcomes.read(batch, inputFile);
	for (const retry of earlier.filter((one) => !isOlder(one))) await take(retry);
	const place = ({ batch: one }: Adopted) => own.get(one)!;
	adopted.sort((a, b) => place(a) - place(b));
	const lines = new LineChooser(outcomes, options, inputFile);
	for await (const some of inputLines(client, inputFile)) {
		for (const line of some) lines.take(line);
	}
	const { nameless, url, ambiguousIds, badLines, cutOffAgain, found } = lines;
	const { succeeded, permanent, running, leftOut } = lines.counts;
	if (nameless > 0 && !lines.hasIds) {
		throw new UnreadableResultsError('requests', withoutIds(batch, inputFile));
	}
	// What a batch that was created before runs is not known without its file.
	const isKnown = adopted.every(({ requests }) => requests !== undefined);
	return {
		pieces: isKnown ? lines.pieces(client, inputFile) : [],
		adopted,
		url,
		succeeded,
		permanent,
		running,
		leftOut,
		ambiguousIds,
		nameless,
		cutOffAgain,
		badLines,
		unknownIds: [...(customIds ?? [])].filter((id) => !found.has(id)),
		permanentErrors: outcomes.permanentErrors,
	};
}

function tooLarge(bytes: number, maxBytes: number): Issue {
	const message = `With Body Fields the request has ${bytes} bytes, more than the ${maxBytes} that a file may have. Make the fields smaller.`;
	return { code: 'request_too_large', message };
}

const OTHERS = ['succeeded', 'permanent', 'running', 'adopted'] as const;

function isOther(status: string): status is (typeof OTHERS)[number] {
	return (OTHERS as readonly string[]).includes(status);
}

function withoutIds({ id }: Batch, inputFile: FileObject): string {
	return `No line of the input file ${inputFile.id} of batch ${id} has a custom_id, so its requests cannot be matched to their results`;
}
