import type { JsonObject } from '../../jsonl/json';

/**
 * The objects of OpenAI's Batch and Files API as `readBatch` and `readFile` return them: whatever a
 * server may leave out or send as null is optional and nullable here, although the published
 * specification says otherwise. Times are unix seconds.
 */

/** The statuses of the API. A compatible server may have others, which stay as it sends them. */
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

/**
 * A batch as `readBatch` returns it. Only `id` and `status` are certain: any other field that the
 * server leaves out, or sends in a form that makes no sense, is absent or null.
 */
export interface Batch {
	id: string;
	object?: string | null;
	endpoint?: string | null;
	input_file_id?: string | null;
	completion_window?: string | null;
	/** One of the API's own where it is known, else as it was sent; '' without any. */
	status: string;
	created_at?: number | null;
	model?: string | null;
	errors?: { object?: string; data?: BatchValidationError[] | null } | null;
	output_file_id?: string | null;
	error_file_id?: string | null;
	/** All of the files where the server wrote several; the fields above have the first one. */
	output_file_ids?: string[];
	error_file_ids?: string[];
	in_progress_at?: number | null;
	expires_at?: number | null;
	finalizing_at?: number | null;
	completed_at?: number | null;
	failed_at?: number | null;
	expired_at?: number | null;
	cancelling_at?: number | null;
	cancelled_at?: number | null;
	request_counts?: BatchRequestCounts | null;
	/** As it was sent. */
	usage?: JsonObject | null;
	metadata?: Record<string, string> | null;
}

export interface FileObject {
	id: string;
	object?: string | null;
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
