import { isObject, kindOf } from '../jsonl/json';
import type { JsonObject } from '../jsonl/json';
import type { Issue } from '../jsonl/issue';

/** A parameter that is not there; `hint` says what belongs there. */
export function missing(param: string, hint = ''): Issue {
	const message = `Missing required parameter: '${nameOf(param)}'.`;
	return { code: 'missing_required_parameter', message: withHint(message, hint), param };
}

export function invalidType(param: string, expected: string, value: unknown): Issue {
	const message = `Invalid type for '${nameOf(param)}': expected ${expected}, but got ${kindOf(value)} instead.`;
	return { code: 'invalid_type', message, param };
}

export function invalidValue(param: string, message: string): Issue {
	return { code: 'invalid_value', message, param };
}

function empty(param: string, what: string, hint: string): Issue {
	return invalidValue(param, withHint(`'${nameOf(param)}' is ${what}.`, hint));
}

/** A string with something in it. */
export function checkText(object: JsonObject, param: string, hint = ''): Issue[] {
	const value = object[nameOf(param)];
	if (value === undefined || value === null) return [missing(param, hint)];
	if (typeof value !== 'string') return [invalidType(param, 'a string', value)];
	return value === '' ? [empty(param, 'empty', hint)] : [];
}

/** A list with at least one object in it. */
export function checkObjects(object: JsonObject, param: string, hint = ''): Issue[] {
	const value = object[nameOf(param)];
	if (value === undefined || value === null) return [missing(param, hint)];
	if (!Array.isArray(value)) return [invalidType(param, 'an array of objects', value)];
	if (value.length === 0) return [empty(param, 'an empty array', hint)];
	const at = value.findIndex((item) => !isObject(item));
	return at === -1 ? [] : [invalidType(`${param}[${at}]`, 'an object', value[at])];
}

/** A text or a list, not empty; what the list may hold is left to the API. */
export function checkInput(object: JsonObject, param: string, hint = ''): Issue[] {
	const value = object[nameOf(param)];
	if (!Array.isArray(value)) {
		const isText = value === undefined || value === null || typeof value === 'string';
		return isText
			? checkText(object, param, hint)
			: [invalidType(param, 'a string or an array', value)];
	}
	return value.length > 0 ? [] : [empty(param, 'an empty array', hint)];
}

/** The API names parameters of the body without `body.` in its messages. */
function nameOf(param: string): string {
	return param.startsWith('body.') ? param.slice('body.'.length) : param;
}

function withHint(message: string, hint: string): string {
	return hint ? `${message} ${hint}` : message;
}
