import { RequestProblem } from '../../endpoints/endpoint';
import { SCHEMA_NAME } from '../../endpoints/body';
import type { JsonObject } from '../../jsonl/json';
import { isObject, tryParseJson } from '../../jsonl/json';

/** Whether the panel stores this for an option that was not filled in. */
const isUnset = (value: unknown): value is undefined | null | '' =>
	value === undefined || value === null || value === '';

/** Reads a JSON field of the panel: text, or an object that an expression returned. */
export function jsonObject(value: unknown, displayName: string): JsonObject | undefined {
	if (isUnset(value)) return undefined;
	if (isObject(value)) return value;
	const parsed = Array.isArray(value) ? undefined : tryParseJson(String(value));
	if (parsed && !parsed.ok) {
		throw new RequestProblem(`${displayName} is not valid JSON: ${parsed.message}.`);
	}
	if (isObject(parsed?.value)) return parsed.value;
	throw new RequestProblem(`${displayName} has to be a JSON object.`);
}

interface Range {
	min: number;
	max?: number;
	isWhole?: boolean;
}

function describe({ min, max, isWhole }: Range): string {
	const bounds = max === undefined ? `of at least ${min}` : `between ${min} and ${max}`;
	return `a ${isWhole ? 'whole number' : 'number'} ${bounds}`;
}

/** Makes a reader of numbers within the bounds of the panel, which does not check expressions. */
export function amount(range: Range) {
	return (value: unknown, displayName: string): number | undefined => {
		if (isUnset(value)) return undefined;
		const number = typeof value === 'string' ? Number(value) : value;
		const isRight =
			typeof number === 'number' &&
			(range.isWhole ? Number.isInteger(number) : Number.isFinite(number)) &&
			number >= range.min &&
			number <= (range.max ?? Infinity);
		if (isRight) return number;
		throw new RequestProblem(`${displayName} has to be ${describe(range)}.`);
	};
}

/** Reads a text; numbers and booleans are written out. */
export function text(value: unknown, displayName: string): string | undefined {
	if (value === undefined || value === null) return undefined;
	if (typeof value !== 'object') return String(value);
	throw new RequestProblem(`${displayName} has to be text.`);
}

/** Reads the name of a schema. The API refuses other names, but only when the requests run. */
export function schemaName(value: unknown, displayName: string): string | undefined {
	const name = text(value, displayName);
	if (!name || SCHEMA_NAME.test(name)) return name;
	throw new RequestProblem(
		`${displayName} can have only letters, digits, underscores and dashes, and at most 64 of them.`,
	);
}
