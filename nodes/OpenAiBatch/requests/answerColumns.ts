import type { INodeProperties } from 'n8n-workflow';
import { text } from './fieldValues';
import { RequestProblem } from '../../endpoints/endpoint';
import { strictSchemaFaults } from '../../endpoints/strictSchema';
import type { JsonObject } from '../../jsonl/json';
import { isObject } from '../../jsonl/json';

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

/** What an answer column holds. */
export type ColumnType = 'boolean' | 'enum' | 'integer' | 'number' | 'string' | 'stringList';

/** A field of the answer, as the panel describes it. */
export interface AnswerColumn {
	name: string;
	type: string;
	/** What the model is to write there. */
	description?: string;
	/** The values of an enum. */
	values: string[];
	/** Whether the model may answer with null. */
	isOptional: boolean;
}

const SHAPES: Record<ColumnType, (column: AnswerColumn) => JsonObject> = {
	boolean: () => ({ type: 'boolean' }),
	enum: ({ values }) => ({ type: 'string', enum: values }),
	integer: () => ({ type: 'integer' }),
	number: () => ({ type: 'number' }),
	string: () => ({ type: 'string' }),
	stringList: () => ({ type: 'array', items: { type: 'string' } }),
};

/**
 * What OpenAI allows in the name of a schema; for the names of properties it has published no rule.
 * Others allow the same and points (`^[a-zA-Z0-9_.-]{1,64}$`, Anthropic and Bedrock, which gateways
 * pass requests to). A name that begins with a digit would lose its place: JavaScript puts
 * properties that are numbers first.
 */
const NAME = /^[A-Za-z_][\w-]{0,63}$/;

/** Names that n8n refuses in expressions (`unsafeObjectProperties` of n8n-workflow). */
const UNREADABLE = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * The strict JSON schema of an answer with exactly these columns, in this order. An optional column
 * is there too, and may be null: strict schemas have no properties that may be absent.
 *
 * @throws {RequestProblem} for columns that cannot be told apart, or that OpenAI would refuse
 */
export function schemaOfColumns(columns: readonly AnswerColumn[]): JsonObject {
	const properties: JsonObject = {};
	const places = new Map<string, number>();
	for (const [index, column] of columns.entries()) {
		const place = index + 1;
		checkName(column.name, place);
		const first = places.get(column.name);
		if (first !== undefined) {
			throw refused(
				`Columns ${first} and ${place} have the same name '${column.name}'. Rename one of them.`,
			);
		}
		places.set(column.name, place);
		properties[column.name] = propertyOf(column, place);
	}
	const required = columns.map(({ name }) => name);
	const schema: JsonObject = { type: 'object', properties, required, additionalProperties: false };
	const [fault] = strictSchemaFaults(schema);
	if (fault === undefined) return schema;
	const name = fault.path.split('.')[1];
	throw refused(
		name === undefined
			? `OpenAI does not accept so many columns and values. ${fault.message}`
			: `OpenAI does not accept column ${places.get(name)}, '${name}'. ${fault.message}`,
	);
}

const refused = (message: string) =>
	new RequestProblem(`Answer Columns: ${message}`, 'requestOptions.answerColumns');

function checkName(name: string, place: number): void {
	if (name === '') throw refused(`Column ${place} has no name. Enter one, such as genre.`);
	if (UNREADABLE.has(name)) {
		throw refused(
			`Column ${place} cannot be called '${name}', since n8n expressions cannot read fields of this name.`,
		);
	}
	if (NAME.test(name)) return;
	const shown = name.length > 80 ? `${name.slice(0, 80)}…` : name;
	throw refused(
		`The name of column ${place}, '${shown}', is not possible. A name has at most 64 letters from A to Z, digits, underscores and dashes, and begins with a letter or an underscore. Use ${possible(name)}, for example.`,
	);
}

/** A name that is possible and looks like the one that was given. */
function possible(name: string): string {
	const plain = name
		.normalize('NFKD')
		.replace(/\p{M}+/gu, '')
		.replaceAll('ß', 'ss');
	const joined = plain.replace(/[^\w-]+/g, '_').replace(/^_+|_+$/g, '');
	const begun = /^[A-Za-z]/.test(joined) ? joined : `column_${joined}`;
	return begun.slice(0, 64).replace(/_+$/, '');
}

function propertyOf(column: AnswerColumn, place: number): JsonObject {
	const { name, type, description, isOptional } = column;
	if (!Object.hasOwn(SHAPES, type)) {
		throw refused(
			`Column ${place}, '${name}', has the type '${type.slice(0, 60)}'. Use one of: ${Object.keys(SHAPES).join(', ')}.`,
		);
	}
	if (type === 'enum') checkValues(column, place);
	const shape = SHAPES[type as ColumnType](column);
	return { ...(isOptional ? nullable(shape) : shape), ...(description && { description }) };
}

function checkValues({ name, values }: AnswerColumn, place: number): void {
	if (values.length === 0) {
		throw refused(
			`Column ${place}, '${name}', is an enum without values. Enter them under Column Values, separated by commas.`,
		);
	}
	const twice = values.find((value, index) => values.indexOf(value) !== index);
	if (twice === undefined) return;
	throw refused(
		`Column ${place}, '${name}', has the value '${twice.slice(0, 60)}' twice. Remove one of them.`,
	);
}

/**
 * A shape that may be null. Where more than the type is given, null is an alternative of its own:
 * an enum would exclude it, and OpenAI's guide shows an enum without null beside a type with it.
 */
function nullable(shape: JsonObject): JsonObject {
	const { type, ...more } = shape;
	return Object.keys(more).length === 0
		? { type: [type!, 'null'] }
		: { anyOf: [shape, { type: 'null' }] };
}
