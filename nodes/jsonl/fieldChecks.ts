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
}

/** The issue of a parameter that is absent; `hint` says what belongs there. */
export function missing(param: string, hint = ''): Issue {
	const message = `Missing required parameter: '${nameOf(param)}'.`;
	return { code: 'missing_required_parameter', message: withHint(message, hint), param };
}

/** The issue of a parameter of the wrong type; `expected` is such as 'a string'. */
export function invalidType(param: string, expected: string, value: unknown): Issue {
	const message = `Invalid type for '${nameOf(param)}': expected ${expected}, but got ${kindOf(value)} instead.`;
	return { code: 'invalid_type', message, param };
}

/** The issue of a parameter whose type is right and whose value is not. */
export function invalidValue(param: string, message: string): Issue {
	return { code: 'invalid_value', message, param };
}

function empty(param: string, what: string, hint: string): Issue {
	return invalidValue(param, withHint(`'${nameOf(param)}' is ${what}.`, hint));
}

/** Checks that a field is a string that is not empty. */
export function checkText(object: JsonObject, param: string, hint = ''): Issue[] {
	const value = object[nameOf(param)];
	if (value === undefined || value === null) return [missing(param, hint)];
	if (typeof value !== 'string') return [invalidType(param, 'a string', value)];
	return value === '' ? [empty(param, 'empty', hint)] : [];
}

/** Checks that a field is a list of objects that is not empty. */
export function checkObjects(object: JsonObject, param: string, hint = ''): Issue[] {
	const value = object[nameOf(param)];
	if (value === undefined || value === null) return [missing(param, hint)];
	if (!Array.isArray(value)) return [invalidType(param, 'an array of objects', value)];
	if (value.length === 0) return [empty(param, 'an empty array', hint)];
	const at = value.findIndex((item) => !isObject(item));
	return at === -1 ? [] : [invalidType(`${param}[${at}]`, 'an object', value[at])];
}

/** Checks that a field is a string or a list that is not empty; the API checks what is in the list. */
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
