import { failureBody } from '../answers/failures';
import { uuidOf } from '../ids';
import type { Outcome } from '../outcomes';
import { hexDigest } from '../random';
import type { StoredBatch } from './batch';
import type { RequestLine } from './requestLine';
import type { StopReason } from './results';

/** One line for a result file; without text the request appears in neither. */
export interface ResultLine {
	isError: boolean;
	text?: string;
}

/**
 * The texts that go with the codes of requests that never ran to their end. Only the first was
 * seen on the wire; the others are the words of the API reference.
 */
const NOT_RUN: Record<StopReason | 'request_timeout', string> = {
	batch_expired: 'This request could not be executed before the completion window expired.',
	batch_cancelled: 'The batch was cancelled before this request executed.',
	request_timeout: 'The underlying call to the model timed out.',
};

/** The line of one request; `reason` says why it was not executed, if it was not. */
export function resultLine(
	line: RequestLine,
	run: { batch: StoredBatch; index: number; reason?: StopReason },
	answerTo: (outcome: Outcome, hex: string) => unknown,
): ResultLine {
	const hex = hexDigest(`${run.batch.wire.id} ${line.custom_id}`);
	const wrap = (response: unknown, error: unknown) =>
		JSON.stringify({
			id: `batch_req_${hex.slice(0, 32)}`,
			custom_id: line.custom_id,
			response,
			error,
		});
	const respond = (statusCode: number, body: unknown) =>
		wrap({ status_code: statusCode, request_id: uuidOf(hex.slice(32)), body }, null);
	const notRun = (code: keyof typeof NOT_RUN): ResultLine => ({
		isError: true,
		text: wrap(null, { code, message: NOT_RUN[code] }),
	});

	if (run.reason !== undefined) return notRun(run.reason);
	const outcome = outcomeOf(run.batch, run.index);
	if (outcome.type === 'missing') return { isError: false };
	if (outcome.type === 'timeout') return notRun('request_timeout');
	if (outcome.type === 'fail') {
		return { isError: true, text: respond(outcome.status, failureBody(outcome)) };
	}
	return { isError: false, text: respond(200, answerTo(outcome, hex)) };
}

function outcomeOf(batch: StoredBatch, index: number): Outcome {
	if (batch.fate === 'fail_all') return { type: 'fail', status: 500, code: 'server_error' };
	return batch.work!.outcomes.get(index) ?? { type: 'answer' };
}
