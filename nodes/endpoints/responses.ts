import { checkInput } from '../jsonl/fieldChecks';
import type { JsonValue } from '../jsonl/json';
import { withoutUnset } from './body';
import { defineEndpoint } from './endpoint';
import { responseAnswer } from './responseAnswer';
import { namedSchema, TEXT_MODEL, TEXT_OPTIONS, type TextFields } from './textGeneration';

export const responses = defineEndpoint({
	path: '/responses',
	label: 'Responses',
	model: { example: TEXT_MODEL, isRequired: true },
	options: TEXT_OPTIONS,
	makeBody(fields) {
		const { model, options } = fields;
		const { reasoningEffort } = options;
		const schema = namedSchema(options);
		return withoutUnset({
			model,
			instructions: options.systemMessage,
			input: inputOf(fields),
			text: schema && { format: { type: 'json_schema', ...schema } },
			max_output_tokens: options.maxTokens,
			reasoning: reasoningEffort ? { effort: reasoningEffort } : undefined,
			temperature: options.temperature,
			top_p: options.topP,
		});
	},
	/** A stored prompt template can take the place of the input. */
	checkBody: (body) =>
		body.prompt === undefined || body.prompt === null ? checkInput(body, 'body.input') : [],
	embeddingInputs: () => 0,
	generates: true,
	tokens: {
		prompts: ['input', 'prompt', 'instructions'],
		definitions: ['tools', 'text'],
		outputLimits: ['max_output_tokens'],
	},
	answer: responseAnswer,
});

/** A list as the prompt is taken as the input items themselves. */
function inputOf({ prompt, options: { imageUrls = [] } }: TextFields): JsonValue {
	if (imageUrls.length === 0 || Array.isArray(prompt)) return prompt;
	const images = imageUrls.map((image_url) => ({ type: 'input_image', image_url }));
	return [{ role: 'user', content: [{ type: 'input_text', text: prompt }, ...images] }];
}
