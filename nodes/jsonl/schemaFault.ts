import type { JsonObject, JsonValue } from './json';
import { isObject } from './json';

/** Values and schemas are followed this far, so that no nesting is too deep for the check. */
const MAX_DEPTH = 200;

/** How many pairs of a value and a schema are looked at: alternatives that repeat could take for ever. */
const MAX_STEPS = 100_000;

/**
 * What is certainly wrong with a value by a JSON schema: the path and the reason, such as
 * `films[0].title is missing`; undefined when nothing is. It knows required properties, types,
 * enums, constants, and schemas in properties, items, `anyOf`, `oneOf`, `allOf` and local `$ref`s.
 * Of everything else, and of what lies beyond its limits of depth and steps, it assumes that the
 * value is right, so that it never refuses a good one.
 */
export function schemaFault(schema: JsonObject, value: JsonValue): string | undefined {
	return faultOf(schema, value, { root: schema, path: '', depth: 0, budget: { steps: MAX_STEPS } });
}

interface Place {
	root: JsonObject;
	/** '' for the outermost value. */
	path: string;
	depth: number;
	/** How many steps are left, for all places together. */
	budget: { steps: number };
}

function faultOf(
	schema: JsonValue | undefined,
	value: JsonValue,
	place: Place,
): string | undefined {
	if (!isObject(schema) || place.depth > MAX_DEPTH || place.budget.steps-- <= 0) return undefined;
	const inside = { ...place, depth: place.depth + 1 };
	// OpenAPI writes types that may be null in this way.
	if (value === null && schema.nullable === true) return undefined;
	const { $ref: ref } = schema;
	// What stands beside a reference holds in newer versions of JSON Schema only.
	if (typeof ref === 'string') return faultOf(referenced(place.root, ref), value, inside);
	return (
		typeFault(schema, value, place) ??
		valueFault(schema, value, place) ??
		alternativesFault(schema, value, inside) ??
		objectFault(schema, value, inside) ??
		itemsFault(schema, value, inside)
	);
}

/** The schema at a pointer such as `#/$defs/film`; undefined for any other reference. */
function referenced(root: JsonObject, ref: string): JsonValue | undefined {
	if (ref === '#') return root;
	if (!ref.startsWith('#/')) return undefined;
	let found: JsonValue | undefined = root;
	for (const step of ref.slice(2).split('/')) {
		const name = unescaped(step);
		if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) {
			return undefined;
		}
		found = (found as JsonObject)[name];
	}
	return found;
}

function unescaped(step: string): string {
	try {
		return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
	} catch {
		return step;
	}
}

const IS_OF_TYPE: ReadonlyMap<unknown, (value: JsonValue) => boolean> = new Map<
	unknown,
	(value: JsonValue) => boolean
>([
	['array', Array.isArray],
	['boolean', (value) => typeof value === 'boolean'],
	['integer', (value) => Number.isInteger(value)],
	['null', (value) => value === null],
	['number', (value) => typeof value === 'number'],
	['object', isObject],
	['string', (value) => typeof value === 'string'],
]);

function typeFault({ type }: JsonObject, value: JsonValue, place: Place): string | undefined {
	const types = Array.isArray(type) ? type : [type ?? null];
	const mayBe = (one: JsonValue) => IS_OF_TYPE.get(one)?.(value) ?? true;
	if (types.length === 0 || types.some(mayBe)) return undefined;
	return `${nameOf(place)} is not of the type ${types.join(' or ')}`;
}

function valueFault(schema: JsonObject, value: JsonValue, place: Place): string | undefined {
	const { enum: values, const: constant } = schema;
	if (Array.isArray(values) && values.length > 0 && !values.some((one) => isEqual(one, value))) {
		return `${nameOf(place)} is not one of the values that are allowed`;
	}
	if (constant === undefined || isEqual(constant, value)) return undefined;
	return `${nameOf(place)} is not the value that is required`;
}

function isEqual(one: JsonValue | undefined, other: JsonValue | undefined): boolean {
	if (one === other) return true;
	if (Array.isArray(one) && Array.isArray(other)) {
		return one.length === other.length && one.every((item, index) => isEqual(item, other[index]));
	}
	if (!isObject(one) || !isObject(other)) return false;
	const names = Object.keys(one);
	return (
		names.length === Object.keys(other).length &&
		names.every((name) => Object.hasOwn(other, name) && isEqual(one[name], other[name]))
	);
}

function alternativesFault(
	{ anyOf, oneOf, allOf }: JsonObject,
	value: JsonValue,
	place: Place,
): string | undefined {
	for (const alternatives of [anyOf, oneOf]) {
		if (!Array.isArray(alternatives) || alternatives.length === 0) continue;
		const faults = alternatives.map((one) => faultOf(one, value, place));
		if (faults.every((fault) => fault !== undefined)) return faults[0];
	}
	if (!Array.isArray(allOf)) return undefined;
	return firstFault(allOf, (one) => faultOf(one, value, place));
}

function objectFault(schema: JsonObject, value: JsonValue, place: Place): string | undefined {
	if (!isObject(value)) return undefined;
	const { properties, required } = schema;
	const names = Array.isArray(required) ? required : [];
	const missing = names.find((name) => typeof name === 'string' && !Object.hasOwn(value, name));
	if (missing !== undefined) return `${pathTo(place, String(missing))} is missing`;
	if (!isObject(properties)) return undefined;
	const known = Object.keys(properties).filter((name) => Object.hasOwn(value, name));
	return firstFault(known, (name) => {
		return faultOf(properties[name], value[name]!, { ...place, path: pathTo(place, name) });
	});
}

function itemsFault(schema: JsonObject, value: JsonValue, place: Place): string | undefined {
	const { items, prefixItems } = schema;
	if (!Array.isArray(value) || !isObject(items) || prefixItems !== undefined) return undefined;
	return firstFault(value, (item, index) =>
		faultOf(items, item, { ...place, path: `${place.path}[${index}]` }),
	);
}

function firstFault<T>(
	all: readonly T[],
	fault: (one: T, index: number) => string | undefined,
): string | undefined {
	for (const [index, one] of all.entries()) {
		const found = fault(one, index);
		if (found !== undefined) return found;
	}
	return undefined;
}

const pathTo = ({ path }: Place, name: string) => (path === '' ? name : `${path}.${name}`);

const nameOf = ({ path }: Place) => (path === '' ? 'the answer' : path);
