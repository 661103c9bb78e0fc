import type { ApiError as ErrorFields } from '../../../nodes/openai/apiErrors';
import { VARIANTS, type VariantName } from './variants';

/** What becomes of one request. */
export type Outcome =
	/**
	 * An answer; with `content`, this text instead of a generated one. `change` alters its body, of
	 * the type that the test gives it.
	 */
	| { type: 'answer'; content?: string; change?: (body: never) => void }
	/** An answer of a form that is rarer: an entry of `variants/`. */
	| { type: 'variant'; name: VariantName }
	/** The endpoint answers with this body, word for word; by default with the status 200. */
	| { type: 'body'; body: unknown; status?: number }
	/** These lines in place of the usual one: objects, or texts as they are. */
	| { type: 'lines'; lines: readonly unknown[]; file?: 'output' | 'error' }
	/** The endpoint answers with this status and error code: a line of the error file. */
	| { type: 'fail'; status: number; code: string; message?: string; error?: Partial<ErrorFields> }
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

/** The outcomes that a marker in the data can ask for, by its first word. */
const MARKED: Record<string, (words: string[]) => Outcome | undefined> = {
	fail: ([status, code]) => ({ type: 'fail', status: Number(status), code }),
	variant: ([name]) =>
		name in VARIANTS ? { type: 'variant', name: name as VariantName } : undefined,
	timeout: () => ({ type: 'timeout' }),
	missing: () => ({ type: 'missing' }),
	refuse: () => ({ type: 'refuse' }),
	truncate: () => ({ type: 'truncate' }),
};

const MARKER = '[[emulator:';
const MARKER_PATTERN = /\[\[emulator:(fail \d+ \w+|variant [\w.]+|\w+)\]\]/;

/** The outcome that a marker anywhere in a request line asks for, as `[[emulator:refuse]]`. */
export function markedOutcome(line: string): Outcome | undefined {
	if (!line.includes(MARKER)) return undefined;
	const [word, ...rest] = MARKER_PATTERN.exec(line)?.[1].split(' ') ?? [];
	return Object.hasOwn(MARKED, word ?? '') ? MARKED[word](rest) : undefined;
}

/** The fate that a batch's metadata asks for in its key `emulator`. */
export function markedFate(metadata: Record<string, string> | null): Fate | undefined {
	return FATES.find((fate) => fate === metadata?.emulator);
}

/** Whether the outcome is a line of the error file and counted as failed. */
export function failsAtRun(outcome: Outcome): boolean {
	if (outcome.type === 'body') return (outcome.status ?? 200) >= 400;
	if (outcome.type === 'lines') return outcome.file === 'error';
	if (outcome.type === 'variant') return VARIANTS[outcome.name].fails === true;
	return outcome.type === 'fail' || outcome.type === 'timeout';
}
