/** One step of a path, after `.` or `?.` or in brackets. */
export interface PathStep {
	key: string;
	/** The key can be an element of an array. */
	isIndex: boolean;
}

/** A piece of an expression, in the few forms that are compiled. */
export type ExpressionPart =
	| { type: 'constant'; value: string | number }
	| { type: 'itemIndex' }
	| { type: 'json'; path: PathStep[] };

/** An expression that is one piece of code has the value of the code. Any other is a text. */
export type ParsedExpression =
	{ type: 'value'; part: ExpressionPart } | { type: 'text'; parts: ExpressionPart[] };

const JSON_PATH = /^\$json((?:\??\.[A-Za-z_$][\w$]*|(?:\?\.)?\[(?:\d+|"[^"]*"|'[^']*')\])*)$/;
const PATH_STEP = /\??\.?(?:([A-Za-z_$][\w$]*)|\[(?:(\d+)|"([^"]*)"|'([^']*)')\])/g;
const NUMBER = /^(?:0|[1-9]\d{0,14})$/;
const STRING = /^(?:"([^"]*)"|'([^']*)')$/;

/** A line end inside quotes is an error. */
const LINE_END = /[\n\r\u2028\u2029]/;

/** What n8n takes for a method call. It rewrites such code, even inside quotes. */
const CALL = /[.$]\w+\s*(?:\?\.)?\s*\(/;

/**
 * Names that n8n refuses in expressions, or that mean something else in its sandbox than in the
 * item: what every object inherits, and n8n-workflow's `unsafeObjectProperties`.
 */
const REFUSED_NAMES = new Set([
	...Object.getOwnPropertyNames(Object.prototype),
	'_linkedBinding',
	'_load',
	'arguments',
	'binding',
	'callee',
	'caller',
	'defineProperties',
	'defineProperty',
	'dlopen',
	'execve',
	'getBuiltinModule',
	'getOwnPropertyDescriptor',
	'getOwnPropertyDescriptors',
	'getPrototypeOf',
	'loadEnvFile',
	'mainModule',
	'prepareStackTrace',
	'prototype',
	'setPrototypeOf',
]);

function parsePath(steps: string): PathStep[] | undefined {
	const path: PathStep[] = [];
	for (const [, name, index, double, single] of steps.matchAll(PATH_STEP)) {
		const key = name ?? index ?? double ?? single;
		const isIndex = NUMBER.test(key);
		if (REFUSED_NAMES.has(key) || LINE_END.test(key)) return undefined;
		if (index !== undefined && !isIndex) return undefined;
		path.push({ key, isIndex });
	}
	return path;
}

function parseCode(code: string): ExpressionPart | undefined {
	if (CALL.test(code)) return undefined;
	const source = code.trim();
	if (source === '$itemIndex') return { type: 'itemIndex' };
	if (NUMBER.test(source)) return { type: 'constant', value: Number(source) };

	const string = STRING.exec(source);
	if (string) {
		const value = string[1] ?? string[2];
		return LINE_END.test(value) ? undefined : { type: 'constant', value };
	}
	const json = JSON_PATH.exec(source);
	const path = json && parsePath(json[1]);
	return path ? { type: 'json', path } : undefined;
}

/** A piece of an expression as it is written: text, or the code between `{{` and `}}`. */
type Segment = { text: string } | { code: string };

/**
 * Cuts an expression as n8n's expression language does: code starts at `{{` and ends at the first
 * `}}`, even inside quotes.
 *
 * @returns undefined when code does not end
 */
function segmentsOf(expression: string): Segment[] | undefined {
	const [before, ...rest] = expression.split('{{');
	const segments: Segment[] = [{ text: before }];
	let open: string | undefined;
	for (const piece of rest) {
		// "{{" inside code belongs to the code.
		const code: string = open === undefined ? piece : `${open}{{${piece}`;
		const end = code.indexOf('}}');
		open = end === -1 ? code : undefined;
		if (end === -1) continue;
		segments.push({ code: code.slice(0, end) }, { text: code.slice(end + 2) });
	}
	return open === undefined ? segments : undefined;
}

/** Backslashes escape braces and themselves, in some places only. */
const hasEscapes = (expression: string) => expression.includes('\\');

/**
 * Parses a parameter that is an expression, without its leading `=`.
 *
 * @returns undefined for everything but text, paths below `$json`, `$itemIndex` and plain numbers
 * and strings: n8n has to evaluate the rest
 */
export function parseExpression(expression: string): ParsedExpression | undefined {
	// n8n also looks for "constructor" in the text around the code.
	if (hasEscapes(expression) || expression.includes('constructor')) return undefined;
	const segments = segmentsOf(expression);
	const parts = segments?.map((segment): ExpressionPart | undefined =>
		'text' in segment ? { type: 'constant', value: segment.text } : parseCode(segment.code),
	);
	if (!parts?.every((part) => part !== undefined)) return undefined;
	const [before, code, after] = parts;
	const isOnlyCode = parts.length === 3 && isNothing(before) && isNothing(after);
	return isOnlyCode ? { type: 'value', part: code } : { type: 'text', parts };
}

const isNothing = (part: ExpressionPart) => part.type === 'constant' && part.value === '';

/** A piece of code in an expression. */
export interface Insertion {
	/** As it is written, without braces and spaces around it. */
	code: string;
	/** Undefined when only n8n can evaluate the code. */
	part: ExpressionPart | undefined;
}

/** What an expression inserts, without its leading `=`; for one with escapes, as a whole. */
export function insertionsOf(expression: string): Insertion[] {
	const segments = hasEscapes(expression) ? undefined : segmentsOf(expression);
	if (!segments) return [{ code: expression.trim(), part: undefined }];
	return segments.flatMap((segment) =>
		'code' in segment ? [{ code: segment.code.trim(), part: parseCode(segment.code) }] : [],
	);
}
