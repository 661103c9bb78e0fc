import { checkTextOrList, isAbsent } from '../jsonl/fieldChecks';
import { isObject, textOrNull } from '../jsonl/json';
import type { JsonObject, JsonValue } from '../jsonl/json';
import { withoutUnset } from './body';
import { objectsOf } from './content';
import { defineEndpoint } from './endpoint';
import { checkInputItems } from './messages';
import { checkResponsesParameters } from './modelRules';
import {
	checkFormat,
	namedSchema,
	TEXT_MODEL,
	TEXT_OPTIONS,
	type TextFields,
} from './textGeneration';

/** Items of the output that wait for the caller; the service has run all other calls itself. */
const CALLS_FOR_THE_CALLER: ReadonlySet<unknown> = new Set(['function_call', 'custom_tool_call']);

/** What a response can start from without an input of its own. */
const INSTEAD_OF_INPUT = ['prompt', 'conversation', 'previous_response_id'];

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
	/** A stored prompt template or an earlier answer can take the place of the input. */
	checkBody: (body) =>
		INSTEAD_OF_INPUT.some((name) => !isAbsent(body[name]))
			? []
			: checkTextOrList(body, 'body.input'),
	checkShapes: checkInputItems,
	checkParameters: (body) => [
		...checkFormat(isObject(body.text) ? body.text.format : undefined, 'body.text.format'),
		...checkResponsesParameters(body),
	],
	embeddingInputs: () => 0,
	generates: true,
	tokens: {
		prompts: ['input', 'prompt', 'instructions'],
		definitions: ['tools', 'text'],
		outputLimits: ['max_output_tokens'],
	},
	/**
	 * All text parts of all messages, joined, as `output_text` of OpenAI's SDKs is.
	 * `finish_reason` is why the response is incomplete, else its status.
	 */
	answer: {
		matches: (body) => body.object === 'response' || Array.isArray(body.output),
		read(body) {
			const items = objectsOf(body.output);
			const parts = items
				.filter((item) => item.type === 'message')
				.flatMap((item) => objectsOf(item.content));
			const calls = items.filter((item) => CALLS_FOR_THE_CALLER.has(item.type));
			const reason = isObject(body.incomplete_details) ? body.incomplete_details.reason : null;
			return {
				content: joined(parts, 'output_text', 'text'),
				finish_reason: textOrNull(reason) ?? textOrNull(body.status),
				refusal: joined(parts, 'refusal', 'refusal'),
				tool_calls: calls.length > 0 ? calls : null,
			};
		},
	},
});

/** A list as the prompt is taken as the input items themselves. */
function inputOf({ prompt, options: { imageUrls = [] } }: TextFields): JsonValue {
	if (imageUrls.length === 0 || Array.isArray(prompt)) return prompt;
	const images = imageUrls.map((image_url) => ({ type: 'input_image', image_url }));
	return [{ role: 'user', content: [{ type: 'input_text', text: prompt }, ...images] }];
}

function joined(parts: JsonObject[], type: string, key: string): string | null {
	const texts = parts.filter((part) => part.type === type).map((part) => part[key] ?? '');
	return texts.length > 0 ? texts.join('') : null;
}
