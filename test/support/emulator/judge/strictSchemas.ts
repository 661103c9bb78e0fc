import type { Endpoint } from '../batches/requestLine';
import { refusal, type Refusal } from './phrases';

type Schema = Record<string, unknown>;
type Body = Record<string, unknown>;

/** A JSON schema in a request that asks for strict answers, and where it stands. */
interface StrictSchema {
	/** As messages name it: `response_format 'film'`. */
	title: string;
	schema: unknown;
	param: string;
	code: string | null;
}

/** Keywords that strict schemas may not have: from the guide and from the SDK's own checks. */
const FORBIDDEN = [
	'allOf',
	'not',
	'if',
	'then',
	'else',
	'dependentRequired',
	'dependentSchemas',
	'oneOf',
	'patternProperties',
	'propertyNames',
	'uniqueItems',
	'prefixItems',
	'contains',
	'minProperties',
	'maxProperties',
];

/** The published limits; whether arrays are levels is not known, so that they are not counted. */
const MOST = { properties: 5000, levels: 10, enumValues: 1000 };

const isObject = (value: unknown): value is Schema =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

/** A fault in the words of the service, after the name of the schema. */
class SchemaFault extends Error {}

const context = (path: readonly string[]) =>
	`In context=(${path.map((key) => `'${key}'`).join(', ')}${path.length === 1 ? ',' : ''})`;

/** Walks through a schema and throws its first fault. */
class Walk {
	private properties = 0;
	private enumValues = 0;

	root(schema: unknown): void {
		if (!isObject(schema) || schema.type !== 'object') {
			const type = isObject(schema) ? schema.type : undefined;
			throw new SchemaFault(
				`schema must be a JSON Schema of 'type: "object"', got 'type: "${type ?? 'None'}"'.`,
			);
		}
		this.visit(schema, [], 0);
	}

	private visit(schema: unknown, path: readonly string[], level: number): void {
		if (!isObject(schema)) return;
		const forbidden = FORBIDDEN.find((keyword) => schema[keyword] !== undefined);
		if (forbidden !== undefined) {
			throw new SchemaFault(`${context(path)}, '${forbidden}' is not permitted.`);
		}
		if (Array.isArray(schema.enum)) this.count('enumValues', schema.enum.length, 'enum values');
		if (schema.properties !== undefined || [schema.type].flat().includes('object')) {
			this.object(schema, path, level + 1);
		}
		if (schema.items !== undefined) this.visit(schema.items, [...path, 'items'], level);
		const choices = Array.isArray(schema.anyOf) ? schema.anyOf : [];
		choices.forEach((choice, index) => this.visit(choice, [...path, 'anyOf', `${index}`], level));
		for (const key of ['$defs', 'definitions']) {
			for (const [name, part] of Object.entries(schema[key] ?? {})) {
				this.visit(part, [...path, key, name], 0);
			}
		}
	}

	private object(schema: Schema, path: readonly string[], level: number): void {
		if (level > MOST.levels) {
			throw new SchemaFault(`${level} levels of nesting exceeds limit of ${MOST.levels}.`);
		}
		if (schema.additionalProperties !== false) {
			throw new SchemaFault(
				`${context(path)}, 'additionalProperties' is required to be supplied and to be false.`,
			);
		}
		const keys = Object.keys(isObject(schema.properties) ? schema.properties : {});
		const required = Array.isArray(schema.required) ? schema.required : [];
		const missing = keys.find((key) => !required.includes(key));
		if (missing !== undefined) {
			throw new SchemaFault(
				`${context(path)}, 'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`,
			);
		}
		this.count('properties', keys.length, 'parameters');
		for (const key of keys) {
			this.visit((schema.properties as Schema)[key], [...path, 'properties', key], level);
		}
	}

	private count(what: 'properties' | 'enumValues', more: number, name: string): void {
		this[what] += more;
		if (this[what] > MOST[what]) {
			throw new SchemaFault(`${this[what]} ${name} exceeds limit of ${MOST[what]}.`);
		}
	}
}

interface Format {
	type?: string;
	name?: string;
	strict?: boolean;
	schema?: unknown;
}

interface Tool extends Format {
	parameters?: unknown;
	function?: Tool;
}

/** The strict schemas of a body: its answer's format, then its functions. */
function strictSchemas(endpoint: Endpoint, body: Body): StrictSchema[] {
	const isChat = endpoint === '/v1/chat/completions';
	const format = isChat
		? (body.response_format as { json_schema?: Format } | null)?.json_schema
		: (body.text as { format?: Format } | null)?.format;
	const answer: StrictSchema = {
		title: `response_format '${format?.name}'`,
		schema: format?.schema,
		...(isChat
			? { param: 'response_format', code: null }
			: { param: 'text.format.schema', code: 'invalid_json_schema' }),
	};
	const tools = Array.isArray(body.tools) ? (body.tools as Tool[]) : [];
	const functions = tools.flatMap((tool, index): StrictSchema[] => {
		const called = isChat ? tool.function : tool;
		if (called?.strict !== true || !isObject(called.parameters)) return [];
		return [
			{
				title: `function '${called.name}'`,
				schema: called.parameters,
				param: `tools[${index}].${isChat ? 'function.' : ''}parameters`,
				code: 'invalid_function_parameters',
			},
		];
	});
	return [...(format?.strict === true ? [answer] : []), ...functions];
}

function wrongName(endpoint: Endpoint, body: Body): Refusal | undefined {
	const isChat = endpoint === '/v1/chat/completions';
	const format = isChat
		? (body.response_format as { json_schema?: Format } | null)?.json_schema
		: (body.text as { format?: Format } | null)?.format;
	const param = isChat ? 'response_format.json_schema.name' : 'text.format.name';
	if (format?.name === undefined || /^[a-zA-Z0-9_-]+$/.test(format.name)) return undefined;
	return refusal(
		`Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`,
		param,
		'invalid_value',
	);
}

/**
 * Why a strict schema in a body is refused. The rules are from the guide to structured outputs,
 * the words from many reports; those for a root that is no object and for functions from fewer.
 */
export function strictSchemaRefusal(endpoint: Endpoint, body: Body): Refusal | undefined {
	if (endpoint !== '/v1/chat/completions' && endpoint !== '/v1/responses') return undefined;
	for (const { title, schema, param, code } of strictSchemas(endpoint, body)) {
		try {
			new Walk().root(schema);
		} catch (fault) {
			if (!(fault instanceof SchemaFault)) throw fault;
			return refusal(`Invalid schema for ${title}: ${fault.message}`, param, code);
		}
	}
	return wrongName(endpoint, body);
}
