import { isObject } from '../jsonl/json';
import type { JsonObject, JsonValue } from '../jsonl/json';

/**
 * What a user wants from an answer. `content` is the thing itself when the answer has one (one
 * choice, one input, one image) and an array in index order when it has several; null when there
 * is none, as with a refusal or with tool calls.
 */
export interface Content {
	content: JsonValue;
	/** The API's own word: `stop`, `length`, `tool_calls`; `completed`, `max_output_tokens`, … */
	finish_reason: string | null;
	model: string | null;
	usage: JsonObject | null;
	/** The model's own words when it refused to answer. */
	refusal: string | null;
	/** The functions that the model asks the caller to run, as they were sent. */
	tool_calls: JsonValue[] | null;
}

/** What an endpoint reads itself; the rest of `Content` is read in the same way everywhere. */
export type OwnContent = Pick<Content, 'content'> & Partial<Content>;

/** How the answers of one endpoint are read. */
export interface AnswerReader {
	/** Whether a body has the shape of this endpoint's answers. */
	matches: (body: JsonObject) => boolean;
	/** Never throws, whatever the body. */
	read: (body: JsonObject) => OwnContent;
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
