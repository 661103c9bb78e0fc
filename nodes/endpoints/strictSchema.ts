import { isObject } from '../jsonl/json';
import type { JsonObject, JsonValue } from '../jsonl/json';

/**
 * OpenAI's rules for the schema of a strict structured output, from its guide of November 2026 and
 * from what its SDK (7.57) refuses to send. A schema that breaks one is accepted with the batch,
 * and then every request fails, hours later. Rules that are only likely are left to the service.
 */

/** Keywords that the guide excludes, or that the SDK refuses. */
const EXCLUDED = new Set([
	'allOf',
	'contains',
	'dependentRequired',
	'dependentSchemas',
	'else',
	'if',
	'maxProperties',
	'minProperties',
	'not',
	'oneOf',
	'patternProperties',
	'prefixItems',
	'propertyNames',
	'then',
	'uniqueItems',
]);

const TYPES = new Set<unknown>([
	'array',
	'boolean',
	'integer',
	'null',
	'number',
	'object',
	'string',
]);

/** How many levels of objects, properties, values of enums, and letters of all names and values. */
const MOST = { levels: 10, properties: 5_000, enumValues: 1_000, characters: 120_000 };

/** An enum with more values than these has a limit on the letters of all of them. */
const LONG_ENUM = { values: 250, characters: 15_000 };

/** Schemas in schemas are followed this far, so that no nesting is too deep for the search. */
const MAX_DEPTH = 500;

/** A fault of a schema, and where it is, such as `properties.genre`. */
export interface SchemaFault {
	/** '' for the outermost schema. */
	path: string;
	/** What is wrong and what to do, in whole sentences. */
	message: string;
}

export interface NamedSchema {
	schema: JsonObject;
	name?: string;
	strict?: boolean;
}

/** The keys under which an answer's format, or a part of it, stands in a body. */
const ENVELOPES = ['response_format', 'text', 'format', 'json_schema'];

/** Keys that show that an object is a schema itself, and no envelope of one. */
const SCHEMA_KEYS = ['properties', '$ref', 'anyOf', 'items', 'enum'];

/**
 * The schema itself where a whole `response_format`, or a part of one, was given instead.
 *
 * @param value `{type: "json_schema", json_schema: {…}}`, `{format: {…}}`, `{name, schema, strict}`,
 * or the schema
 */
export function unwrapSchema(value: JsonObject): NamedSchema {
	if (SCHEMA_KEYS.some((key) => value[key] !== undefined)) return { schema: value };
	const inner = ENVELOPES.map((envelope) => value[envelope]).find(isObject);
	if (inner) return unwrapSchema(inner);
	const { name, schema, strict } = value;
	if (!isObject(schema)) return { schema: value };
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
	return closed(schema, 0);
}

function closed(schema: JsonObject, depth: number): JsonObject {
	if (depth > MAX_DEPTH) return schema;
	const copy: JsonObject = {};
	for (const [key, value] of Object.entries(schema)) {
		set(copy, key, HOLDERS.has(key) ? closedIn(value, key, depth + 1) : value);
	}
	if (isObjectSchema(schema) && schema.additionalProperties === undefined) {
		copy.additionalProperties = false;
	}
	return copy;
}

/** The value of a keyword whose schemas are closed. */
function closedIn(value: JsonValue | undefined, keyword: string, depth: number) {
	const close = (inner: JsonValue | undefined) => (isObject(inner) ? closed(inner, depth) : inner!);
	if (Array.isArray(value)) return value.map(close);
	if (!isObject(value) || HOLDERS.get(keyword) === 'one') return close(value);
	const copy: JsonObject = {};
	for (const [name, inner] of Object.entries(value)) set(copy, name, close(inner));
	return copy;
}

/** Sets an own property, also one with the name `__proto__`. */
function set(object: JsonObject, key: string, value: JsonValue | undefined): void {
	Object.defineProperty(object, key, {
		value,
		configurable: true,
		enumerable: true,
		writable: true,
	});
}

/** Keywords that hold one schema, or a list of them, or schemas by name. */
const HOLDERS: ReadonlyMap<string, 'one' | 'named'> = new Map([
	['additionalProperties', 'one'],
	['anyOf', 'one'],
	['items', 'one'],
	['$defs', 'named'],
	['definitions', 'named'],
	['properties', 'named'],
]);

/** Everything for which OpenAI certainly refuses a strict schema, the outermost first. */
export function strictSchemaFaults(schema: JsonObject): SchemaFault[] {
	const search = new Search();
	search.root(schema);
	return search.faults;
}

/** A step from the outermost schema to one in it; undefined for the outermost. */
interface Step {
	before: Step | undefined;
	name: string;
	depth: number;
}

/** `properties.genre`. Only a fault needs it, so it is not written before. */
function pathOf(step: Step | undefined): string {
	const names: string[] = [];
	for (let one = step; one; one = one.before) names.unshift(one.name);
	return names.join('.');
}

/** Goes through a schema and everything in it. */
class Search {
	readonly faults: SchemaFault[] = [];
	private readonly totals = { properties: 0, enumValues: 0, characters: 0 };

