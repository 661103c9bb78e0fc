import { isObject, textOrNull } from '../../jsonl/json';
import type { JsonObject, JsonValue } from '../../jsonl/json';
import { objectsOf, oneOrAll } from './content';
import type { ContentReader } from './content';

/** `/v1/chat/completions`: the text of the message; with `n` > 1 the texts of all choices. */
export const chat: ContentReader = {
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
};

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
