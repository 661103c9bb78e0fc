import type { JsonObject, JsonValue } from '../../jsonl/json';
import { isObject, textOrNull } from '../../jsonl/json';

/** A page or file that an answer cites. Its title is null when the answer does not name it. */
export type Source =
	{ url: string; title: string | null } | { file_id: string; title: string | null };

/**
 * What one answer says. A body has several answers with `n` > 1 (its choices), or for several
 * inputs. Fields that are absent, null or empty stand for nothing.
 */
export interface Answer {
	/** What was asked for; null when there is none, as with a refusal or with tool calls. */
	content: JsonValue;
	/** The API's own word: `stop`, `length`, `tool_calls`; `completed`, `max_output_tokens`, … */
	finish_reason?: string | null;
	/** Why the model refused to answer, in its own words. */
	refusal?: string | null;
	/** What the model asks the caller to run or to approve, as it was sent. */
	tool_calls?: JsonValue[];
	/** What the model thought before it answered: a summary, or the thoughts themselves. */
	reasoning_summary?: string | null;
	/** What the model said besides its answer. */
	commentary?: string | null;
	/** What the answer cites, possibly several times. */
	sources?: Source[];
	/** Images beside a text, in the shape of the image endpoints. */
	images?: JsonObject[];
	/** The sound of the answer, `{data, transcript, …}` with `data` in base64, as it was sent. */
	audio?: JsonObject | null;
}

/** What a user wants from a body: all of its answers together. */
export class Content {
	/** The content itself of one answer, a list in the order of their `index` of several. */
	readonly content: JsonValue;
	/** Of the first answer. */
	readonly finish_reason: string | null;
	readonly model: string | null;
	readonly usage: JsonObject | null;
	readonly refusal: string | null;
	readonly tool_calls: JsonValue[] | null;
	readonly reasoning_summary: string | null;
	readonly commentary: string | null;
	/** Each source once. */
	readonly sources: Source[] | null;
	readonly images: JsonObject[] | null;
	/** The sound of one answer, a list of several. */
	readonly audio: JsonValue;

	/** @param answers one by one; what the body says about all of them is added */
	constructor(
		body: JsonObject,
		readonly answers: readonly Answer[],
	) {
		this.content = answers.length === 1 ? answers[0].content : oneOrAll(answers.map(contentOf));
		this.finish_reason = answers[0]?.finish_reason ?? null;
		this.model = textOrNull(body.model);
		this.usage = isObject(body.usage) ? body.usage : null;
		this.refusal = textOfAll(answers, 'refusal');
		this.tool_calls = listOfAll(answers, 'tool_calls');
		this.reasoning_summary = textOfAll(answers, 'reasoning_summary');
		this.commentary = textOfAll(answers, 'commentary');
		this.sources = eachOnce(listOfAll(answers, 'sources'));
		this.images = listOfAll(answers, 'images');
		this.audio = answers.some(({ audio }) => audio)
			? oneOrAll(answers.flatMap(({ audio }) => (audio ? [audio] : [])))
			: null;
	}
}

/** How the answers of one endpoint are read. */
export interface AnswerReader {
	/** Whether a body has the shape of this endpoint's answers. */
	matches: (body: JsonObject) => boolean;
	/** Never throws, whatever the body. */
	read: (body: JsonObject) => Answer[];
}

const contentOf = ({ content }: Answer) => content;

/** The texts of a field; null when no answer has one, as nearly always. */
function textOfAll(
	answers: readonly Answer[],
	field: 'refusal' | 'reasoning_summary' | 'commentary',
): string | null {
	for (const answer of answers) {
		if (answer[field]) return paragraphs(answers.map((one) => one[field]));
	}
	return null;
}

/** The entries of a field of lists; null when no answer has one, as nearly always. */
function listOfAll<Field extends 'tool_calls' | 'sources' | 'images'>(
	answers: readonly Answer[],
	field: Field,
): NonNullable<Answer[Field]> | null {
	let all: unknown[] | undefined;
	for (const answer of answers) {
		const list = answer[field];
		if (list?.length) all = [...(all ?? []), ...list];
	}
	return (all as NonNullable<Answer[Field]> | undefined) ?? null;
}

/** One value itself, several as a list, null for none. */
export function oneOrAll(values: JsonValue[]): JsonValue {
	return values.length > 1 ? values : (values[0] ?? null);
}

/** The objects in a list, in the order of their `index` where all have one. */
export function objectsOf(list: unknown): JsonObject[] {
	if (!Array.isArray(list) || list.length === 0) return [];
	if (list.length === 1 && isObject(list[0])) return list as JsonObject[];
	const objects = list.filter(isObject);
	return objects.every((item) => typeof item.index === 'number')
		? objects.sort((a, b) => Number(a.index) - Number(b.index))
		: objects;
}

/** A text itself, or the texts of its parts. */
export function textsOf(value: unknown): string[] {
	if (typeof value === 'string') return [value];
	return objectsOf(value).flatMap(({ text }) => (typeof text === 'string' ? [text] : []));
}

/** Texts with an empty line between them, each text once; null when there is none. */
export function paragraphs(texts: readonly unknown[]): string | null {
	const present = texts.filter((text) => textOrNull(text) !== null);
	return present.length > 0 ? [...new Set(present)].join('\n\n') : null;
}

/** Where an answer has no text, its images are the content; otherwise they stand beside it. */
export function withImages(
	text: JsonValue,
	images: JsonObject[],
): Pick<Answer, 'content' | 'images'> {
	const isEmpty = text === null || text === '';
	return isEmpty && images.length > 0 ? { content: oneOrAll(images) } : { content: text, images };
}

/**
 * The sources in the annotations of a text. Chat completions put the citation into a field that is
 * named like its type, the Responses API does not.
 */
export function sourcesIn(annotations: unknown): Source[] {
	return objectsOf(annotations).flatMap((annotation): Source[] => {
		const { url_citation, file_citation } = annotation;
		const cited = [url_citation, file_citation].find(isObject) ?? annotation;
		const url = textOrNull(cited.url);
		const file_id = textOrNull(cited.file_id);
		const title = textOrNull(cited.title) ?? textOrNull(cited.filename);
		if (url !== null) return [{ url, title }];
		return file_id === null ? [] : [{ file_id, title }];
	});
}

/** Each source once, with the first title that it is given anywhere. */
function eachOnce(sources: Source[] | null): Source[] | null {
	if (sources === null) return null;
	const known = new Map<string, Source>();
	for (const source of sources) {
		const key = 'url' in source ? `url ${source.url}` : `file ${source.file_id}`;
		const title = known.get(key)?.title ?? source.title;
		known.set(key, { ...source, title });
	}
	return [...known.values()];
}
