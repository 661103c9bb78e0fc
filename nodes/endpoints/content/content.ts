import { isObject, textOrNull } from '../../jsonl/json';
import type { JsonObject, JsonValue } from '../../jsonl/json';

/**
 * What a user wants of an answer. `content` is the thing itself when the answer has one (one
 * choice, one input, one image) and an array in index order when it has several; null when
 * there is none, as with a refusal or tool calls.
 */
export interface Content {
	content: JsonValue;
	/** The API's own word: `stop`, `length`, `tool_calls`; `completed`, `max_output_tokens`, … */
	finish_reason: string | null;
	model: string | null;
	usage: JsonObject | null;
	/** The model's own words when it declined to answer. */
	refusal: string | null;
	/** As sent: the functions that the model asks the caller to run. */
	tool_calls: JsonValue[] | null;
}

/** What is particular to an endpoint; the rest of `Content` is read alike everywhere. */
export type OwnContent = Pick<Content, 'content'> & Partial<Content>;

/** How the answers of one endpoint are read. */
export interface ContentReader {
	/** Whether a body has the shape of this endpoint's answers. */
	matches(body: JsonObject): boolean;
	read(body: JsonObject): OwnContent;
}

/** One: itself; several: all of them; none: null. */
export function oneOrAll(values: JsonValue[]): JsonValue {
	return values.length > 1 ? values : (values[0] ?? null);
}

/** The objects of a list, in the order of their `index` where they have one. */
export function objectsOf(list: unknown): JsonObject[] {
	if (!Array.isArray(list)) return [];
	const objects = list.filter(isObject);
	return objects.every((item) => typeof item.index === 'number')
		? objects.sort((a, b) => Number(a.index) - Number(b.index))
		: objects;
}

/** The answer of any endpoint: `own` over what all bodies have in common. */
export function complete(body: JsonObject, own: OwnContent): Content {
	return {
		finish_reason: null,
		model: textOrNull(body.model),
		usage: isObject(body.usage) ? body.usage : null,
		refusal: null,
		tool_calls: null,
		...own,
	};
}
