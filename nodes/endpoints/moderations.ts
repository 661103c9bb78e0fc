import { checkTextOrList } from '../jsonl/fieldChecks';
import { promptWithImages, withoutUnset } from './body';
import { objectsOf } from './content';
import { defineEndpoint } from './endpoint';
import { checkModerationInput } from './messages';

export const moderations = defineEndpoint({
	path: '/moderations',
	label: 'Moderations',
	model: { example: 'omni-moderation-latest', isRequired: false },
	options: ['imageUrls'],
	makeBody: ({ model, prompt, options }) =>
		withoutUnset({ model, input: promptWithImages(prompt, options.imageUrls) }),
	checkBody: (body) => checkTextOrList(body, 'body.input'),
	checkShapes: checkModerationInput,
	embeddingInputs: () => 0,
	generates: false,
	tokens: { prompts: ['input'], definitions: [], outputLimits: [] },
	/** The verdict on each input, `{flagged, categories, …}`. */
	answer: {
		matches: (body) =>
			objectsOf(body.results).some((result) => typeof result.flagged === 'boolean'),
		read: (body) => objectsOf(body.results).map((content) => ({ content })),
	},
});
