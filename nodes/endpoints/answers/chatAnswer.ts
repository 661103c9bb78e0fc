import type { Answer, AnswerReader, Source } from './content';
import { objectsOf, paragraphs, sourcesIn, textsOf, withImages } from './content';
import type { JsonObject, JsonValue } from '../../jsonl/json';
import { isAbsent, isObject, textOrNull } from '../../jsonl/json';

/**
 * The answers of chat completions: one for each choice. Besides what OpenAI sends, it reads what
 * compatible servers do: texts in parts, thoughts as parts (Mistral) or in fields of their own
 * (DeepSeek, vLLM, Groq), images (OpenRouter, LiteLLM).
 */
export const chatAnswer: AnswerReader = {
	matches: (body) => objectsOf(body.choices).some((choice) => isObject(messageOf(choice))),
	read: (body) => {
		const sources = sourcesBeside(body);
		return objectsOf(body.choices).map((choice) => choiceOf(choice, sources));
	},
};

/** The message of a choice; servers that only stream inside call it a delta. */
const messageOf = ({ message, delta }: JsonObject) => message ?? delta;

/** What search models of other servers cite, beside the choices: addresses, or objects with them. */
function sourcesBeside({ citations, search_results: results }: JsonObject): Source[] {
	if (isAbsent(citations) && isAbsent(results)) return [];
	const urls = Array.isArray(citations) ? citations.filter((url) => typeof url === 'string') : [];
	return [
		...urls.map((url) => ({ url, title: null })),
		...sourcesIn(citations),
		...sourcesIn(results),
	];
}

/** An answer that is a text. A class for the reason that `Parsed` in json.ts is one. */
class TextAnswer implements Answer {
	constructor(
		readonly content: JsonValue,
		readonly finish_reason: string | null,
		readonly sources: Source[],
	) {}
}

function choiceOf(choice: JsonObject, sources: Source[]): Answer {
	const given = messageOf(choice);
	const message = isObject(given) ? given : {};
	if (isPlain(choice, message)) {
		const { content = null } = message;
		return new TextAnswer(content, textOrNull(choice.finish_reason), sources);
	}
	const audio = isObject(message.audio) ? message.audio : null;
	const said = readContent(message.content);
	const hasText = said.content !== null && said.content !== '';
	const text = hasText ? said.content : (textOrNull(audio?.transcript) ?? said.content);
	const details = [message.reasoning_details, message.thinking_blocks].flatMap(objectsOf);
	const thoughts = [
		message.reasoning_content,
		message.reasoning,
		...details.flatMap(thoughtsOf),
		...said.thoughts,
	];
	const images = [message.images].flat().flatMap(imageIn);
	return {
		...withImages(text, [...said.images, ...images]),
		finish_reason: textOrNull(choice.finish_reason),
		refusal: paragraphs([message.refusal, ...said.refusals]),
		tool_calls: [message, choice].map(toolCalls).find((calls) => calls.length > 0) ?? [],
		reasoning_summary: paragraphs(thoughts),
		sources: [...sourcesIn(message.annotations), ...sources],
		audio,
	};
}

/** Whether a choice has nothing but a text, as most have. It is read in a fraction of the time. */
function isPlain(choice: JsonObject, message: JsonObject): boolean {
	const { tool_calls: calls, function_call: call } = choice;
	if (textOrNull(message.content) === null || !isAbsent(calls) || !isAbsent(call)) return false;
	for (const name in message) {
		if (name === 'role' || name === 'content') continue;
		const value = message[name];
		if (value !== null && !(Array.isArray(value) && value.length === 0)) return false;
	}
	return true;
}

interface Said {
	content: JsonValue;
	thoughts: string[];
	refusals: string[];
	images: JsonObject[];
}

/**
 * Reads the content of a message, which is a text or a list of parts. When a part is of a kind that
 * is not known here, the content is the list of all parts that have no place of their own.
 */
function readContent(content: JsonValue | undefined): Said {
	const said: Said = { content: content ?? null, thoughts: [], refusals: [], images: [] };
	if (!Array.isArray(content)) return said;
	const rest: JsonValue[] = [];
	for (const part of content) {
		if (!isObject(part)) rest.push(part);
		else if (isThought(part)) said.thoughts.push(...thoughtsOf(part));
		else if (typeof part.refusal === 'string') said.refusals.push(part.refusal);
		else if (imagesOf(part).length > 0) said.images.push(...imagesOf(part));
		else rest.push(part);
	}
	const texts = textsOf(rest);
	const isText = texts.length === rest.length;
	if (isText) said.content = texts.length > 0 ? texts.join('') : null;
	else said.content = rest;
	return said;
}

function isThought({ type }: JsonObject): boolean {
	return typeof type === 'string' && /thinking|reasoning/.test(type);
}

function thoughtsOf({ thinking, reasoning, summary, text }: JsonObject): string[] {
	const forms = [thinking, reasoning, summary, text].map(textsOf);
	return forms.find((texts) => texts.length > 0) ?? [];
}

/** An image of a list, which may be its address alone. */
const imageIn = (image: JsonValue | undefined) =>
	isObject(image) ? imagesOf(image) : imagesOf({ image_url: image });

/** The image of a part `{image_url: {url}}` in the shape of the image endpoints. */
function imagesOf({ image_url: given }: JsonObject): JsonObject[] {
	const url = isObject(given) ? given.url : given;
	if (typeof url !== 'string') return [];
	const inline = /^data:image\/([\w-]+)[^,]*;base64,/i.exec(url);
	if (!inline) return [{ url }];
	return [{ b64_json: url.slice(inline[0].length), output_format: inline[1].toLowerCase() }];
}

/** A call in the legacy form gets the present one, so that there is one form to read. */
function toolCalls({ tool_calls: calls, function_call: legacy }: JsonObject): JsonValue[] {
	if (Array.isArray(calls) && calls.length > 0) return calls;
	if (isObject(calls)) return [calls];
	return isObject(legacy) ? [{ type: 'function', function: legacy }] : [];
}