	root(schema: JsonObject): void {
		if (schema.type !== 'object' || schema.anyOf !== undefined) {
			this.add(
				undefined,
				'The outermost schema has to have "type": "object", and no anyOf. Put anything else into a property of it.',
			);
		}
		this.visit(schema, undefined, 0);
		this.limit('properties', 'properties');
		this.limit('enumValues', 'enum values');
		this.limit('characters', 'characters in names, enums and consts');
	}

	private add(step: Step | undefined, message: string): void {
		this.faults.push({ path: pathOf(step), message });
	}

	private limit(total: keyof Search['totals'], what: string): void {
		const count = this.totals[total];
		if (count <= MOST[total]) return;
		this.add(undefined, `It has ${count} ${what}, more than ${MOST[total]}. Make it smaller.`);
	}

	/**
	 * @param level how many objects the schema is in, itself included. The outermost does not count,
	 * since it is not known whether it is the first level.
	 */
	private visit(schema: JsonObject, step: Step | undefined, level: number): void {
		const isObjectItself = isObjectSchema(schema);
		if (isObjectItself) this.judgeObject(schema, step, level);
		for (const key in schema) {
			const value = schema[key];
			const kind = HOLDERS.get(key);
			if (kind === undefined) this.judge(key, value, step);
			// An object and the alternatives in it are one level.
			else if (Array.isArray(value)) {
				const isSame = key === 'anyOf' && isObjectItself;
				for (const [index, inner] of value.entries()) {
					this.enter(inner, step, `${key}[${index}]`, isSame ? level - 1 : level);
				}
			} else if (kind === 'one') this.enter(value, step, key, level);
			else if (isObject(value)) this.visitNamed(value, step, key, level);
		}
	}

	private visitNamed(named: JsonObject, before: Step | undefined, key: string, level: number) {
		const step = { before, name: key, depth: (before?.depth ?? 0) + 1 };
		for (const name in named) {
			this.totals.characters += name.length;
			// What is defined has levels of its own, wherever it is used.
			this.enter(named[name], step, name, key === 'properties' ? level : 0);
		}
	}

	private enter(
		inner: JsonValue | undefined,
		before: Step | undefined,
		name: string,
		level: number,
	): void {
		const depth = (before?.depth ?? 0) + 1;
		if (!isObject(inner) || depth > MAX_DEPTH) return;
		this.visit(inner, { before, name, depth }, isObjectSchema(inner) ? level + 1 : level);
	}

	private judge(key: string, value: JsonValue | undefined, step: Step | undefined): void {
		if (value === undefined) return;
		if (EXCLUDED.has(key)) {
			this.add(step, `'${key}' is not allowed.${key === 'oneOf' ? ' Use anyOf.' : ''}`);
		} else if (key === 'type') {
			const unknown = Array.isArray(value)
				? value.find((type) => !TYPES.has(type))
				: TYPES.has(value)
					? undefined
					: value;
			if (unknown === undefined) return;
			this.add(step, `${JSON.stringify(unknown)} is not a type of JSON Schema.`);
		} else if (key === 'enum') {
			if (Array.isArray(value)) this.judgeEnum(value, step);
		} else if (key === 'const') {
			if (typeof value === 'string') this.totals.characters += value.length;
		}
	}

	private judgeEnum(values: JsonValue[], step: Step | undefined): void {
		const texts = values.filter((value) => typeof value === 'string');
		const characters = texts.reduce((sum, text) => sum + text.length, 0);
		this.totals.enumValues += values.length;
		this.totals.characters += characters;
		if (texts.length <= LONG_ENUM.values || characters <= LONG_ENUM.characters) return;
		this.add(
			step,
			`An enum of more than ${LONG_ENUM.values} values may have ${LONG_ENUM.characters} characters in all, and this one has ${characters}.`,
		);
	}

	private judgeObject(schema: JsonObject, step: Step | undefined, level: number): void {
		const { properties, required } = schema;
		const names = isObject(properties) ? Object.keys(properties) : [];
		this.totals.properties += names.length;
		if (schema.additionalProperties !== false) {
			this.add(step, "'additionalProperties' has to be false.");
		}
		const listed = new Set(Array.isArray(required) ? required : []);
		const optional = names.filter((name) => !listed.has(name));
		if (optional.length > 0) {
			const quoted = optional.map((name) => `'${name}'`).join(', ');
			const verb = optional.length === 1 ? 'is' : 'are';
			this.add(
				step,
				`'required' has to list every property, but ${quoted} ${verb} missing. Make a property that may be absent nullable instead, for example with the type ["string", "null"].`,
			);
		}
		if (level === MOST.levels + 1) {
			this.add(step, `It is more than ${MOST.levels} levels of objects deep.`);
		}
	}
}

function isObjectSchema({ type, properties }: JsonObject): boolean {
	if (type === undefined) return isObject(properties);
	return Array.isArray(type) ? type.includes('object') : type === 'object';
}
