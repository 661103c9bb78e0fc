import type { Content } from '../../../endpoints/answers/content';
import type { Uselessness } from '../../../endpoints/answers/useOfAnswer';
import { uselessnessOf } from '../../../endpoints/answers/useOfAnswer';

/**
 * Why an answer is of no use, although the request succeeded and is paid for. One that is `unparsed`
 * is of use, but its fields are not: it is JSON that nobody asked to parse.
 */
export type AnswerFault = Uselessness | 'empty' | 'unparsed';

/** How many answers there are, and how many of them have which fault. */
export interface AnswerCounts extends Partial<Record<AnswerFault, number>> {
	answers: number;
}

/**
 * What is wrong with an answer, if anything.
 *
 * @param parsing what came of parsing it; undefined where it was not to be parsed
 */
export function faultOfAnswer(
	content: Content,
	parsing: { parse_error?: string } | undefined,
): AnswerFault | undefined {
	const fault = uselessnessOf(content);
	if (fault !== undefined) return fault;
	if (isEmpty(content)) return 'empty';
	if (parsing === undefined) return looksLikeObject(content.content) ? 'unparsed' : undefined;
	return parsing.parse_error === undefined ? undefined : 'invalid_json';
}

/** Whether a text is probably a JSON object. To parse it would take as long as the option does. */
function looksLikeObject(content: unknown): boolean {
	if (typeof content !== 'string') return false;
	const text = content.trim();
	return text.startsWith('{') && text.endsWith('}');
}

/** A model that calls a tool, or makes images or sound, need not say anything. */
function isEmpty({ content, tool_calls: calls, images, audio }: Content): boolean {
	const saysNothing = Array.isArray(content) ? content.every(isBlank) : isBlank(content);
	return saysNothing && calls === null && images === null && audio === null;
}

const isBlank = (value: unknown) =>
	value === null || (typeof value === 'string' && value.trim() === '');

/** Counts the answers among the results that are returned. */
export class AnswerCounter {
	readonly counts: AnswerCounts = { answers: 0 };

	/** @param status of the request @param fault of its answer */
	add(status: unknown, fault: AnswerFault | undefined): void {
		if (status !== 'succeeded') return;
		this.counts.answers++;
		if (fault !== undefined) this.counts[fault] = (this.counts[fault] ?? 0) + 1;
	}
}
