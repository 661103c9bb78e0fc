import { checkTextOrList } from '../jsonl/fieldChecks';
import { textOrNull } from '../jsonl/json';
import { NO_ATTACHMENTS } from './attachments';
import { withoutUnset } from './body';
import { objectsOf } from './content';
import { defineEndpoint } from './endpoint';

export const completions = defineEndpoint({
	path: '/completions',
	label: 'Completions (Legacy)',
	model: { example: 'gpt-3.5-turbo-instruct', isRequired: true },
	attachments: NO_ATTACHMENTS,
	options: ['maxTokens', 'temperature', 'topP'],
	makeBody: ({ model, prompt, options }) =>
		withoutUnset({
			model,
			prompt,
			max_tokens: options.maxTokens,
			temperature: options.temperature,
			top_p: options.topP,
		}),
	/** Without a prompt, which is then null, the model begins a new text. */
	checkBody: (body) => (body.prompt === null ? [] : checkTextOrList(body, 'body.prompt')),
	embeddingInputs: () => 0,
	generates: true,
	tokens: { prompts: ['prompt', 'suffix'], definitions: [], outputLimits: ['max_tokens'] },
	/** The text; several with `n` > 1 or several prompts. */
	answer: {
		matches: (body) => objectsOf(body.choices).some((choice) => typeof choice.text === 'string'),
		read: (body) =>
			objectsOf(body.choices).map(({ text, finish_reason }) => ({
				content: text ?? null,
				finish_reason: textOrNull(finish_reason),
			})),
	},
});
