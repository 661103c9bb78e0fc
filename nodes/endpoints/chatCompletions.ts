import { checkObjects } from '../jsonl/fieldChecks';
import { isObject, textOrNull } from '../jsonl/json';
import type { JsonObject, JsonValue } from '../jsonl/json';
import { promptWithImages, withoutUnset } from './body';
import { objectsOf, oneOrAll } from './content';
import { defineEndpoint } from './endpoint';
import { checkMessages, checkRoles } from './messages';
import { checkChatParameters } from './modelRules';
import { checkFormat, namedSchema, TEXT_MODEL, TEXT_OPTIONS } from './textGeneration';

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
	checkBody: (body) => [
		...checkObjects(
			body,
			'body.messages',
			'It is a list such as [{"role": "user", "content": "…"}].',
		),
		...checkRoles(body),
	],
	checkShapes: checkMessages,
	checkParameters: (body) => [
		...checkFormat(body.response_format, 'body.response_format', 'json_schema'),
		...checkChatParameters(body),
	],
	embeddingInputs: () => 0,
	generates: true,
	tokens: {
		prompts: ['messages'],
		definitions: ['tools', 'functions', 'response_format'],
		outputLimits: ['max_completion_tokens', 'max_tokens'],
	},
	/** The text of the message; with `n` > 1 the texts of all choices. */
	answer: {
		matches: (body) => objectsOf(body.choices).some((choice) => isObject(choice.message)),
		read(body) {
			const choices = objectsOf(body.choices);
			const messages = choices.map((choice) => (isObject(choice.message) ? choice.message : {}));
			const calls = messages.flatMap(toolCalls);
			return {
				content: oneOrAll(messages.map(textOf)),
				finish_reason: textOrNull(choices[0]?.finish_reason),
				refusal: textOrNull(messages.find((message) => textOrNull(message.refusal))?.refusal),
				tool_calls: calls.length > 0 ? calls : null,
			};
		},
	},
});

/** OpenAI sends a string or null; some compatible servers send the text in parts. */
function textOf(message: JsonObject): JsonValue {
	const { content } = message;
	if (!Array.isArray(content)) return content ?? null;
	const texts = content.filter(isObject).map((part) => part.text);
	return texts.length > 0 && texts.every((text) => typeof text === 'string')
		? texts.join('')
		: content;
}

function toolCalls(message: JsonObject): JsonValue[] {
	return Array.isArray(message.tool_calls) ? message.tool_calls : [];
}
