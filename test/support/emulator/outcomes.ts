/** What becomes of one request. */
export type Outcome =
	/** An answer; with `content`, this text instead of a generated one. */
	| { type: 'answer'; content?: string }
	/** The endpoint answers with this status and error code: a line of the error file. */
	| { type: 'fail'; status: number; code: string; message?: string }
	/** The request never ran to its end: `request_timeout` in the error file. */
	| { type: 'timeout' }
	/** In neither file, although counted as completed. */
	| { type: 'missing' }
	/** The model refuses. */
	| { type: 'refuse' }
	/** The answer stops at its token limit. */
	| { type: 'truncate' };

/** What becomes of a whole batch, instead of completing. */
export const FATES = [
	'expire',
	'cancel',
	'fail_all',
	'token_limit',
	'file_not_found',
	'stay_in_progress',
] as const;

export type Fate = (typeof FATES)[number];

const ANSWER: Outcome = { type: 'answer' };
const MARKER = '[[emulator:';
const MARKER_PATTERN = /\[\[emulator:(fail (\d+) (\w+)|timeout|missing|refuse|truncate)\]\]/;

/** The outcome that a marker anywhere in a request line asks for, as `[[emulator:refuse]]`. */
export function markedOutcome(line: string): Outcome {
	if (!line.includes(MARKER)) return ANSWER;
	const found = MARKER_PATTERN.exec(line);
	if (found === null) return ANSWER;
	const [, marker, status, code] = found;
	if (status !== undefined) return { type: 'fail', status: Number(status), code };
	return { type: marker as 'timeout' | 'missing' | 'refuse' | 'truncate' };
}

/** The fate that a batch's metadata asks for in its key `emulator`. */
export function markedFate(metadata: Record<string, string> | null): Fate | undefined {
	return FATES.find((fate) => fate === metadata?.emulator);
}

export function isPlainAnswer(outcome: Outcome): boolean {
	return outcome.type === 'answer' && outcome.content === undefined;
}

/** Whether the outcome is a line of the error file and counted as failed. */
export function failsAtRun(outcome: Outcome): boolean {
	return outcome.type === 'fail' || outcome.type === 'timeout';
}
