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

/** What the answers are, and what to do, by what is wrong with them. */
const ADVICE: Record<AnswerFault, { one: string; many: string; advice: string }> = {
	cut_off: {
		one: 'was cut off at its token limit',
		many: 'were cut off at their token limit',
		advice:
			'Raise Max Tokens for the next batch. For this one, use Retry Unfinished: choose Cut Off under Include, and set a higher limit in Body Fields.',
	},
	empty: {
		one: 'is empty',
		many: 'are empty',
		advice:
			'Look at the prompts. To run these requests again, name them under Custom IDs of Retry Unfinished.',
	},
	invalid_json: {
		one: 'is not JSON',
		many: 'are not JSON',
		advice:
			'The field parse_error says why. Ask for JSON with Answer Columns or a JSON schema. If these requests did, use Retry Unfinished and choose Not JSON under Include.',
	},
	refused: {
		one: 'was refused by the model or by a filter',
		many: 'were refused by the model or by a filter',
		advice:
			'Look at the prompts. To run these requests again, use Retry Unfinished: choose Refused under Include, with another model in Body Fields.',
	},
};

/** What the user should know about answers that are of no use, and what to do about them. */
export function faultHints(counts: AnswerCounts): string[] {
	const { answers } = counts;
	return (Object.keys(ADVICE) as AnswerFault[]).flatMap((fault) => {
		const count = counts[fault] ?? 0;
		if (count === 0) return [];
		const { one, many, advice } = ADVICE[fault];
		const whole = answers === 1 ? '1 answer' : `${answers} answers`;
		return `${count} of ${whole} ${count === 1 ? one : many}. ${advice}`;
	});
}
