import { isObject, kindOf } from './json';
import type { JsonObject } from './json';

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
