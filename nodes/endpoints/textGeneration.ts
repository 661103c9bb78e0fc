import type { JsonObject } from '../jsonl/json';
import type { RequestFields } from './endpoint';

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
			strict: jsonSchemaStrict,
		}
	);
}
