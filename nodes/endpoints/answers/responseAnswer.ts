import type { Answer, AnswerReader } from './content';
import { objectsOf, paragraphs, sourcesIn, textsOf, withImages } from './content';
import type { JsonObject, JsonValue } from '../../jsonl/json';
import { isObject, textOrNull } from '../../jsonl/json';

/**
 * The answer of the Responses API. Its text is that of the messages with the phase `final_answer`,
 * or else of all messages that are not `commentary`, joined as OpenAI's SDKs join it. What the
 * other messages say is commentary. `finish_reason` is why the response is incomplete, else its
 * status.
 */
export const responseAnswer: AnswerReader = {
	matches: (body) => body.object === 'response' || Array.isArray(body.output),
	read(body) {
		const items = objectsOf(body.output);
		const parts = items.filter(isMessage).flatMap(partsOf);
		const calls = items.filter(({ type }) => type === 'image_generation_call');
		const reason = isObject(body.incomplete_details) ? body.incomplete_details.reason : null;
		const answer: Answer = {
			...withImages(answerIn(items) ?? textOrNull(body.output_text), calls.flatMap(imagesOf)),
			finish_reason: textOrNull(reason) ?? textOrNull(body.status),
			refusal: paragraphs(parts.map(({ refusal }) => refusal)),
			tool_calls: callsForTheCaller(items),
			reasoning_summary: paragraphs(items.flatMap(thoughtsOf)),
			commentary: paragraphs(items.filter(isCommentaryIn(items)).map(textOf)),
			sources: parts.flatMap(({ annotations }) => sourcesIn(annotations)),
			audio: parts.find(({ type }) => type === 'output_audio') ?? null,
		};
		// An image that was refused says so in its own error.
		if (answer.content === null) answer.refusal ??= paragraphs(calls.map(failureOf));
		return [answer];
	},
};

const isMessage = ({ type }: JsonObject) => type === 'message';

/** The parts of a message; some servers send its text alone. */
function partsOf({ content }: JsonObject): JsonObject[] {
	return typeof content === 'string'
		? [{ type: 'output_text', text: content }]
		: objectsOf(content);
}

/** The text of a message; null when it has no text part, which is not the same as an empty one. */
function textOf(message: JsonObject): string | null {
	const texts = partsOf(message).flatMap(({ type, text, transcript }) => {
		if (TEXT_PARTS.has(type)) return typeof text === 'string' ? [text] : [];
		return type === 'output_audio' && typeof transcript === 'string' ? [transcript] : [];
	});
	return texts.length > 0 ? texts.join('') : null;
}

const TEXT_PARTS: ReadonlySet<unknown> = new Set(['output_text', 'text']);

/** The parts of a message that have a place of their own in an answer. */
const KNOWN_PARTS: ReadonlySet<unknown> = new Set([...TEXT_PARTS, 'output_audio', 'refusal']);

/** Which messages are not the answer: those that say so, or all that are not final beside one that is. */
function isCommentaryIn(items: JsonObject[]): (item: JsonObject) => boolean {
	const hasFinal = items.some((item) => isMessage(item) && item.phase === 'final_answer');
	return (item) =>
		isMessage(item) && (hasFinal ? item.phase !== 'final_answer' : item.phase === 'commentary');
}

/** The text of the answer, or all of its parts when one is of a kind that is not known here. */
function answerIn(items: JsonObject[]): JsonValue {
	const isCommentary = isCommentaryIn(items);
	const messages = items.filter((item) => isMessage(item) && !isCommentary(item));
	const parts = messages.flatMap(partsOf).filter(({ type }) => type !== 'refusal');
	if (parts.some(({ type }) => !KNOWN_PARTS.has(type))) return parts;
	const texts = messages.map(textOf).filter((text) => text !== null);
	return texts.length > 0 ? texts.join('') : null;
}

/** The summary of a reasoning item; models that hide nothing send their reasoning instead. */
function thoughtsOf({ type, summary, content }: JsonObject): string[] {
	if (type !== 'reasoning') return [];
	const summaries = textsOf(summary);
	return summaries.length > 0 ? summaries : textsOf(content);
}

/** The image that a call made, in the shape of the image endpoints. */
function imagesOf({ result, output_format, revised_prompt }: JsonObject): JsonObject[] {
	const b64_json = textOrNull(result);
	if (b64_json === null) return [];
	return [
		{
			b64_json,
			...(textOrNull(revised_prompt) !== null && { revised_prompt }),
			...(textOrNull(output_format) !== null && { output_format }),
		},
	];
}

function failureOf({ error }: JsonObject): string | null {
	return isObject(error) ? (textOrNull(error.message) ?? textOrNull(error.code)) : null;
}

/** Items of the output that wait for the caller; the service runs all other calls itself. */
const CALLS_FOR_THE_CALLER: ReadonlySet<unknown> = new Set([
	'apply_patch_call',
	'computer_call',
	'custom_tool_call',
	'function_call',
	'local_shell_call',
	'mcp_approval_request',
	'shell_call',
]);

/** A call whose output is there as well has been run by the service, as in its own containers. */
function callsForTheCaller(items: JsonObject[]): JsonValue[] {
	const calls = items.filter(
		({ type, execution }) =>
			CALLS_FOR_THE_CALLER.has(type) || (type === 'tool_search_call' && execution === 'client'),
	);
	if (calls.length === 0) return [];
	const outputs = items.filter(({ type }) => typeof type === 'string' && type.endsWith('_output'));
	const answered = new Set(outputs.map(({ call_id }) => textOrNull(call_id)));
	return calls.filter(
		({ call_id }) => textOrNull(call_id) === null || !answered.has(textOrNull(call_id)),
	);
}
