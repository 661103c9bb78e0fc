import { checkText } from '../jsonl/fieldChecks';
import { NO_ATTACHMENTS } from './attachments';
import { withoutUnset } from './body';
import { objectsOf } from './content';
import { defineEndpoint } from './endpoint';

export const imageGenerations = defineEndpoint({
	path: '/images/generations',
	label: 'Image Generations',
	model: { example: 'gpt-image-1.5', isRequired: true },
	attachments: NO_ATTACHMENTS,
	options: ['imageCount', 'imageQuality', 'imageSize'],
	makeBody: ({ model, prompt, options }) =>
		withoutUnset({
			model,
			prompt,
			n: options.imageCount,
			quality: options.imageQuality,
			size: options.imageSize,
		}),
	checkBody: (body) => checkText(body, 'body.prompt'),
	embeddingInputs: () => 0,
	generates: true,
	tokens: { prompts: ['prompt'], definitions: [], outputLimits: [] },
	/** The image, `{b64_json or url, revised_prompt, …}`; several with `n` > 1. */
	answer: {
		matches: (body) =>
			objectsOf(body.data).some(
				(item) => typeof item.b64_json === 'string' || typeof item.url === 'string',
			),
		read: (body) => objectsOf(body.data).map((content) => ({ content })),
	},
});
