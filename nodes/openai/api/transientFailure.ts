import { statusOf } from './status';
import type { Batch, BatchValidationError } from './types';

/** Why a batch failed although nothing is wrong with it: the same batch can succeed later. */
export interface TransientFailure {
	/** The input file was not visible to the validator yet, or the queue of the model was full. */
	reason: 'file_not_ready' | 'enqueued_limit';
	/** The API's own words. */
	message: string;
}

type Reason = TransientFailure['reason'];

/**
 * How the API words failures that end by themselves. The first is also what a file that does not
 * exist gets, so a retry of it needs a limit. The limit on requests comes without a fixed code.
 */
const SIGNS: Record<Reason, (error: BatchValidationError) => boolean> = {
	file_not_ready: ({ code, param, message }) =>
		code === 'invalid_request' &&
		(param ?? 'file_id') === 'file_id' &&
		/^cannot find file\b/i.test(message ?? ''),
	enqueued_limit: ({ code, message }) =>
		code === 'token_limit_exceeded' || /^enqueued (token|request) limit/i.test(message ?? ''),
};

const reasonOf = (error: BatchValidationError): Reason | undefined =>
	(Object.keys(SIGNS) as Reason[]).find((reason) => SIGNS[reason](error));

/**
 * The transient condition that failed a batch: undefined when the batch has not failed, when it gives
 * no reason, or when one of its reasons would fail it again.
 */
export function transientFailure(
	batch: Pick<Batch, 'status' | 'errors'>,
): TransientFailure | undefined {
	const errors = batch.errors?.data ?? [];
	if (statusOf(batch) !== 'failed' || errors.length === 0) return undefined;
	const reasons = errors.map(reasonOf);
	if (!reasons.every((reason) => reason !== undefined)) return undefined;
	return { reason: reasons[0], message: errors[0].message ?? '' };
}
