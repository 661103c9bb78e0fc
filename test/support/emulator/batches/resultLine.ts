import { failureBody } from '../answers/failures';
import type { LineParts } from '../dialects/dialect';
import { uuidOf } from '../ids';
import type { Outcome } from '../outcomes';
import { hexDigest } from '../random';
import { VARIANTS } from '../variants';
import type { StoredBatch } from './batch';
import type { RequestLine } from './requestLine';

/** Why the requests that were not executed have not been. */
export type StopReason = 'batch_expired' | 'batch_cancelled';

/** What one request leaves in the result files: usually one line. */
export interface ResultLines {
	isError: boolean;
	texts: string[];
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

/** What is at hand to write the lines of one request. */
interface Desk {
	id: string;
	request: RequestLine;
	/** The line of an answer of the endpoint. */
	respond: (status: number, body: unknown) => unknown;
	/** The line of a request that never ran to its end. */
	notRun: (code: keyof typeof NOT_RUN) => unknown;
	/** The body of the endpoint's answer. */
	answer: (outcome: Outcome) => unknown;
}

type Writers = {
	[Type in Outcome['type']]: (outcome: Extract<Outcome, { type: Type }>, desk: Desk) => Lines;
};

interface Lines {
	isError?: boolean;
	lines: readonly unknown[];
}

const answered = (outcome: Outcome, { respond, answer }: Desk): Lines => ({
	lines: [respond(200, answer(outcome))],
});

const WRITERS: Writers = {
	answer: (outcome, desk) => {
		const body = desk.answer(outcome);
		outcome.change?.(body as never);
		return { lines: [desk.respond(200, body)] };
	},
	refuse: answered,
	truncate: answered,
	variant: ({ name }, { id, request, respond, answer }) => {
		const variant = VARIANTS[name];
		const body = answer({ type: 'answer' });
		if ('lines' in variant) {
			return { isError: variant.fails, lines: variant.lines({ id, request, body }) };
		}
		variant.change(body as never, request);
		return { isError: variant.fails, lines: [respond(200, body)] };
	},
	body: ({ status = 200, body }, { respond }) => ({
		isError: status >= 400,
		lines: [respond(status, body)],
	}),
	lines: ({ lines, file }) => ({ isError: file === 'error', lines }),
	fail: (outcome, { respond }) => ({
		isError: true,
		lines: [respond(outcome.status, failureBody(outcome))],
	}),
	timeout: (_outcome, { notRun }) => ({ isError: true, lines: [notRun('request_timeout')] }),
	missing: () => ({ lines: [] }),
};

/**
 * The lines of one request in the words of a dialect. `reason` says why it was not executed, if it
 * was not.
 */
export function resultLines(
	request: RequestLine,
	run: { batch: StoredBatch; index: number; reason?: StopReason },
	how: {
		line: (parts: LineParts) => unknown;
		answer: (outcome: Outcome, hex: string) => unknown;
	},
): ResultLines {
	const hex = hexDigest(`${run.batch.wire.id} ${request.custom_id}`);
	const known = { id: `batch_req_${hex.slice(0, 32)}`, request, batchId: run.batch.wire.id };
	const desk: Desk = {
		...known,
		respond: (status_code, body) => {
			const response = { status_code, request_id: uuidOf(hex.slice(32)), body };
			return how.line({ ...known, response, error: null });
		},
		notRun: (code) =>
			how.line({ ...known, response: null, error: { code, message: NOT_RUN[code] } }),
		answer: (outcome) => how.answer(outcome, hex),
	};
	const outcome = outcomeOf(run.batch, run.index);
	const { isError = false, lines } =
		run.reason === undefined
			? (WRITERS[outcome.type] as (outcome: Outcome, desk: Desk) => Lines)(outcome, desk)
			: { isError: true, lines: [desk.notRun(run.reason)] };
	const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
	return { isError, texts };
}

function outcomeOf(batch: StoredBatch, index: number): Outcome {
	if (batch.fate === 'fail_all') return { type: 'fail', status: 500, code: 'server_error' };
	return batch.work!.outcomes.get(index) ?? { type: 'answer' };
}
