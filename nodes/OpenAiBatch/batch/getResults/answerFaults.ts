import type { Content } from '../../../endpoints/answers/content';
import type { Uselessness } from '../../../endpoints/answers/useOfAnswer';
import { uselessnessOf } from '../../../endpoints/answers/useOfAnswer';

/** Why an answer is of no use, although the request succeeded and is paid for. */
export type AnswerFault = Uselessness | 'empty';

/** How many answers there are, and how many of them are of no use. */
export interface AnswerCounts extends Partial<Record<AnswerFault, number>> {
	answers: number;
}

/**
 * Why an answer is of no use; undefined when it is of use.
 *
 * @param isNotJson whether it was to be parsed, and could not be
 */
export function faultOfAnswer(content: Content, isNotJson: boolean): AnswerFault | undefined {
	const fault = uselessnessOf(content);
	if (fault !== undefined) return fault;
	if (isEmpty(content)) return 'empty';
	return isNotJson ? 'invalid_json' : undefined;
}

/** A model that calls a tool, or makes images or sound, need not say anything. */
function isEmpty({ content, tool_calls: calls, images, audio }: Content): boolean {
	const all = Array.isArray(content) ? content : [content];
	return all.every(isBlank) && calls === null && images === null && audio === null;
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
