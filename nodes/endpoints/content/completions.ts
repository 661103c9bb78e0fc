import { textOrNull } from '../../jsonl/json';
import { objectsOf, oneOrAll } from './content';
import type { ContentReader } from './content';

/** `/v1/completions`: the text; several with `n` > 1 or several prompts. */
export const completions: ContentReader = {
	matches: (body) => objectsOf(body.choices).some((choice) => typeof choice.text === 'string'),
	read(body) {
		const choices = objectsOf(body.choices);
		return {
			content: oneOrAll(choices.map((choice) => choice.text ?? null)),
			finish_reason: textOrNull(choices[0]?.finish_reason),
		};
	},
};
