import { createHash } from 'crypto';
import { isRetryable } from '../../../jsonl/resultLine';
import { OpenAiClient } from '../../../openai/http/client';
import type { Batch, FileObject } from '../../../openai/api/types';
import type { ErrorCount } from '../results/batchFiles';
import { ErrorCounts, inputLines, readResults, requestIn } from '../results/batchFiles';

/** Why a request is to run again: what became of it the first time. */
export const REASONS = ['failed', 'expired', 'cancelled', 'missing'] as const;

export type Reason = (typeof REASONS)[number];

export interface SelectionOptions {
	include: ReadonlySet<Reason>;
	/** Also what ended with an error that would probably repeat. */
	allFailed: boolean;
}

/** Which requests of a batch run again. */
export interface Selection {
	requests: number;
	/** The length of their lines, each with its line feed. */
	bytes: number;
	/** A digest of their lines. */
	contentHash: string;
	counts: Record<Reason, number>;
	succeeded: number;
	/** Did not succeed, and is left out by the options. */
	leftOut: number;
	/** Ended with errors that a retry would only repeat. */
	permanent: number;
	permanentErrors: ErrorCounts;
	/** Their lines from the beginning, as they were; read from the service every time. */
	open: (signal?: AbortSignal) => AsyncGenerator<Uint8Array>;
}

interface Outcome {
	status: 'succeeded' | 'permanent' | Reason;
	error?: ErrorCount;
}

/** What became of every request that has a result. Success stays, else the last line counts. */
async function readOutcomes(
	client: OpenAiClient,
	batch: Batch,
	allFailed: boolean,
	permanentErrors: ErrorCounts,
): Promise<Map<string, Outcome>> {
	const outcomes = new Map<string, Outcome>();
	for await (const results of readResults(client, batch)) {
		for (const result of results) {
			if (result.customId === null) continue;
			const before = outcomes.get(result.customId);
			if (before?.status === 'succeeded') continue;
			if (before?.error) before.error.count--;
			const isPermanent = result.status === 'failed' && !allFailed && !isRetryable(result);
			outcomes.set(
				result.customId,
				isPermanent
					? { status: 'permanent', error: permanentErrors.add(result.error!) }
					: { status: result.status },
			);
		}
	}
	return outcomes;
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
 */
export async function selectForRetry(
	client: OpenAiClient,
	batch: Batch,
	inputFile: FileObject,
	{ include, allFailed }: SelectionOptions,
): Promise<Selection> {
	const permanentErrors = new ErrorCounts();
	const outcomes = await readOutcomes(client, batch, allFailed, permanentErrors);
	const counts = { failed: 0, expired: 0, cancelled: 0, missing: 0 };
	const others = { succeeded: 0, permanent: 0, leftOut: 0 };
	const chosen = new Set<number>();
	const hash = createHash('sha256');
	let bytes = 0;
	for await (const lines of inputLines(client, inputFile)) {
		for (const line of lines) {
			const { status } = outcomes.get(requestIn(line)?.customId ?? '') ?? { status: 'missing' };
			if (status === 'succeeded' || status === 'permanent') others[status]++;
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
		contentHash: hash.digest('hex'),
		counts,
		...others,
		permanentErrors,
		open: (signal) => {
			const reader = new OpenAiClient(client.context, { ...client.options, signal });
			return chosenLines(reader, inputFile, chosen);
		},
	};
}
