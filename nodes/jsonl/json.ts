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

/**
 * A value that was parsed. It comes from a class, as others do that hold much of a line for a
 * moment: V8 may begin to make the objects of a literal, `{…}` or `[…]`, among those that live long.
 * There each of them keeps alive what it holds, although nobody needs it any more, until V8 looks
 * through the whole heap. Objects of a class, and lists of `Array.of`, are never made there.
 */
class Parsed {
	readonly ok = true;
	constructor(readonly value: JsonValue) {}
}

/** JSON.parse that returns its error instead of throwing it; `message` is the parser's own. */
export function tryParseJson(text: string): ParsedJson {
	try {
		return new Parsed(JSON.parse(text) as JsonValue);
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

/** Something that the API would refuse later. */
export interface Issue {
	/** The API's own code where it has one: `missing_required_parameter`, `invalid_url`, … */
	code: string;
	/** What is wrong and what to do about it, in whole sentences. */
	message: string;
	/** The API's name of the place: `custom_id`, `body.model`, … */
	param?: string;
	/** The request that has the issue, when it has a usable id. */
	custom_id?: string;
	/** The server may accept it: the user gets a hint, and the request is sent. */
	isHint?: true;
}

/**
 * One list behind the other. A list itself where the other is empty, as nearly all are: with a
 * million requests, V8 would have to make and collect new lists all the time.
 */
export function joined(first: Issue[], second: Issue[]): Issue[] {
	if (second.length === 0) return first;
	return first.length === 0 ? second : [...first, ...second];
}

/** The issue as a hint, for a server that may accept it. */
export const asHint = (issue: Issue): Issue => ({ ...issue, isHint: true });

/** The issue of a parameter that is absent; `hint` says what belongs there. */
export function missing(param: string, hint = ''): Issue {
	const message = `Missing required parameter: '${nameOf(param)}'.`;
	return { code: 'missing_required_parameter', message: withHint(message, hint), param };
}

/** The issue of a parameter of the wrong type; `expected` is such as 'a string'. */
export function invalidType(param: string, expected: string, value: unknown, hint = ''): Issue {
	const message = `Invalid type for '${nameOf(param)}': expected ${expected}, but got ${kindOf(value)} instead.`;
	return { code: 'invalid_type', message: withHint(message, hint), param };
}

/** The issue of a parameter whose type is right and whose value is not. */
export function invalidValue(param: string, message: string): Issue {
	return { code: 'invalid_value', message, param };
}

function empty(param: string, what: string, hint: string): Issue {
	return invalidValue(param, withHint(`'${nameOf(param)}' is ${what}.`, hint));
}

/** Whether a parameter is left out. The API takes null for that. */
export const isAbsent = (value: unknown): value is undefined | null =>
	value === undefined || value === null;

/** Checks that a field is a string that is not empty. */
export function checkText(object: JsonObject, param: string, hint = ''): Issue[] {
	const issues = checkString(object, param, hint);
	if (issues.length > 0 || object[keyOf(param)] !== '') return issues;
	return [empty(param, 'empty', hint)];
}

/** Checks that a field is a string, which may be empty. */
export function checkString(object: JsonObject, param: string, hint = ''): Issue[] {
	const value = object[keyOf(param)];
	if (isAbsent(value)) return [missing(param, hint)];
	return typeof value === 'string' ? [] : [invalidType(param, 'a string', value)];
}

/** Checks that a field is an object. */
export function checkObject(object: JsonObject, param: string, hint = ''): Issue[] {
	const value = object[keyOf(param)];
	if (isAbsent(value)) return [missing(param, hint)];
	return isObject(value) ? [] : [invalidType(param, 'an object', value, hint)];
}

/** Checks that a field is a list of objects that is not empty. */
export function checkObjects(object: JsonObject, param: string, hint = ''): Issue[] {
	const value = object[keyOf(param)];
	if (isAbsent(value)) return [missing(param, hint)];
	if (!Array.isArray(value)) return [invalidType(param, 'an array of objects', value, hint)];
	if (value.length === 0) return [empty(param, 'an empty array', hint)];
	const at = value.findIndex((item) => !isObject(item));
	return at === -1 ? [] : [invalidType(`${param}[${at}]`, 'an object', value[at])];
}

/** Checks that a field is a string or a list; the API checks what is in the list. */
export function checkTextOrList(object: JsonObject, param: string): Issue[] {
	const value = object[keyOf(param)];
	if (isAbsent(value)) return [missing(param)];
	const isRight = typeof value === 'string' || Array.isArray(value);
	return isRight ? [] : [invalidType(param, 'a string or an array', value)];
}

/** What stands where the content of a file should be when an expression had no value for it. */
const NO_CONTENT = new Set(['', 'undefined', 'null', 'NaN', 'true', 'false', '[object Object]']);

const BASE64_URL = /^data:[^,]*;base64,/i;
/**
 * A character that base64 does not have, or one behind the padding. The alphabet for URLs, white
 * space and percent signs may be right.
 */
const NOT_BASE64 = /[^\w+/=%\s-]|=[^=\s]/;

/** The code of an issue that `checkDataUrl` finds. */
export const INVALID_BASE64 = 'invalid_base64';

/** Checks that an address is no data URL whose content is certainly not base64. */
export function checkDataUrl(url: string, param: string): Issue[] {
	const start = BASE64_URL.exec(url);
	if (!start) return [];
	const content = url.slice(start[0].length);
	if (!NO_CONTENT.has(content.trim()) && !NOT_BASE64.test(content)) return [];
	const found = content.length > 30 ? `${content.slice(0, 30)}…` : content;
	const message = `'${nameOf(param)}' has a data URL whose content is '${found}', which is not base64. Check the expression that inserts the content.`;
	return [{ code: INVALID_BASE64, message, param }];
}

/** Hosts that only this machine or its network knows. */
const PRIVATE_HOST =
	/^(?:localhost|127\.\d+\.\d+\.\d+|10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+|172\.(?:1[6-9]|2\d|3[01])\.\d+\.\d+|169\.254\.\d+\.\d+|0\.0\.0\.0|\[::1\]|[\w-]+|.+\.(?:local|localhost|internal))$/i;

/** The host in a web address. */
const WEB_ADDRESS = /^https?:\/\/(?:[^/?#]*@)?(\[[^\]]*\]|[^/?#:]+)/i;

/** Checks that a text is a data URL, or a web address that a service on the internet can reach. */
export function checkAddress(address: string, param: string): Issue[] {
	const text = address.trim();
	if (/^data:/i.test(text)) return checkDataUrl(text, param);
	const found = text.length > 60 ? `${text.slice(0, 60)}…` : text;
	const host = WEB_ADDRESS.exec(text)?.[1];
	if (host === undefined) {
		const message = `'${nameOf(param)}' is '${found}', which is neither a web address that begins with https:// nor a data URL.`;
		return [invalidValue(param, message)];
	}
	if (!PRIVATE_HOST.test(host)) return [];
	const message = `'${nameOf(param)}' is '${found}', which OpenAI cannot reach. Use an address on the internet, or a data URL.`;
	return [invalidValue(param, message)];
}

/** The API names parameters of the body without `body.` in its messages. */
function nameOf(param: string): string {
	return param.startsWith('body.') ? param.slice('body.'.length) : param;
}

/** The field of its object that a parameter is: `role` of `body.messages[0].role`. */
function keyOf(param: string): string {
	const dot = param.lastIndexOf('.');
	return dot === -1 ? param : param.slice(dot + 1);
}

function withHint(message: string, hint: string): string {
	return hint ? `${message} ${hint}` : message;
}
