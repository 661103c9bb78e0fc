import { isObject } from '../jsonl/json';
import type { JsonObject, JsonValue } from '../jsonl/json';

/**
 * OpenAI's rules for the schema of a strict structured output, from its guide of November 2026.
 * A schema that breaks one is accepted with the batch, and then fails every request hours later.
 */

/** Keywords that the guide excludes. */
const EXCLUDED = [
	'allOf',
	'oneOf',
	'not',
	'if',
	'then',
	'else',
	'dependentRequired',
	'dependentSchemas',
];

/** Keywords whose value is one schema, or a list of them, or schemas by name. */
const SCHEMA_KEYWORDS = ['items', 'additionalProperties'];
const LIST_KEYWORDS = ['anyOf'];
const NAMED_KEYWORDS = ['properties', '$defs', 'definitions'];

const MAX_LEVELS = 10;
const MAX_PROPERTIES = 5_000;
const MAX_ENUM_VALUES = 1_000;

/** A fault of a schema, and where it is, such as `properties.genre`. */
export interface SchemaFault {
	path: string;
	/** A whole sentence without the path. */
	message: string;
}

export interface NamedSchema {
	schema: JsonObject;
	name?: string;
	strict?: boolean;
}

/**
 * The schema itself where a whole `response_format`, or a part of one, was given instead.
 *
 * @param value `{type: "json_schema", json_schema: {…}}`, `{format: {…}}`, `{name, schema, strict}`,
 * or the schema
 */
export function unwrapSchema(value: JsonObject): NamedSchema {
	for (const envelope of ['response_format', 'text', 'format', 'json_schema']) {
		const inner = value[envelope];
		const isAlone = !('properties' in value) && !('$ref' in value);
		if (isObject(inner) && isAlone) return unwrapSchema(inner);
	}
	const { name, schema, strict } = value;
	const isWrapped = isObject(schema) && !('properties' in value);
	if (!isWrapped) return { schema: value };
	return {
		...unwrapSchema(schema),
		...(typeof name === 'string' && name !== '' && { name }),
		...(typeof strict === 'boolean' && { strict }),
	};
}

/**
 * A schema made strict where its meaning is clear: objects that do not say whether they allow other
 * properties do not.
 */
export function closeObjects(schema: JsonObject): JsonObject {
	const closed = mapSchemas(schema, closeObjects);
	const isOpen = isObjectSchema(closed) && closed.additionalProperties === undefined;
	return isOpen ? { ...closed, additionalProperties: false } : closed;
}

/** Everything for which OpenAI refuses a strict schema, the outermost first. */
export function strictSchemaFaults(schema: JsonObject): SchemaFault[] {
	const faults: SchemaFault[] = [];
	if (schema.anyOf !== undefined || !isObjectSchema(schema)) {
		faults.push({ path: '', message: 'The outermost schema has to be an object.' });
	}
	const totals = { properties: 0, enumValues: 0 };
	visit(schema, [], 1, (found, path, level) => {
		faults.push(...faultsOf(found, path.join('.'), level));
		totals.properties += Object.keys(propertiesOf(found)).length;
		totals.enumValues += Array.isArray(found.enum) ? found.enum.length : 0;
	});
	const tooMany = (what: string, count: number, max: number) =>
		count > max ? [{ path: '', message: `It has ${count} ${what}, more than ${max}.` }] : [];
	return [
		...faults,
		...tooMany('properties', totals.properties, MAX_PROPERTIES),
		...tooMany('enum values', totals.enumValues, MAX_ENUM_VALUES),
	];
}

function faultsOf(schema: JsonObject, path: string, level: number): SchemaFault[] {
	const faults = EXCLUDED.filter((keyword) => schema[keyword] !== undefined).map((keyword) => ({
		path,
		message: `'${keyword}' is not permitted.`,
	}));
	if (!isObjectSchema(schema)) return faults;
	if (schema.additionalProperties !== false) {
		faults.push({ path, message: "'additionalProperties' has to be false." });
	}
	const required = Array.isArray(schema.required) ? schema.required : [];
	const optional = Object.keys(propertiesOf(schema)).filter((name) => !required.includes(name));
	if (optional.length > 0) {
		faults.push({
			path,
			message: `'required' has to list every property; ${optional.map((name) => `'${name}'`).join(', ')} ${optional.length === 1 ? 'is' : 'are'} missing. A property that may be absent gets a type such as ["string", "null"].`,
		});
	}
	if (level > MAX_LEVELS) {
		faults.push({ path, message: `It is nested deeper than ${MAX_LEVELS} levels of objects.` });
	}
	return faults;
}

function propertiesOf({ properties }: JsonObject): JsonObject {
	return isObject(properties) ? properties : {};
}

function isObjectSchema({ type, properties }: JsonObject): boolean {
	const types = Array.isArray(type) ? type : [type];
	return types.includes('object') || (type === undefined && isObject(properties));
}

/** Goes through a schema and all schemas in it. @param level how many objects are around it, itself included */
function visit(
	schema: JsonObject,
	path: string[],
	level: number,
	see: (schema: JsonObject, path: string[], level: number) => void,
): void {
	see(schema, path, level);
	for (const [step, inner, isProperty] of schemasIn(schema)) {
		visit(inner, [...path, step], isProperty && isObjectSchema(inner) ? level + 1 : level, see);
	}
}

function* schemasIn(
	schema: JsonObject,
): Generator<[step: string, schema: JsonObject, isProperty: boolean]> {
	for (const keyword of SCHEMA_KEYWORDS) {
		const inner = schema[keyword];
		if (isObject(inner)) yield [keyword, inner, keyword === 'items'];
	}
	for (const keyword of LIST_KEYWORDS) {
		const list = schema[keyword];
		if (!Array.isArray(list)) continue;
		for (const [index, inner] of list.entries()) {
			if (isObject(inner)) yield [`${keyword}[${index}]`, inner, false];
		}
	}
	for (const keyword of NAMED_KEYWORDS) {
		const named = schema[keyword];
		if (!isObject(named)) continue;
		for (const [name, inner] of Object.entries(named)) {
			if (isObject(inner)) yield [`${keyword}.${name}`, inner, keyword === 'properties'];
		}
	}
}

/** A copy whose inner schemas are changed. */
function mapSchemas(schema: JsonObject, change: (inner: JsonObject) => JsonObject): JsonObject {
	const copy: JsonObject = { ...schema };
	const changed = (value: JsonValue | undefined) => (isObject(value) ? change(value) : value);
	for (const keyword of SCHEMA_KEYWORDS) {
		if (isObject(copy[keyword])) copy[keyword] = changed(copy[keyword]);
	}
	for (const keyword of LIST_KEYWORDS) {
		const list = copy[keyword];
		if (Array.isArray(list)) copy[keyword] = list.map((inner) => changed(inner)!);
	}
	for (const keyword of NAMED_KEYWORDS) {
		const named = copy[keyword];
		if (!isObject(named)) continue;
		copy[keyword] = Object.fromEntries(
			Object.entries(named).map(([name, inner]) => [name, changed(inner)]),
		);
	}
	return copy;
}
