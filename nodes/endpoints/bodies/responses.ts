import type { JsonValue } from '../../jsonl/json';
import type { BodyBuilder } from './body';
import { defined, namedSchema } from './body';

/** Responses. A list as the prompt is taken as the input items themselves. */
export const responses: BodyBuilder = ({ model, prompt, options }) => {
	const { imageUrls = [], reasoningEffort } = options;
	const images = imageUrls.map((image_url) => ({ type: 'input_image', image_url }));
	const text: JsonValue = { type: 'input_text', text: prompt as JsonValue };
	const schema = namedSchema(options);
	return defined({
		model,
		instructions: options.systemMessage,
		input:
			images.length > 0 && !Array.isArray(prompt)
				? [{ role: 'user', content: [text, ...images] }]
				: prompt,
		text: schema && { format: { type: 'json_schema', ...schema } },
		max_output_tokens: options.maxTokens,
		reasoning: reasoningEffort ? { effort: reasoningEffort } : undefined,
		temperature: options.temperature,
		top_p: options.topP,
	});
};
