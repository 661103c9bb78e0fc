import type { Batch } from '../../../nodes/openai/api/objects';

/** When the submissions of these tests begin, in unix seconds. */
export const START = 1_790_000_000;

/** A submission's id: 16 hexadecimal digits. */
export const submissionId = (number: number) => number.toString(16).padStart(16, '0');

export interface Place {
	/** Which submission it belongs to. Default: 1. */
	of?: number;
	part?: number;
	parts?: number;
	/** The id of the batch that this one repeats. */
	retryOf?: string;
	/** The user's own pairs. */
	metadata?: Record<string, string>;
}

/** The metadata of a batch that Submit or Retry Unfinished has created. */
export const placed = ({ of = 1, part = 1, parts = 1, retryOf, metadata }: Place) => ({
	submission_key: `${submissionId(of)}${String(part).padStart(16, '0')}`,
	submission_part: `${part}/${parts}`,
	...(retryOf !== undefined && { retry_of: retryOf }),
	...metadata,
});

/** A batch of a submission; by default one that was created at the start and completed in a minute. */
export const batchOf = (id: string, place: Place = {}, fields: Partial<Batch> = {}): Batch => ({
	id,
	object: 'batch',
	endpoint: '/v1/responses',
	input_file_id: `file-${id}`,
	completion_window: '24h',
	status: 'completed',
	created_at: START,
	completed_at: START + 60,
	metadata: placed(place),
	...fields,
});
