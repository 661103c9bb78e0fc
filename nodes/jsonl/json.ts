/** What JSON.parse can return. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;

export interface JsonObject {
	[key: string]: JsonValue | undefined;
}

/** Whether a value is a JSON object: not null, not an array. */
export function isObject(value: unknown): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value itself if it is a string that is not empty; some servers send '' instead of null. */
export function textOrNull(value: unknown): string | null {
	return typeof value === 'string' && value !== '' ? value : null;
}

/** The kind of a value in the words of the API's own messages: 'an object', 'null', … */
export function kindOf(value: unknown): string {
	if (value === null || value === undefined) return 'null';
	if (Array.isArray(value)) return 'an array';
	return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

export type ParsedJson = { ok: true; value: JsonValue } | { ok: false; message: string };

/** JSON.parse that returns its error instead of throwing it; `message` is the parser's own. */
export function tryParseJson(text: string): ParsedJson {
	try {
		return { ok: true, value: JSON.parse(text) as JsonValue };
	} catch (error) {
		return { ok: false, message: (error as Error).message };
	}
}
