import { attachmentsOf, attachmentTokens, described } from '../attachments';
import { hash32 } from '../random';
import { tokensOf } from '../tokens';
import type { AnswerContext } from './answer';
import { jsonFor } from './schema';

/** What a text endpoint would say, before it is put into the endpoint's shape. */
export interface GeneratedText {
	text: string;
	refusal: string | null;
	/** Whether the text ends at a token limit. */
	isCut: boolean;
	tokens: { input: number; output: number };
}

/** What the endpoints name differently. */
export interface TextRequest {
	/** Everything that the model would read, as text. */
	prompt: string;
	/** A JSON schema, true for any JSON object, undefined for free text. */
	json?: object | true;
	/** The most tokens that the answer may have. */
	maxTokens?: unknown;
	/** Which of several answers to one request. */
	choice?: number;
}

const REFUSAL = "I'm sorry, but I can't assist with that request.";

/**
 * A text that depends on the request body only: JSON that satisfies the schema when one is given,
 * else a sentence that repeats the end of the prompt and says what is attached. No model runs.
 */
export function generateText(context: AnswerContext, request: TextRequest): GeneratedText {
	const attachments = attachmentsOf(context.body);
	const input = tokensOf(request.prompt) + attachmentTokens(attachments);
	if (context.outcome.type === 'refuse') {
		const tokens = { input, output: tokensOf(REFUSAL) };
		return { text: '', refusal: REFUSAL, isCut: false, tokens };
	}
	const whole = wholeText(context, request, attachments.map(described));
	const limit =
		typeof request.maxTokens === 'number'
			? request.maxTokens
			: context.outcome.type === 'truncate'
				? Math.floor(tokensOf(whole) / 2)
				: Infinity;
	const isCut = context.outcome.type === 'truncate' || tokensOf(whole) > limit;
	const text = isCut ? whole.slice(0, Math.min(limit * 4, whole.length - 1)) : whole;
	return { text, refusal: null, isCut, tokens: { input, output: tokensOf(text) } };
}

function wholeText(
	{ body, outcome }: AnswerContext,
	request: TextRequest,
	attached: string[],
): string {
	if (outcome.type === 'answer' && outcome.content !== undefined) return outcome.content;
	const seed = hash32(JSON.stringify(body)) + (request.choice ?? 0);
	const seen = attached.length === 0 ? '' : ` [${attached.join('; ')}]`;
	const answer = `${excerpt(request.prompt)}${seen}`;
	if (request.json === true) return JSON.stringify({ answer });
	if (request.json !== undefined) return JSON.stringify(jsonFor(request.json, seed));
	return `Emulated answer ${(seed >>> 0).toString(16)} to: ${answer}`;
}

/** The end of the prompt, where the user's own words are, on one line. */
function excerpt(prompt: string): string {
	return prompt.slice(-200).replace(/\s+/g, ' ').trim();
}

/**
 * The words in a prompt of any shape: a text, messages, content parts.
 */
export function words(prompt: unknown): string {
	if (typeof prompt === 'string') return prompt;
	if (Array.isArray(prompt)) return prompt.map(words).filter(Boolean).join('\n');
	if (typeof prompt !== 'object' || prompt === null) return '';
	const { content, text } = prompt as { content?: unknown; text?: unknown };
	return words(content ?? text);
}
