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

/**
 * The JSON of a text in which servers and models left what JSON does not allow inside of strings:
 * line breaks, tabs and other control characters as they are.
 */
export function withEscapedControls(text: string): string {
	return replaceIn(text, /\p{Cc}/u, (token, inString) => (inString ? escaped(token) : token));
}

/**
 * Replaces tokens of a text of JSON, each with the knowledge whether it is inside of a string.
 *
 * @param tokens what is looked for beside quotes and escapes
 */
export function replaceIn(
	text: string,
	tokens: RegExp,
	replace: (token: string, inString: boolean) => string,
): string {
	let inString = false;
	return text.replace(new RegExp(`\\\\.|"|${tokens.source}`, 'gsu'), (token) => {
		if (token.startsWith('\\')) return token;
		if (token !== '"') return replace(token, inString);
		inString = !inString;
		return token;
	});
}

const escaped = (character: string) =>
	`\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * Where each object or list of a text begins and ends, one after another, when nothing but white
 * space, commas and brackets is between them; undefined for anything else.
 */
export function objectsInLine(text: string): string[] | undefined {
	const found: string[] = [];
	let at = 0;
	while (at < text.length) {
		if (/[\s,[\]]/.test(text[at])) {
			at++;
			continue;
		}
		const length = text[at] === '{' ? endOfJson(text.slice(at)) : undefined;
		if (length === undefined) return undefined;
		found.push(text.slice(at, at + length));
		at += length;
	}
	return found;
}

/** Where the object or list that a text starts with is closed; undefined when it is not. */
export function endOfJson(text: string): number | undefined {
	let depth = 0;
	let inString = false;
	for (let at = 0; at < text.length; at++) {
		const char = text[at];
		if (inString) {
			if (char === '\\') at++;
			else if (char === '"') inString = false;
		} else if (char === '"') inString = true;
		else if (char === '{' || char === '[') depth++;
		else if ((char === '}' || char === ']') && --depth === 0) return at + 1;
	}
	return undefined;
}

/**
 * The members of an object as they are written, with all digits of their numbers.
 *
 * @param text valid JSON of an object
 */
export function* membersOf(text: string): Generator<{ key: string; from: number; to: number }> {
	// In valid JSON, the next quote behind a member begins the next key.
	let at = text.indexOf('"');
	while (at !== -1) {
		const keyEnd = endOfString(text, at);
		const colon = text.indexOf(':', keyEnd);
		let from = colon + 1;
		while (/\s/.test(text[from])) from++;
		const to = endOfValue(text, from);
		yield { key: JSON.parse(text.slice(at, keyEnd)) as string, from, to };
		at = text.indexOf('"', to);
	}
}

function endOfValue(text: string, from: number): number {
	if (text[from] === '"') return endOfString(text, from);
	if (text[from] === '{' || text[from] === '[') return from + endOfJson(text.slice(from))!;
	let to = from;
	while (to < text.length && !/[,}\s]/.test(text[to])) to++;
	return to;
}

/** Behind the quote that closes a string. A quote behind an odd number of backslashes does not. */
function endOfString(text: string, from: number): number {
	for (let at = text.indexOf('"', from + 1); ; at = text.indexOf('"', at + 1)) {
		let before = at - 1;
		while (text[before] === '\\') before--;
		if ((at - before) % 2 === 1) return at + 1;
	}
}

/** JSON.parse that returns its error instead of throwing it; `message` is the parser's own. */
export function tryParseJson(text: string): ParsedJson {
	try {
		return { ok: true, value: JSON.parse(text) as JsonValue };
	} catch (error) {
		return { ok: false, message: (error as Error).message };
	}
}

/**
 * A copy with other fields merged in, to any depth: where both have an object, its fields are
 * merged too, and any other value, a list for example, replaces what was there.
 */
export function merged(base: JsonObject, more: JsonObject): JsonObject {
	const result: JsonObject = { ...base };
	for (const [key, value] of Object.entries(more)) {
		const own = Object.hasOwn(base, key) ? base[key] : undefined;
		const both = isObject(own) && isObject(value) ? merged(own, value) : value;
		// An assignment would set the prototype where the key is `__proto__`.
		Object.defineProperty(result, key, {
			value: both,
			configurable: true,
			enumerable: true,
			writable: true,
		});
	}
	return result;
}
