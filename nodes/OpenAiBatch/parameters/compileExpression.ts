import type { INodeExecutionData } from 'n8n-workflow';
import {
	insertionsOf,
	parseExpression,
	type ExpressionPart,
	type PathStep,
} from './expressionSyntax';

/** What a compiled expression returns for an item that only n8n can evaluate. */
export const BAIL = Symbol('evaluated by n8n');

/** The value of an expression for one item, or BAIL. Objects of the item are not copied. */
export type CompiledExpression = (item: INodeExecutionData, itemIndex: number) => unknown;

/** Whether n8n evaluates a parameter's value. */
export const isExpression = (value: unknown): value is string =>
	typeof value === 'string' && value.startsWith('=');

/**
 * Compiles the expressions that people write most often (`={{ $json.title }}`, text that contains
 * such paths) to plain functions. n8n 2.41 takes about 0.36 ms to evaluate one expression, and the
 * whole process waits meanwhile: 50,000 items take 18 s. Compiled, they take 0.02 s.
 *
 * @param raw the parameter as stored: with a leading `=` if it is an expression, else a constant
 * @returns a function whose results equal n8n's to the letter; undefined if n8n must evaluate the
 * expression for every item
 */
export function compileExpression(raw: string): CompiledExpression | undefined {
	if (!isExpression(raw)) return () => raw;
	const parsed = parseExpression(raw.slice(1));
	if (!parsed) return undefined;

	if (parsed.type === 'value') {
		const read = compilePart(parsed.part);
		return (item, itemIndex) => {
			const value = read(item, itemIndex);
			return value === undefined || isPlainJson(value) ? value : BAIL;
		};
	}
	const parts = parsed.parts.map(compilePart);
	return (item, itemIndex) => {
		let text = '';
		for (const part of parts) {
			const piece = toText(part(item, itemIndex));
			if (piece === BAIL) return BAIL;
			text += piece;
		}
		return text;
	};
}

/** A piece of code in an expression, and how its value is read. */
export interface CompiledInsertion {
	code: string;
	/** Undefined where only n8n can evaluate the code. */
	read: CompiledExpression | undefined;
}

/** What an expression inserts. @param raw the parameter as stored, with its leading `=` */
export function compileInsertions(raw: string): CompiledInsertion[] {
	return insertionsOf(raw.slice(1)).map(({ code, part }) => ({
		code,
		read: part && compilePart(part),
	}));
}

/** Whether an expression is text with code in it, so that objects are written out as text. */
export const isTemplate = (raw: string): boolean => !/^=\{\{(?:(?!\}\}).)*\}\}$/s.test(raw);

type PartOf<T extends ExpressionPart['type']> = Extract<ExpressionPart, { type: T }>;

const COMPILERS: { [T in ExpressionPart['type']]: (part: PartOf<T>) => CompiledExpression } = {
	constant:
		({ value }) =>
		() =>
			value,
	itemIndex: () => (_item, itemIndex) => itemIndex,
	json:
		({ path }) =>
		({ json }) =>
			readPath(json, path),
};

const compilePart = (part: ExpressionPart): CompiledExpression =>
	COMPILERS[part.type](part as never);

/** Follows a path through the item's own data; BAIL where anything else would be involved. */
function readPath(json: unknown, path: PathStep[]): unknown {
	let value = json;
	for (const { key, isIndex } of path) {
		// n8n catches the TypeError, also without `?.`: the expression then has no value.
		if (value === undefined || value === null) return undefined;
		if (typeof value !== 'object' || !isPlainContainer(value)) return BAIL;
		if (Array.isArray(value) && !isIndex) return BAIL;
		value = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
	}
	return value;
}

/** A piece of a text as n8n writes it: nothing for null and undefined, lists with commas. */
function toText(value: unknown): string | typeof BAIL {
	if (typeof value === 'string') return value;
	if (value === null || value === undefined) return '';
	return isPlainJson(value) ? String(value) : BAIL;
}

/** Deeper values are left to n8n. The limit also ends the search in values that contain themselves. */
const MAX_DEPTH = 50;

/**
 * Whether a value is an array or an object as JSON.parse makes them, of any realm: n8n's sandbox
 * and its JavaScript have different `Object.prototype`s.
 */
function isPlainContainer(value: object): boolean {
	if (Array.isArray(value)) return true;
	const prototype = Object.getPrototypeOf(value) as object | null;
	return prototype !== null && Object.getPrototypeOf(prototype) === null;
}

/**
 * Whether n8n's evaluation returns an equal value for this one. n8n copies what an expression
 * returns, and changes what JSON does not have: dates, instances of classes, holes in arrays,
 * `undefined`. Keys that start with `__` mark such values in the copy.
 */
function isPlainJson(value: unknown, depth = 0): boolean {
	if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
	if (typeof value === 'number') return Number.isFinite(value);
	if (typeof value !== 'object' || depth > MAX_DEPTH || !isPlainContainer(value)) return false;
	if (Array.isArray(value)) {
		for (let index = 0; index < value.length; index++) {
			if (!isPlainJson(value[index], depth + 1)) return false;
		}
		return true;
	}
	for (const [key, entry] of Object.entries(value)) {
		if (key in Object.prototype || key.startsWith('__')) return false;
		if (!isPlainJson(entry, depth + 1)) return false;
	}
	return true;
}
