import { createHash } from 'crypto';
import type { Line } from '../../../jsonl/lines';
import { isRetryable, UNKNOWN_FORM } from '../../../jsonl/resultLine';
import { isFinished } from '../../../openai/api/status';
import type { Batch, FileObject } from '../../../openai/api/types';
import { OpenAiClient } from '../../../openai/http/client';
import type { BatchResult, ErrorCount } from '../results/batchFiles';
import {
	ErrorCounts,
	findInputFile,
	inputLines,
	readResults,
	requestIn,
} from '../results/batchFiles';

/** Why a request is to run again: what became of it the first time. */
export const REASONS = ['failed', 'expired', 'cancelled', 'missing'] as const;

export type Reason = (typeof REASONS)[number];

export interface SelectionOptions {
	include: ReadonlySet<Reason>;
	/** Also what ended with an error that would probably repeat. */
	allFailed: boolean;
	/** Also what may have an answer, and been charged, that cannot be read. */
	unreadable: boolean;
	/** Earlier retries of the same batch: what they have answered, or work on, does not run again. */
	earlier: readonly Batch[];
}

/** Which requests of a batch run again. */
export interface Selection {
	requests: number;
	/** The length of their lines, each with its line feed. */
	bytes: number;
	/** The endpoint that their lines name; some servers leave it out of the batch. */
	url: string | null;
	/** A digest of their lines. */
	contentHash: string;
	counts: Record<Reason, number>;
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
	/** Their lines from the beginning, as they were; read from the service every time. */
	open: (signal?: AbortSignal) => AsyncGenerator<Uint8Array>;
}

interface Outcome {
	status: 'succeeded' | 'permanent' | 'running' | Reason;
	error?: ErrorCount;
	/** How many results with this id succeeded. */
	successes: number;
	/** Whether it may be an answer, in a form that is not known. */
	isUnreadable?: boolean;
}

/** What the results of a batch say, and what of them cannot be read. */
interface Outcomes {
	byId: Map<string, Outcome>;
	permanentErrors: ErrorCounts;
	/** Results that the service counts as completed: it had an answer, whatever that says. */
	answered: number;
	/** Lines without an id, or of an unknown form. */
	unreadable: number;
	/** Of the first of them. */
	example?: string;
}

/** Why nothing is run again, although results are missing: they may have been charged. */
export class UnreadableResultsError extends Error {}

/** Takes in the results of a batch. Success stays, else the last line counts. */
async function readOutcomes(
	client: OpenAiClient,
	batch: Batch,
	outcomes: Outcomes,
	allFailed: boolean,
): Promise<void> {
	const { byId, permanentErrors } = outcomes;
	for await (const results of readResults(client, batch)) {
		for (const result of results) {
			const { customId, error, status } = result;
			if (wasAnswered(result)) outcomes.answered++;
			if (customId === null || error?.code === UNKNOWN_FORM) {
				outcomes.unreadable++;
				outcomes.example ??= error?.message ?? 'It has no custom_id.';
			}
			if (customId === null) continue;
			const before = byId.get(customId);
			const successes = (before?.successes ?? 0) + (status === 'succeeded' ? 1 : 0);
			if (before?.status === 'succeeded') {
				before.successes = successes;
				continue;
			}
			if (before?.error) before.error.count--;
			const isUnreadable = error?.code === UNKNOWN_FORM;
			const isPermanent =
				isUnreadable || (status === 'failed' && !allFailed && !isRetryable(result));
			byId.set(customId, {
				successes,
				isUnreadable,
				status: isPermanent ? 'permanent' : status,
				error: isPermanent ? permanentErrors.add(error!) : undefined,
			});
		}
	}
}

/**
 * Makes sure that nothing was answered that could not be read: it would be charged again.
 *
 * @throws {UnreadableResultsError} that says what is there and could not be read
 */
function assertReadable(batch: Batch, { unreadable, example, answered }: Outcomes): void {
	const completed = batch.request_counts?.completed ?? 0;
	if (unreadable > 0) {
		throw new UnreadableResultsError(
			`${unreadable} of the results of batch ${batch.id} cannot be matched to their requests. The first one: ${example}`,
		);
	}
	if (completed <= answered) return;
	throw new UnreadableResultsError(
		`Batch ${batch.id} counts ${completed} completed requests, but its files have ${answered} with an answer`,
	);
}

/** Whether a result has an answer of the endpoint under a good status. */
function wasAnswered({ body, error, status, statusCode }: BatchResult): boolean {
	if (status === 'succeeded') return true;
	if (error?.code === UNKNOWN_FORM || body === null) return false;
	return statusCode === null || (statusCode >= 200 && statusCode < 300);
}

