import { createHash } from 'crypto';
import { isRetryable, isUnreadable } from '../../../jsonl/resultLine';
import type { Batch, FileObject } from '../../../openai/api/objects';
import { isFinished } from '../../../openai/api/objects';
import type { OpenAiClient } from '../../../openai/client';
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
	/** Lines of the input file without a custom_id, which are never sent again. */
	nameless: number;
	/** Their lines from the beginning, as they were; read from the service every time. */
	open: (signal?: AbortSignal) => AsyncGenerator<Uint8Array>;
}

interface Outcome {
	status: 'succeeded' | 'permanent' | 'running' | Reason;
	error?: ErrorCount;
	/** How many results with this id succeeded. */
	successes: number;
	/** Whether it may be an answer that cannot be read. */
	isUnreadable?: boolean;
}

/** What the results of a batch and of its earlier retries say. */
interface Outcomes {
	byId: Map<string, Outcome>;
	permanentErrors: ErrorCounts;
}

/** How much of the results of one batch could be read. */
interface Reading {
	/** Results that the service counts as completed: it had an answer, whatever that says. */
	answered: number;
	/** Lines without an id, of an unknown form, or that are not JSON. */
	unreadable: number;
	/** Of the first of them. */
	example?: string;
}

/** Why nothing is run again, although results are missing: they may have been charged. */
export class UnreadableResultsError extends Error {
	/** @param of what cannot be read: results, the ids of the requests, or what a retry works on */
	constructor(
		readonly of: 'results' | 'requests' | 'running',
		message: string,
	) {
		super(message);
	}
}

/**
 * Takes in the results of a batch. Success stays, else the last line counts.
 *
 * @throws {UnreadableResultsError} when there are results that cannot be read
 */
async function readOutcomes(
	client: OpenAiClient,
	batch: Batch,
	{ byId, permanentErrors }: Outcomes,
	{ allFailed, unreadable: goesOn }: SelectionOptions,
): Promise<void> {
	const reading: Reading = { answered: 0, unreadable: 0 };
	for await (const results of readResults(client, batch, goesOn)) {
		for (const result of results) {
			const { customId, error, status } = result;
			if (wasAnswered(result)) reading.answered++;
			const isLost = error !== null && isUnreadable(error);
			if (customId === null || isLost) {
				reading.unreadable++;
				reading.example ??= error?.message ?? 'It has no custom_id.';
			}
			if (customId === null) continue;
			const before = byId.get(customId);
			const successes = (before?.successes ?? 0) + (status === 'succeeded' ? 1 : 0);
			if (before?.status === 'succeeded') {
				before.successes = successes;
				continue;
			}
			if (before?.error) before.error.count--;
			const isPermanent = isLost || (status === 'failed' && !allFailed && !isRetryable(result));
			byId.set(customId, {
				successes,
				isUnreadable: isLost,
				status: isPermanent ? 'permanent' : status,
				error: isPermanent ? permanentErrors.add(error!) : undefined,
			});
		}
	}
	if (!goesOn) assertReadable(batch, reading);
}

/**
 * Makes sure that nothing was answered that could not be read: it would be charged again.
 *
 * @throws {UnreadableResultsError} that says what is there and could not be read
 */
function assertReadable(batch: Batch, { unreadable, example, answered }: Reading): void {
	const completed = batch.request_counts?.completed ?? 0;
	if (unreadable > 0) {
		throw new UnreadableResultsError(
			'results',
			`${unreadable} of the results of batch ${batch.id} cannot be read, or matched to their requests. The first one: ${example}`,
		);
	}
	if (completed <= answered) return;
	throw new UnreadableResultsError(
		'results',
		`Batch ${batch.id} counts ${completed} completed requests, but its files have ${answered} with an answer`,
	);
}

/** Whether a result has an answer of the endpoint under a good status. */
function wasAnswered({ body, error, status, statusCode }: BatchResult): boolean {
	if (status === 'succeeded') return true;
	if ((error !== null && isUnreadable(error)) || body === null) return false;
	return statusCode === null || (statusCode >= 200 && statusCode < 300);
}

/** Takes in what earlier retries have answered, and what they are still working on. */
async function readEarlier(
	client: OpenAiClient,
	outcomes: Outcomes,
	options: SelectionOptions,
): Promise<void> {
	for (const retry of options.earlier) {
		if (isFinished(retry)) {
			await readOutcomes(client, retry, outcomes, options);
			continue;
		}
		const inputFile = await findInputFile(client, retry);
		if (!inputFile && options.unreadable) continue;
		if (!inputFile) throw new UnreadableResultsError('running', unknownWork(retry));
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
 * @throws {UnreadableResultsError} when there are results that cannot be read, or no request has an id
 */
export async function selectForRetry(
	client: OpenAiClient,
	batch: Batch,
	inputFile: FileObject,
	options: SelectionOptions,
): Promise<Selection> {
	const { include, unreadable } = options;
	const outcomes: Outcomes = { byId: new Map(), permanentErrors: new ErrorCounts() };
	await readOutcomes(client, batch, outcomes, options);
	await readEarlier(client, outcomes, options);
	const counts = { failed: 0, expired: 0, cancelled: 0, missing: 0 };
	const others = { succeeded: 0, permanent: 0, running: 0, leftOut: 0 };
	const ambiguousIds: string[] = [];
	const uses = new Map<string, number>();
	const chosen = new Set<number>();
	let nameless = 0;
	const hash = createHash('sha256');
	let bytes = 0;
	let url: string | null = null;
	for await (const lines of inputLines(client, inputFile)) {
		for (const line of lines) {
			const request = requestIn(line);
			if (!request) {
				nameless++;
				continue;
			}
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
	if (nameless > 0 && uses.size === 0) {
		throw new UnreadableResultsError('requests', withoutIds(batch, inputFile));
	}
	return {
		requests: chosen.size,
		bytes,
		url,
		contentHash: hash.digest('hex'),
		counts,
		...others,
		ambiguousIds,
		nameless,
		permanentErrors: outcomes.permanentErrors,
		open: (signal) => {
			return chosenLines(client.with({ signal }), inputFile, chosen);
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

function unknownWork({ id }: Batch): string {
	return `Batch ${id}, an earlier retry, is not finished, and its input file cannot be read, so it is not known which requests it runs`;
}

function withoutIds({ id }: Batch, inputFile: FileObject): string {
	return `No line of the input file ${inputFile.id} of batch ${id} has a custom_id, so its requests cannot be matched to their results`;
}
