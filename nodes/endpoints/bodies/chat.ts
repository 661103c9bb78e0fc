import type { JsonValue } from '../../jsonl/json';
import type { BodyBuilder } from './body';
import { defined, namedSchema } from './body';

/** Chat completions. A list as the prompt is taken as the messages themselves. */
export const chat: BodyBuilder = ({ model, prompt, options }) => {
	const { imageUrls = [], systemMessage } = options;
	const images = imageUrls.map((url) => ({ type: 'image_url', image_url: { url } }));
	const content: JsonValue =
		images.length > 0 ? [{ type: 'text', text: prompt as JsonValue }, ...images] : prompt;
	const turns = Array.isArray(prompt) ? prompt : [{ role: 'user', content }];
	const schema = namedSchema(options);
	return defined({
		model,
		messages: systemMessage ? [{ role: 'system', content: systemMessage }, ...turns] : turns,
		response_format: schema && { type: 'json_schema', json_schema: schema },
		max_completion_tokens: options.maxTokens,
		reasoning_effort: options.reasoningEffort,
		temperature: options.temperature,
		top_p: options.topP,
	});
};
