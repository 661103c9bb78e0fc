import type { INodeProperties } from 'n8n-workflow';
import type { AnswerColumn } from '../../endpoints/columnSchema';
import { schemaOfColumns } from '../../endpoints/columnSchema';
import type { JsonObject } from '../../jsonl/json';
import { isObject } from '../../jsonl/json';
import { text } from './optionValues';

export const answerColumnsField: INodeProperties & { name: 'answerColumns' } = {
	displayName: 'Answer Columns',
	name: 'answerColumns',
	type: 'fixedCollection',
	typeOptions: { multipleValues: true, sortable: true },
	placeholder: 'Add Column',
	default: {},
	description:
		'The model answers with JSON that has exactly these fields, in this order (structured output). Get Results makes objects of the answers with Parse JSON. For nested answers, use JSON Schema instead.',
	options: [
		{
			displayName: 'Column',
			name: 'values',
			values: [
				{
					displayName: 'Column Name',
					name: 'name',
					type: 'string',
					default: '',
					placeholder: 'e.g. genre',
					description:
						'The name of the field in the answer. Use letters from A to Z, digits, underscores and dashes.',
				},
				{
					displayName: 'Column Type',
					name: 'type',
					type: 'options',
					options: [
						{ name: 'Boolean', value: 'boolean', description: 'True or false' },
						{ name: 'Enum', value: 'enum', description: 'One of the values that you list' },
						{ name: 'Integer', value: 'integer', description: 'A whole number' },
						{ name: 'Number', value: 'number', description: 'Any number' },
						{ name: 'String', value: 'string', description: 'Any text' },
						{ name: 'String List', value: 'stringList', description: 'A list of texts' },
					],
					default: 'string',
					description: 'What the field holds',
				},
				{
					displayName: 'Column Values',
					name: 'values',
					type: 'string',
					displayOptions: { show: { type: ['enum'] } },
					default: '',
					placeholder: 'e.g. horror, comedy, drama',
					description:
						'The values that the model chooses from, separated by commas. An expression may also return a list.',
				},
				{
					displayName: 'Description',
					name: 'description',
					type: 'string',
					default: '',
					placeholder: 'e.g. The main genre of the film',
					description: 'What the model is to write into the field. The model reads this text.',
				},
				{
					displayName: 'Optional',
					name: 'optional',
					type: 'boolean',
					default: false,
					description:
						'Whether the field may be null, for example when the text does not say it. Otherwise the model has to make up a value.',
				},
			],
		},
	],
};

/**
 * Reads the rows of the panel as the schema of the answer; undefined when there are none.
 *
 * @throws {RequestProblem} for columns that are not possible
 */
export function columnsSchema(value: unknown): JsonObject | undefined {
	const rows = isObject(value) ? value.values : undefined;
	if (!Array.isArray(rows) || rows.length === 0) return undefined;
	return schemaOfColumns(rows.map(columnOf));
}

function columnOf(row: unknown): AnswerColumn {
	const { name, type, values, description, optional } = isObject(row) ? row : {};
	return {
		name: text(name, 'Column Name')?.trim() ?? '',
		type: text(type, 'Column Type') ?? 'string',
		values: valuesOf(values),
		description: text(description, 'Description')?.trim(),
		isOptional: optional === true,
	};
}

/** Values separated by commas, or a list that an expression returned. */
function valuesOf(given: unknown): string[] {
	const list: unknown[] = Array.isArray(given)
		? given
		: (text(given, 'Column Values')?.split(',') ?? []);
	return list
		.map((value) => text(value, 'Column Values')?.trim() ?? '')
		.filter((value) => value !== '');
}
