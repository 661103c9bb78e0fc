import Ajv from 'ajv';
import fc from 'fast-check';
import type { AnswerColumn } from '../../../../nodes/OpenAiBatch/requests/answerColumns';
import { schemaOfColumns } from '../../../../nodes/OpenAiBatch/requests/answerColumns';
import { strictSchemaFaults } from '../../../../nodes/endpoints/strictSchema';
import type { JsonObject } from '../../../../nodes/jsonl/json';
import { parseJsonContent } from '../../../../nodes/jsonl/parseJson';
import { jsonFor } from '../../../support/emulator/answers/schema';
import { strictSchemaRefusal } from '../../../support/emulator/judge/strictSchemas';

const column = (name: string, more: Partial<AnswerColumn> = {}): AnswerColumn => ({
	name,
	type: 'string',
	values: [],
	isOptional: false,
	...more,
});

const TYPES = ['boolean', 'enum', 'integer', 'number', 'string', 'stringList'];

describe('schemaOfColumns', () => {
	it('writes every type, optional and not', () => {
		const columns = TYPES.flatMap((type) => [
			column(type, { type, values: ['a', 'b'] }),
			column(`${type}_or_null`, { type, values: ['a', 'b'], isOptional: true }),
		]);
		expect(JSON.stringify(schemaOfColumns(columns))).toBe(
			JSON.stringify({
				type: 'object',
				properties: {
					boolean: { type: 'boolean' },
					boolean_or_null: { type: ['boolean', 'null'] },
					enum: { type: 'string', enum: ['a', 'b'] },
					enum_or_null: { anyOf: [{ type: 'string', enum: ['a', 'b'] }, { type: 'null' }] },
					integer: { type: 'integer' },
					integer_or_null: { type: ['integer', 'null'] },
					number: { type: 'number' },
					number_or_null: { type: ['number', 'null'] },
					string: { type: 'string' },
					string_or_null: { type: ['string', 'null'] },
					stringList: { type: 'array', items: { type: 'string' } },
					stringList_or_null: {
						anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'null' }],
					},
				},
				required: columns.map(({ name }) => name),
				additionalProperties: false,
			}),
		);
	});

	it('adds the description, also beside alternatives', () => {
		const description = 'The genre';
		const { properties } = schemaOfColumns([
			column('a', { description }),
			column('b', { description, type: 'enum', values: ['x'], isOptional: true }),
			column('c', { description: '' }),
		]);
		expect(properties).toEqual({
			a: { type: 'string', description },
			b: { anyOf: [{ type: 'string', enum: ['x'] }, { type: 'null' }], description },
			c: { type: 'string' },
		});
	});

	it.each<[string, AnswerColumn[], string]>([
		['no name', [column('a'), column('')], 'Column 2 has no name. Enter one, such as genre.'],
		[
			'a name twice',
			[column('a'), column('b'), column('a')],
			"Columns 1 and 3 have the same name 'a'. Rename one of them.",
		],
		[
			'a name with a space',
			[column('Invoice Number')],
			"The name of column 1, 'Invoice Number', is not possible. A name has at most 64 letters from A to Z, digits, underscores and dashes, and begins with a letter or an underscore. Use Invoice_Number, for example.",
		],
		[
			'__proto__',
			[column('__proto__')],
			"Column 1 cannot be called '__proto__', since n8n expressions cannot read fields of this name.",
		],
		[
			'an unknown type',
			[column('a', { type: 'date' })],
			"Column 1, 'a', has the type 'date'. Use one of: boolean, enum, integer, number, string, stringList.",
		],
		[
			'a type that every object has',
			[column('a', { type: 'toString' })],
			"Column 1, 'a', has the type 'toString'. Use one of: boolean, enum, integer, number, string, stringList.",
		],
		[
			'an enum without values',
			[column('a', { type: 'enum' })],
			"Column 1, 'a', is an enum without values. Enter them under Column Values, separated by commas.",
		],
		[
			'a value twice',
			[column('a', { type: 'enum', values: ['x', 'y', 'x'] })],
			"Column 1, 'a', has the value 'x' twice. Remove one of them.",
		],
		[
			'too many columns',
			Array.from({ length: 5_001 }, (_, index) => column(`c${index}`)),
			'OpenAI does not accept so many columns and values. It has 5001 properties, more than 5000. Make it smaller.',
		],
		[
			'too many values',
			[0, 1].map((n) =>
				column(`c${n}`, { type: 'enum', values: Array.from({ length: 501 }, (_, v) => `${v}`) }),
			),
			'OpenAI does not accept so many columns and values. It has 1002 enum values, more than 1000. Make it smaller.',
		],
		[
			'an enum that is too long',
			[
				column('a'),
				column('b', {
					type: 'enum',
					values: Array.from({ length: 251 }, (_, v) => `${v}`.padStart(60, 'x')),
				}),
			],
			"OpenAI does not accept column 2, 'b'. An enum of more than 250 values may have 15000 characters in all, and this one has 15060.",
		],
	])('refuses %s', (_what, columns, message) => {
		expect(() => schemaOfColumns(columns)).toThrow(`Answer Columns: ${message}`);
	});

	it.each([
		['Größe', 'Grosse'],
		['prix (€)', 'prix'],
		['2024', 'column_2024'],
		['a.b', 'a_b'],
		['日本', 'column'],
		['line\nbreak', 'line_break'],
		['x'.repeat(65), 'x'.repeat(64)],
	])('refuses the name %j, and proposes %s', (name, proposal) => {
		expect(() => schemaOfColumns([column(name)])).toThrow(` Use ${proposal}, for example.`);
		expect(() => schemaOfColumns([column(proposal)])).not.toThrow();
	});
});

describe('any columns', () => {
	const name = fc
		.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,20}$/)
		.filter((text) => !['__proto__', 'constructor', 'prototype'].includes(text));
	const columns = fc.uniqueArray(
		fc.record({
			// What every object inherits is possible too.
			name: fc.oneof(name, fc.constantFrom('toString', 'valueOf', 'hasOwnProperty', '_1', 'a-b')),
			type: fc.constantFrom(...TYPES),
			description: fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }),
			values: fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1 }), {
				minLength: 1,
				maxLength: 5,
			}),
			isOptional: fc.boolean(),
		}),
		{ selector: (one) => one.name, minLength: 1, maxLength: 12 },
	);

	it('give a schema that OpenAI accepts, and answers with exactly these fields', () => {
		let nulls = 0;
		fc.assert(
			fc.property(columns, fc.nat(), (given, seed) => {
				const schema = schemaOfColumns(given);
				expect(strictSchemaFaults(schema)).toEqual([]);
				const response_format = {
					type: 'json_schema',
					json_schema: { name: 'answer', schema, strict: true },
				};
				expect(strictSchemaRefusal('/v1/chat/completions', { response_format })).toBeUndefined();
				const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(schema);

				const answer = jsonFor(schema, seed) as JsonObject;
				expect(validate(answer)).toBe(true);
				const parsed = parseJsonContent(JSON.stringify(answer));
				const content = parsed.ok ? (parsed.value as JsonObject) : {};
				expect(Object.keys(content)).toEqual(given.map((one) => one.name));
				nulls += Object.values(content).filter((value) => value === null).length;

				for (const { name: absent, isOptional } of given) {
					const { [absent]: _, ...others } = answer;
					expect(validate(others)).toBe(false);
					expect(validate({ ...answer, [absent]: null })).toBe(isOptional);
				}
				expect(validate({ ...answer, 'no column': 1 })).toBe(false);
			}),
			{ numRuns: 200 },
		);
		expect(nulls).toBeGreaterThan(50);
	});
});
