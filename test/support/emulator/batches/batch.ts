import type { Batch, BatchStatus, BatchUsage } from '../../../../nodes/openai/api/types';
import type { Tokens } from '../answers';
import { unixSeconds } from '../clock';
import { batchId } from '../ids';
import type { Input } from './input';
import type { Fate, Outcome } from '../outcomes';

/** The batch object with every field that the service sends. */
export type WireBatch = Required<Omit<Batch, 'status' | 'usage'>> & {
	status: BatchStatus;
	usage: Usage;
};

export interface Usage extends BatchUsage {
	input_tokens: number;
	input_tokens_details: { cached_tokens: number };
	output_tokens: number;
	output_tokens_details: { reasoning_tokens: number };
	total_tokens: number;
}

/** What the emulator knows about a batch beyond its wire object. */
export interface StoredBatch {
	wire: WireBatch;
	/** Seconds after which its result files expire, when the creator asked for it. */
	outputExpiresAfter?: number;
	fate?: Fate;
	/** Validation, once it has begun. */
	reading?: Promise<Input>;
	/** Known once validation has passed. */
	work?: Work;
	/** Calls off the next change of status that is due by the clock. */
	callOff: () => void;
	/** How many more list calls do not show this batch. */
	hiddenLists: number;
	/** Unix milliseconds before which no list shows it. */
	hiddenUntil?: number;
}

/** The requests of a valid batch. */
export interface Work {
	/** The service's own copy of the input: the user may delete the file meanwhile. */
	inputPath: string;
	total: number;
	tokens: number;
	/** Zero-based request index to the place at which it is executed. */
	places: Uint32Array;
	/** Outcomes other than a plain answer, by request index. */
	outcomes: Map<number, Outcome>;
	/** Unix milliseconds of the start. */
	startedAt: number;
	/** How many requests the clock alone may execute: all, or fewer for a batch bound to stop. */
	limit: number;
	/** Set when progress no longer follows the clock. */
	done?: number;
}

export function noUsage(): Usage {
	return {
		input_tokens: 0,
		input_tokens_details: { cached_tokens: 0 },
		output_tokens: 0,
		output_tokens_details: { reasoning_tokens: 0 },
		total_tokens: 0,
	};
}

/** Adds one request's tokens to a batch's. */
export function addUsage(usage: Usage, tokens: Tokens): void {
	usage.input_tokens += tokens.input;
	usage.output_tokens += tokens.output;
	usage.output_tokens_details.reasoning_tokens += tokens.reasoning ?? 0;
	usage.total_tokens += tokens.input + tokens.output;
}

/** A batch as the service answers to its creation: model null, counts and usage zero. */
export function newBatch(
	request: Pick<WireBatch, 'input_file_id' | 'endpoint' | 'completion_window' | 'metadata'>,
	now: number,
): WireBatch {
	const createdAt = unixSeconds(now);
	return {
		id: batchId(createdAt),
		object: 'batch',
		endpoint: request.endpoint,
		model: null,
		input_file_id: request.input_file_id,
		completion_window: request.completion_window,
		status: 'validating',
		output_file_id: null,
		error_file_id: null,
		errors: null,
		created_at: createdAt,
		in_progress_at: null,
		expires_at: createdAt + 86_400,
		finalizing_at: null,
		completed_at: null,
		failed_at: null,
		expired_at: null,
		cancelling_at: null,
		cancelled_at: null,
		request_counts: { total: 0, completed: 0, failed: 0 },
		metadata: request.metadata,
		usage: noUsage(),
	};
}
