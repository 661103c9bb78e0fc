import { checkObjects } from '../jsonl/fieldChecks';
import { promptWithImages, withoutUnset } from './body';
import { chatAnswer } from './chatAnswer';
import { defineEndpoint } from './endpoint';
import { namedSchema, TEXT_MODEL, TEXT_OPTIONS } from './textGeneration';

export const chatCompletions = defineEndpoint({
	path: '/chat/completions',
	label: 'Chat Completions',
	model: { example: TEXT_MODEL, isRequired: true },
	options: TEXT_OPTIONS,
	/** A list as the prompt is taken as the messages themselves. */
	makeBody({ model, prompt, options }) {
		const { imageUrls, systemMessage } = options;
		const turns = Array.isArray(prompt)
			? prompt
			: [{ role: 'user', content: promptWithImages(prompt, imageUrls) }];
		const schema = namedSchema(options);
		return withoutUnset({
			model,
			messages: systemMessage ? [{ role: 'system', content: systemMessage }, ...turns] : turns,
			response_format: schema && { type: 'json_schema', json_schema: schema },
			max_completion_tokens: options.maxTokens,
			reasoning_effort: options.reasoningEffort,
			temperature: options.temperature,
			top_p: options.topP,
		});
	},
	checkBody: (body) => checkObjects(body, 'body.messages'),
	embeddingInputs: () => 0,
	generates: true,
	tokens: {
		prompts: ['messages'],
		definitions: ['tools', 'functions', 'response_format'],
		outputLimits: ['max_completion_tokens', 'max_tokens'],
	},
	answer: chatAnswer,
});
