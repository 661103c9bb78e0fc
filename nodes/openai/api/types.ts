/**
 * The wire shapes of OpenAI's Batch and Files API, as servers really send them: whatever the
 * service may leave out or send as null is optional and nullable here, although the published
 * specification says otherwise. Times are unix seconds.
 */

/** The statuses of the API; compatible servers may send others, or these in upper case. */
export type BatchStatus =
	| 'validating'
	| 'in_progress'
	| 'finalizing'
	| 'completed'
	| 'failed'
	| 'expired'
	| 'cancelling'
	| 'cancelled';

/** One reason why validation failed. `line` is 1-based, null when the whole file is meant. */
export interface BatchValidationError {
	code?: string | null;
	line?: number | null;
	message?: string | null;
	param?: string | null;
}

export interface BatchRequestCounts {
	total?: number | null;
	completed?: number | null;
	failed?: number | null;
}

export interface BatchUsage {
	input_tokens?: number | null;
	input_tokens_details?: { cached_tokens?: number | null } | null;
	output_tokens?: number | null;
	output_tokens_details?: { reasoning_tokens?: number | null } | null;
	total_tokens?: number | null;
}

export interface Batch {
	id: string;
	object?: string;
	endpoint: string;
	input_file_id: string;
	completion_window: string;
	/** As sent; compare it with `statusOf`, never directly. */
	status: string;
	created_at: number;
	model?: string | null;
	errors?: { object?: string; data?: BatchValidationError[] | null } | null;
	/** Some servers send an empty string instead of null. */
	output_file_id?: string | null;
	error_file_id?: string | null;
	in_progress_at?: number | null;
	expires_at?: number | null;
	finalizing_at?: number | null;
	completed_at?: number | null;
	failed_at?: number | null;
	expired_at?: number | null;
	cancelling_at?: number | null;
	cancelled_at?: number | null;
	request_counts?: BatchRequestCounts | null;
	usage?: BatchUsage | null;
	metadata?: Record<string, string> | null;
}

export interface FileObject {
	id: string;
	object?: string;
	bytes?: number | null;
	created_at?: number | null;
	expires_at?: number | null;
	filename?: string | null;
	purpose?: string | null;
	status?: string | null;
	status_details?: string | null;
}

/** One page of a list, newest first. `has_more` and the ids may be absent. */
export interface ListPage<T> {
	object?: string;
	data: T[];
	first_id?: string | null;
	last_id?: string | null;
	has_more?: boolean | null;
	/** Groq's pages begin at a cursor instead of behind an entry. */
	next_cursor?: string | null;
}