/** Takes in what earlier retries have answered, and what they are still working on. */
async function readEarlier(
	client: OpenAiClient,
	earlier: readonly Batch[],
	outcomes: Outcomes,
	allFailed: boolean,
): Promise<void> {
	for (const retry of earlier) {
		if (isFinished(retry)) {
			await readOutcomes(client, retry, outcomes, allFailed);
			continue;
		}
		const inputFile = await findInputFile(client, retry);
		if (!inputFile) continue;
		for await (const lines of inputLines(client, inputFile)) {
			for (const line of lines) {
				const id = requestIn(line)?.customId;
				if (id === undefined || outcomes.byId.get(id)?.status === 'succeeded') continue;
				outcomes.byId.set(id, { status: 'running', successes: 0 });
			}
		}
	}
}

/** The chosen lines of the input file, byte by byte as they were. */
async function* chosenLines(
	client: OpenAiClient,
	file: FileObject,
	chosen: ReadonlySet<number>,
): AsyncGenerator<Uint8Array> {
	for await (const lines of inputLines(client, file)) {
		const texts = lines.filter(({ line }) => chosen.has(line)).map(({ text }) => `${text}\n`);
		if (texts.length > 0) yield Buffer.from(texts.join(''));
	}
}

/**
 * Finds out which requests of a finished batch are to run again. Reads the result files and the
 * input file once, and keeps ids and line numbers only.
 *
 * @throws {NodeApiError | NodeOperationError} when a file cannot be read to its end
 * @throws {UnreadableResultsError} when there are results that cannot be read
 */
export async function selectForRetry(
	client: OpenAiClient,
	batch: Batch,
	inputFile: FileObject,
	{ include, allFailed, unreadable, earlier }: SelectionOptions,
): Promise<Selection> {
	const outcomes: Outcomes = {
		byId: new Map(),
		permanentErrors: new ErrorCounts(),
		answered: 0,
		unreadable: 0,
	};
	await readOutcomes(client, batch, outcomes, allFailed);
	if (!unreadable) assertReadable(batch, outcomes);
	await readEarlier(client, earlier, outcomes, allFailed);
	const counts = { failed: 0, expired: 0, cancelled: 0, missing: 0 };
	const others = { succeeded: 0, permanent: 0, running: 0, leftOut: 0 };
	const ambiguousIds: string[] = [];
	const uses = new Map<string, number>();
	const chosen = new Set<number>();
	const hash = createHash('sha256');
	let bytes = 0;
	let url: string | null = null;
	for await (const lines of inputLines(client, inputFile)) {
		for (const line of lines) {
			const request = requestIn(line);
			if (!request) throw new UnreadableResultsError(withoutId(batch, line));
			const id = request.customId;
			url ??= request.url;
			const known = outcomes.byId.get(id);
			const status = statusFor(known, unreadable);
			const use = (uses.get(id) ?? 0) + 1;
			uses.set(id, use);
			if (known?.status === 'succeeded' && use > known.successes) ambiguousIds.push(id);
			else if (isOther(status)) others[status]++;
			else if (!include.has(status)) others.leftOut++;
			else {
				counts[status]++;
				chosen.add(line.line);
				bytes += Buffer.byteLength(line.text) + 1;
				hash.update(line.text).update('\n');
			}
		}
	}
	return {
		requests: chosen.size,
		bytes,
		url,
		contentHash: hash.digest('hex'),
		counts,
		...others,
		ambiguousIds,
		permanentErrors: outcomes.permanentErrors,
		open: (signal) => {
			const reader = new OpenAiClient(client.context, { ...client.options, signal });
			return chosenLines(reader, inputFile, chosen);
		},
	};
}

/** What becomes of a request. Where the user says so, an answer that cannot be read is a failure. */
function statusFor(outcome: Outcome | undefined, unreadable: boolean): Outcome['status'] {
	if (outcome === undefined) return 'missing';
	return outcome.isUnreadable && unreadable ? 'failed' : outcome.status;
}

function isOther(status: Outcome['status']): status is 'succeeded' | 'permanent' | 'running' {
	return status === 'succeeded' || status === 'permanent' || status === 'running';
}

function withoutId({ id, input_file_id }: Batch, { line }: Line): string {
	return `Line ${line} of the input file ${input_file_id} of batch ${id} has no custom_id, so its requests cannot be matched to their results`;
}
