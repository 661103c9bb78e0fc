import { checkObject, checkText, invalidValue, isAbsent } from '../jsonl/fieldChecks';
import type { Issue } from '../jsonl/fieldChecks';
import { isObject } from '../jsonl/json';
import type { JsonObject, JsonValue } from '../jsonl/json';
import type { RequestFields } from './endpoint';
import { strictSchemaFaults } from './strictSchema';
import type { SchemaFault } from './strictSchema';

/** A model that both chat completions and responses take. */
export const TEXT_MODEL = 'gpt-6-luna';

/** The options that chat completions and responses share. */
export const TEXT_OPTIONS = [
	'imageUrls',
	'jsonSchema',
	'jsonSchemaName',
	'jsonSchemaStrict',
	'maxTokens',
	'reasoningEffort',
	'systemMessage',
	'temperature',
	'topP',
] as const;

export type TextFields = RequestFields<(typeof TEXT_OPTIONS)[number]>;

/** The schema of the answer, in the names that both endpoints use; undefined without a schema. */
export function namedSchema(options: TextFields['options']): JsonObject | undefined {
	const { jsonSchema, jsonSchemaName, jsonSchemaStrict } = options;
	return (
		jsonSchema && {
			name: jsonSchemaName || 'answer',
			schema: jsonSchema,
			strict: jsonSchemaStrict ?? true,
		}
	);
}

/** What the API allows as the name of a schema. */
export const SCHEMA_NAME = /^[\w-]{1,64}$/;

/** How many faults of a schema a message lists. */
const LISTED = 5;

/**
 * Checks the format of the answer that a body asks for, where it is a JSON schema.
 *
 * @param format the object whose type is `json_schema`
 * @param param its place, such as `body.text.format`
 * @param key the field that holds name and schema; without it, they stand in the format itself
 */
export function checkFormat(format: JsonValue | undefined, param: string, key?: string): Issue[] {
	if (!isObject(format) || format.type !== 'json_schema') return [];
	if (key === undefined) return checkNamedSchema(format, param);
	const issues = checkObject(format, `${param}.${key}`, 'It holds the name and the schema.');
	return issues.length > 0
		? issues
		: checkNamedSchema(format[key] as JsonObject, `${param}.${key}`);
}

function checkNamedSchema(named: JsonObject, param: string): Issue[] {
	const { name, schema, strict } = named;
	const issues = checkText(named, `${param}.name`, 'Give the schema a name, such as "answer".');
	if (issues.length === 0 && !SCHEMA_NAME.test(String(name))) {
		const message = `The name of the schema '${String(name).slice(0, 80)}' can have only letters, digits, underscores and dashes, and at most 64 of them.`;
		issues.push(invalidValue(`${param}.name`, message));
	}
	if (isAbsent(schema)) return issues;
	issues.push(...checkObject(named, `${param}.schema`));
	if (!isObject(schema) || strict !== true) return issues;
	const faults = strictSchemaFaults(schema);
	if (faults.length > 0) issues.push(strictSchemaIssue(faults, name, `${param}.schema`));
	return issues;
}

function strictSchemaIssue(faults: SchemaFault[], name: unknown, param: string): Issue {
	const lines = faults
		.slice(0, LISTED)
		.map(({ path, message }) => (path === '' ? message : `At ${path}: ${message}`));
	if (faults.length > LISTED) lines.push(`There are ${faults.length - LISTED} more.`);
	const title = typeof name === 'string' ? `The schema '${name}'` : 'The schema';
	const message = `${title} is not one that OpenAI accepts with strict. ${lines.join(' ')} Correct the schema, or turn strict off (the option JSON Schema Strict).`;
	return { code: 'invalid_json_schema', message, param };
}
