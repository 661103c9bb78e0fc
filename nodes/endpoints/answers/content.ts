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
export interface Content {
	/** The content itself of one answer, a list in the order of their `index` of several. */
	content: JsonValue;
	/** Of the first answer. */
	finish_reason: string | null;
	model: string | null;
	usage: JsonObject | null;
	refusal: string | null;
	tool_calls: JsonValue[] | null;
	reasoning_summary: string | null;
	commentary: string | null;
	/** Each source once. */
	sources: Source[] | null;
	images: JsonObject[] | null;
	/** The sound of one answer, a list of several. */
	audio: JsonValue;
	/** The answers one by one. */
	answers: readonly Answer[];
}

/** How the answers of one endpoint are read. */
export interface AnswerReader {
	/** Whether a body has the shape of this endpoint's answers. */
	matches: (body: JsonObject) => boolean;
	/** Never throws, whatever the body. */
	read: (body: JsonObject) => Answer[];
}

/** The answers of a body as one; what the body says about all of them is added. */
export function together(body: JsonObject, answers: readonly Answer[]): Content {
	const all = <T>(field: (answer: Answer) => T[] | undefined): T[] | null => {
		const values = answers.flatMap((answer) => field(answer) ?? []);
		return values.length > 0 ? values : null;
	};
	return {
		content: oneOrAll(answers.map(({ content }) => content)),
		finish_reason: answers[0]?.finish_reason ?? null,
		model: textOrNull(body.model),
		usage: isObject(body.usage) ? body.usage : null,
		refusal: paragraphs(answers.map(({ refusal }) => refusal)),
		tool_calls: all(({ tool_calls }) => tool_calls),
		reasoning_summary: paragraphs(answers.map(({ reasoning_summary }) => reasoning_summary)),
		commentary: paragraphs(answers.map(({ commentary }) => commentary)),
		sources: eachOnce(all(({ sources }) => sources)),
		images: all(({ images }) => images),
		audio: oneOrAll(answers.flatMap(({ audio }) => (audio ? [audio] : []))),
		answers,
	};
}

/** One value itself, several as a list, null for none. */
export function oneOrAll(values: JsonValue[]): JsonValue {
	return values.length > 1 ? values : (values[0] ?? null);
}

/** The objects in a list, in the order of their `index` where all have one. */
export function objectsOf(list: unknown): JsonObject[] {
	if (!Array.isArray(list)) return [];
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
