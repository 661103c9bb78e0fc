import type {
	Batch,
	BatchStatus,
	BatchValidationError,
} from '../../../../nodes/openai/api/objects';
import type { Tokens } from '../answers';
import type { Endpoint } from './requestLine';
import type { Fate, Outcome } from '../outcomes';

/** The batch object with every field that the service sends. */
export type WireBatch = Required<
	Omit<Batch, keyof Certain | 'output_file_ids' | 'error_file_ids'>
> &
	Certain;

/** What the service never sends as null. */
interface Certain {
	endpoint: string;
	input_file_id: string;
	completion_window: string;
	created_at: number;
	status: BatchStatus;
	usage: Usage;
}

/** A type, since an interface is no JSON object to TypeScript. */
export type Usage = {
	input_tokens: number;
	input_tokens_details: { cached_tokens: number };
	output_tokens: number;
	output_tokens_details: { reasoning_tokens: number };
	total_tokens: number;
};

/** What the emulator knows about a batch beyond its wire object. */
export interface StoredBatch {
	/** In OpenAI's terms, whatever the dialect. */
	wire: WireBatch;
	/** Whose requests it takes, in OpenAI's terms. */
	api: Endpoint;
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

/** A batch's input, read and checked: why it fails, or the work to do. */
export type Input =
	| { errors: BatchValidationError[] }
	| { model: string | null; badLines: BatchValidationError[]; work: Omit<Work, 'startedAt'> };

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
	/** Result files that have their ids from the start, where the server gives them so early. */
	files?: Record<'output' | 'error', { id: string; path: string }>;
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

const UNIT_SECONDS: Record<string, number> = { m: 60, h: 3600, d: 86_400 };

/** How long a completion window is; 24 hours when it is not understood. */
export function windowSeconds(window: string): number {
	const [, count, unit] = /^(\d+)([mhd])$/.exec(window) ?? ['', '24', 'h'];
	return Number(count) * UNIT_SECONDS[unit];
}

/** A batch as the service answers to its creation: model null, counts and usage zero. */
export function newBatch(
	id: string,
	request: Pick<WireBatch, 'input_file_id' | 'endpoint' | 'completion_window' | 'metadata'>,
	createdAt: number,
): WireBatch {
	return {
		id,
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
		expires_at: createdAt + windowSeconds(request.completion_window),
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
