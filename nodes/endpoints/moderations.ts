import { checkInput } from '../jsonl/fieldChecks';
import { promptWithImages, withoutUnset } from './body';
import { objectsOf } from './content';
import { defineEndpoint } from './endpoint';

export const moderations = defineEndpoint({
	path: '/moderations',
	label: 'Moderations',
	model: { example: 'omni-moderation-latest', isRequired: false },
	options: ['imageUrls'],
	makeBody: ({ model, prompt, options }) =>
		withoutUnset({ model, input: promptWithImages(prompt, options.imageUrls) }),
	checkBody: (body) => checkInput(body, 'body.input'),
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
