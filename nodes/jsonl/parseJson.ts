import type { JsonValue, ParsedJson } from './json';
import { endOfJson, tryParseJson, withEscapedControls } from './json';

export type ParsedContent =
	| { ok: true; value: JsonValue }
	| { ok: false; reason: 'refusal' | 'truncated' | 'invalid'; message: string };

/** What the answer says besides its text, as `extractContent` returns it. */
export interface ContentHints {
	finish_reason?: string | null;
	refusal?: string | null;
}

/** What endpoints call an answer that was cut at its token limit. */
const CUT: ReadonlySet<string> = new Set(['length', 'max_tokens', 'max_output_tokens']);

/** Whether an answer with this `finish_reason` was cut at its token limit. */
export const isCutOff = (reason: string | null | undefined): boolean => CUT.has(reason ?? '');

/** What reasoning models of other servers write before their answer. */
const THOUGHTS = /^\s*<(think|thinking|thought|thoughts|reasoning)>[\s\S]*?<\/\1>/i;

/** The beginning of such thoughts, which may have no end. */
const THOUGHTS_START = /^\s*<(?:think|thinking|thought|thoughts|reasoning)>/i;

/** Their end, which may have no beginning: some chat templates put that into the prompt. */
const THOUGHTS_END = /<\/(?:think|thinking|thought|thoughts|reasoning)>/i;

/**
 * Reads the JSON that a model was asked for: the text as it is, behind its thoughts, the inside of
 * its one code fence, or the one piece of JSON with prose around it. Never throws. A text that is
 * not JSON gets a reason: `refusal` when the model declined, `truncated` when the text ends before
 * its JSON does, or within the thoughts.
 *
 * @param isText whether a text that holds JSON is meant as a text; otherwise its JSON is read
 */
export function parseJsonContent(
	text: string | null,
	hints: ContentHints = {},
	isText: (value: string) => boolean = () => false,
): ParsedContent {
	if (hints.refusal) {
		return { ok: false, reason: 'refusal', message: `The model declined: ${hints.refusal}` };
	}
	const answer = (text ?? '').replace(/^\ufeff/, '').replace(THOUGHTS, '');
	if (THOUGHTS_START.test(answer)) {
		const message =
			'The answer ends within the thoughts of the model. Raise the maximum number of output tokens.';
		return { ok: false, reason: 'truncated', message };
	}
	const end = THOUGHTS_END.exec(answer);
	const whole = readAnswer(answer, hints, isText);
	// JSON may quote the tag. What stands before the tag otherwise is a thought, and not the answer.
	if (end === null || (whole.ok && THOUGHTS_END.test(JSON.stringify(whole.value)))) return whole;
	return readAnswer(answer.slice(end.index + end[0].length), hints, isText);
}

function readAnswer(
	answer: string,
	hints: ContentHints,
	isText: (value: string) => boolean,
): ParsedContent {
	const plain = parse(answer);
	if (plain.ok) return onceMore(plain, isText);
	const inside = afterFence(answer);
	const fenced = inside === undefined ? plain : parseFenced(inside);
	if (fenced.ok) return fenced;
	const found = inside === undefined ? onlyJsonIn(answer) : onlyFenceIn(answer);
	if (found?.ok) return found;
	if (isCutOff(hints.finish_reason) || endsInside(inside ?? answer)) {
		const message = 'The JSON is cut off. Raise the maximum number of output tokens.';
		return { ok: false, reason: 'truncated', message };
	}
	const message =
		answer.trim() === ''
			? 'The answer has no text.'
			: `The answer is not valid JSON: ${fenced.message}`;
	return { ok: false, reason: 'invalid', message };
}

/** Models write line breaks into strings as they are. */
function parse(text: string): ParsedJson {
	const strict = tryParseJson(text);
	if (strict.ok || !/\p{Cc}/u.test(text)) return strict;
	const escaped = tryParseJson(withEscapedControls(text));
	return escaped.ok ? escaped : strict;
}

/** A text that is the JSON of an object was made twice, unless it is meant as a text. */
function onceMore(
	parsed: { ok: true; value: JsonValue },
	isText: (value: string) => boolean,
): { ok: true; value: JsonValue } {
	if (typeof parsed.value !== 'string' || !/^\s*[{[]/.test(parsed.value)) return parsed;
	if (isText(parsed.value)) return parsed;
	const inner = tryParseJson(parsed.value);
	return inner.ok ? inner : parsed;
}

/** Of several code fences the one that is called JSON, or else the only one that is. */
function onlyFenceIn(text: string): ParsedJson | undefined {
	const fences = [...text.matchAll(/^[ \t]*```([\w+-]*)[ \t]*\r?\n(.*?)^[ \t]*```/gms)];
	const read = fences.map(([, language, inside]) => ({ language, parsed: parse(inside) }));
	const readable = read.filter(({ parsed }) => parsed.ok);
	const named = readable.filter(({ language }) => /^json/i.test(language));
	const [only, other] = named.length > 0 ? named : readable;
	return other === undefined ? only?.parsed : undefined;
}

/** Everything after the start of the code fence; undefined without a fence, or inside plain JSON. */
function afterFence(text: string): string | undefined {
	const opening = /```[\w+-]*[ \t]*\r?\n?/.exec(text);
	if (!opening || endsInside(text.slice(0, opening.index))) return undefined;
	return text.slice(opening.index + opening[0].length);
}

/** Reads up to the last fence, because JSON strings may contain fences, or all without a last one. */
function parseFenced(inside: string): ParsedJson {
	const end = inside.lastIndexOf('```');
	const closed = parse(end === -1 ? inside : inside.slice(0, end));
	const open = closed.ok ? closed : parse(inside);
	return open.ok ? open : closed;
}

/**
 * The one object or list in a text that has other words around it. A list has to begin a line or
 * the inside of a tag, or to hold objects, lists or texts, since prose has brackets of its own; of
 * several pieces none is meant for certain.
 */
function onlyJsonIn(text: string): ParsedJson | undefined {
	let found: ParsedJson | undefined;
	let from = 0;
	for (const { index } of text.matchAll(/\{|(?<=^|\n|>)[ \t]*\[|\[(?=\s*[{["])/g)) {
		if (index < from) continue;
		const length = endOfJson(text.slice(index));
		// What is cut off is not the smaller piece inside of it.
		if (length === undefined) return undefined;
		from = index + length;
		const parsed = parse(text.slice(index, from));
		if (parsed.ok && found) return undefined;
		if (parsed.ok) found = parsed;
	}
	return found;
}

/** Whether a text starts as an object or array and ends before that is closed. */
function endsInside(text: string): boolean {
	const json = text.trimStart();
	return /^[{[]/.test(json) && endOfJson(json) === undefined;
}
