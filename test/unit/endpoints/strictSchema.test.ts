import fc from 'fast-check';

import {
	closeObjects,
	strictSchemaFaults,
	unwrapSchema,
} from '../../../nodes/endpoints/strictSchema';
import type { JsonObject } from '../../../nodes/jsonl/json';
import { strictSchemaRefusal } from '../../support/emulator/judge/strictSchemas';

const strict = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
	type: 'object',
	properties,
	required: Object.keys(properties),
	additionalProperties: false,
	...more,
});
const TEXT = { type: 'string' };
const FILM = strict({ genre: TEXT });

/** Whether the emulator's judge, which others wrote, takes a schema. */
const isJudged = (schema: JsonObject) =>
	strictSchemaRefusal('/v1/responses', {
		text: { format: { type: 'json_schema', name: 'a', strict: true, schema } },
	}) === undefined;

const paths = (schema: JsonObject) => strictSchemaFaults(schema).map(({ path }) => path);

/** Sound strict schemas, as people write them. */
const sound: fc.Arbitrary<JsonObject> = fc.letrec<{ schema: JsonObject; object: JsonObject }>(
	(tie) => ({
		object: fc
			.dictionary(fc.constantFrom('genre', 'year', 'not', 'tags', 'a b', 'größe'), tie('schema'), {
				maxKeys: 4,
			})
			.map((properties) => strict(properties)),
		schema: fc.oneof(
			{ depthSize: 'small', withCrossShrink: true },
			fc.constantFrom<JsonObject>(
				TEXT,
				{ type: 'integer', minimum: 0 },
				{ type: ['string', 'null'], description: 'May be absent' },
				{ type: 'string', enum: ['a', 'b'] },
				{ enum: ['a', 1, null] },
				{ const: 'film' },
				{ $ref: '#/$defs/film' },
				{ type: 'string', format: 'date', pattern: '^\\d' },
			),
			tie('object'),
			tie('schema').map((items): JsonObject => ({ type: 'array', items, minItems: 1 })),
			tie('schema').map((one): JsonObject => ({ anyOf: [one, { type: 'null' }] })),
			tie('object').map((one) => ({ ...one, type: ['object', 'null'] })),
		),
	}),
).object;

describe('unwrapSchema', () => {
	const named = { name: 'film', strict: true, schema: FILM };

	it.each<[string, JsonObject, object]>([
		['a schema', FILM, { schema: FILM }],
		['a schema behind a reference', { $ref: '#/$defs/a' }, { schema: { $ref: '#/$defs/a' } }],
		['name and schema', named, named],
		['the schema alone', { schema: FILM }, { schema: FILM }],
		['json_schema of chat completions', { json_schema: named }, named],
		['a response_format', { type: 'json_schema', json_schema: named }, named],
		[
			'a body of chat completions',
			{ model: 'm', response_format: { type: 'json_schema', json_schema: named } },
			named,
		],
		['a format of the Responses API', { type: 'json_schema', ...named }, named],
		['a text of the Responses API', { format: { type: 'json_schema', ...named } }, named],
		['a body of the Responses API', { text: { format: { type: 'json_schema', ...named } } }, named],
		[
			'strict that is off, and no name',
			{ json_schema: { name: '', strict: false, schema: FILM } },
			{ strict: false, schema: FILM },
		],
	])('of %s', (_what, value, expected) => {
		expect(unwrapSchema(value)).toEqual(expected);
	});

	it('leaves properties alone that are called as envelopes are', () => {
		const schema = strict({ schema: TEXT, format: TEXT, text: FILM, json_schema: FILM });
		expect(unwrapSchema(schema)).toEqual({ schema });
	});

	it('finds a schema in any envelope, and changes nothing of it', () => {
		const envelopes: Array<(inner: JsonObject) => JsonObject> = [
			(schema) => ({ name: 'a', schema }),
			(schema) => ({ json_schema: { name: 'a', schema } }),
			(schema) => ({ type: 'json_schema', json_schema: { name: 'a', schema } }),
			(schema) => ({ text: { format: { type: 'json_schema', name: 'a', schema } } }),
		];
		fc.assert(
			fc.property(sound, fc.constantFrom(...envelopes), (schema, wrap) => {
				expect(unwrapSchema(schema)).toEqual({ schema });
				expect(unwrapSchema(wrap(schema))).toEqual({ name: 'a', schema });
			}),
		);
	});
});

/** A copy in which no object says whether it allows other properties. */
const opened = (value: unknown): unknown => {
	if (Array.isArray(value)) return value.map(opened);
	if (typeof value !== 'object' || value === null) return value;
	const entries = Object.entries(value).filter(([key]) => key !== 'additionalProperties');
	return Object.fromEntries(entries.map(([key, inner]) => [key, opened(inner)]));
};

describe('closeObjects', () => {
	it('closes every object that does not say what it allows, and nothing else', () => {
		fc.assert(
			fc.property(sound, (schema) => {
				expect(closeObjects(opened(schema) as JsonObject)).toEqual(schema);
				expect(closeObjects(schema)).toEqual(schema);
			}),
		);
	});

	it('leaves objects open that say so, and does not change what it was given', () => {
		const schema = { type: 'object', properties: { a: { type: 'object' } } };
		const before = JSON.stringify(schema);
		expect(closeObjects(schema)).toEqual({
			type: 'object',
			additionalProperties: false,
			properties: { a: { type: 'object', additionalProperties: false } },
		});
		expect(JSON.stringify(schema)).toBe(before);
		const open = { type: 'object', additionalProperties: true };
		expect(closeObjects(open)).toEqual(open);
	});

	it('keeps the key __proto__', () => {
		const schema = JSON.parse(
			'{"type":"object","properties":{"__proto__":{"type":"object"}}}',
		) as JsonObject;
		expect(JSON.stringify(closeObjects(schema))).toBe(
			'{"type":"object","properties":{"__proto__":{"type":"object","additionalProperties":false}},"additionalProperties":false}',
		);
	});
});

describe('strictSchemaFaults', () => {
	it('finds none in sound schemas, as the judge of the emulator does', () => {
		fc.assert(
			fc.property(sound, (schema) => {
				const whole = { ...schema, $defs: { film: FILM } };
				fc.pre(isJudged(whole));
				expect(strictSchemaFaults(whole)).toEqual([]);
			}),
		);
	});

	it.each<[string, JsonObject, Array<[path: string, message: RegExp]>]>([
		[
			'an open object',
			{ type: 'object', properties: {}, required: [] },
			[['', /additionalProperties/]],
		],
		[
			'properties that are not required',
			strict({ a: strict({ b: TEXT, c: TEXT }, { required: ['b'] }) }),
			[['properties.a', /'c' is missing\. .*nullable.*\["string", "null"\]/]],
		],
		['a list outermost', { type: 'array', items: FILM }, [['', /"type": "object"/]]],
		['alternatives outermost', { anyOf: [FILM] }, [['', /"type": "object"/]]],
		['an object that may be null outermost', { ...FILM, type: ['object', 'null'] }, [['', /./]]],
		['a reference outermost', { $ref: '#/$defs/a', $defs: { a: FILM } }, [['', /./]]],
		[
			'oneOf in a list',
			strict({ a: { type: 'array', items: { oneOf: [TEXT] } } }),
			[['properties.a.items', /^'oneOf' is not allowed\. Use anyOf\.$/]],
		],
		[
			'a keyword in an alternative',
			strict({ a: { anyOf: [TEXT, { type: 'array', uniqueItems: true }] } }),
			[['properties.a.anyOf[1]', /'uniqueItems'/]],
		],
		['a keyword in a definition', { ...FILM, $defs: { a: { not: TEXT } } }, [['$defs.a', /'not'/]]],
		['a type that does not exist', strict({ a: { type: 'text' } }), [['properties.a', /"text"/]]],
		[
			'a type of a list that does not exist',
			strict({ a: { type: ['string', 'date'] } }),
			[['properties.a', /"date"/]],
		],
	])('finds %s', (_what, schema, faults) => {
		const found = strictSchemaFaults(schema);
		expect(found.map(({ path }) => path)).toEqual(faults.map(([path]) => path));
		faults.forEach(([, message], index) => expect(found[index].message).toMatch(message));
		for (const { message } of found) expect(message).toMatch(/\.$/);
	});

	it('finds each damage where it was done', () => {
		const damages: Array<(schema: JsonObject) => JsonObject> = [
			(schema) => ({ ...schema, additionalProperties: true }),
			(schema) => ({ ...schema, allOf: [TEXT] }),
			(schema) => ({ ...schema, patternProperties: {} }),
			(schema) => ({ ...schema, properties: { ...(schema.properties as object), more: TEXT } }),
			(schema) => ({ ...schema, minProperties: 1 }),
		];
		const ways: Array<[path: string, put: (inner: JsonObject) => JsonObject]> = [
			['properties.in', (inner) => strict({ in: inner })],
			['properties.in.items', (inner) => strict({ in: { type: 'array', items: inner } })],
			['properties.in.anyOf[1]', (inner) => strict({ in: { anyOf: [TEXT, inner] } })],
			['properties.a.properties.in', (inner) => strict({ a: strict({ in: inner }) })],
			['$defs.in', (inner) => ({ ...FILM, $defs: { in: inner } })],
		];
		fc.assert(
			fc.property(
				sound,
				fc.constantFrom(...damages),
				fc.constantFrom(...ways),
				(schema, damage, [path, put]) => {
					fc.pre(isJudged(put(schema)));
					expect(paths(put(schema))).toEqual([]);
					expect(paths(put(damage(schema)))).toEqual([path]);
					expect(isJudged(put(damage(schema)))).toBe(false);
				},
			),
		);
	});

	it('limits levels, properties, values and letters', () => {
		/** So many levels of objects in the outermost one. */
		const nested = (levels: number): JsonObject =>
			levels === 0 ? FILM : strict({ a: nested(levels - 1) });
		expect(strictSchemaFaults(nested(10))).toEqual([]);
		expect(strictSchemaFaults(nested(11))).toHaveLength(1);
		expect(strictSchemaFaults(nested(14))).toHaveLength(1);
		const viaLists = (levels: number): JsonObject =>
			levels === 0
				? FILM
				: strict({ a: { type: 'array', items: { anyOf: [viaLists(levels - 1)] } } });
		expect(strictSchemaFaults(viaLists(10))).toEqual([]);
		expect(strictSchemaFaults(viaLists(11))).toHaveLength(1);
		// An object and its alternatives are one level, and definitions start anew.
		const same = strict({ a: { ...nested(9), anyOf: [nested(9)] } });
		expect(strictSchemaFaults(same)).toEqual([]);
		expect(strictSchemaFaults({ ...nested(10), $defs: { a: nested(9) } })).toEqual([]);

		const many = (count: number, name = 'p') =>
			Object.fromEntries(Array.from({ length: count }, (_, index) => [`${name}${index}`, TEXT]));
		expect(strictSchemaFaults(strict(many(5_000)))).toEqual([]);
		expect(strictSchemaFaults(strict(many(5_001)))[0].message).toMatch(/5001 properties/);
		expect(strictSchemaFaults(strict(many(1_000, 'x'.repeat(120))))[0].message).toMatch(
			/characters in names/,
		);
		const values = (count: number, length: number) =>
			strict({
				a: { enum: Array.from({ length: count }, (_, index) => `${index}`.padEnd(length)) },
			});
		expect(strictSchemaFaults(values(1_000, 4))).toEqual([]);
		expect(strictSchemaFaults(values(1_001, 4))[0].message).toMatch(/1001 enum values/);
		expect(strictSchemaFaults(values(250, 100))).toEqual([]);
		expect(paths(values(251, 100))).toEqual(['properties.a']);
	});

	it('gets to an end with schemas that no stack could hold', () => {
		let deep: JsonObject = TEXT;
		for (let level = 0; level < 20_000; level++) deep = { type: 'array', items: deep };
		expect(strictSchemaFaults(strict({ deep }))).toEqual([]);
		expect(closeObjects(strict({ deep }))).toMatchObject({ type: 'object' });
	});

	it('judges any value without throwing', () => {
		const keys = fc.constantFrom('type', 'properties', 'items', 'anyOf', 'enum', 'required', 'a');
		const value = fc.letrec((tie) => ({
			value: fc.oneof(
				{ depthSize: 'small' },
				fc.jsonValue({ maxDepth: 1 }),
				fc.dictionary(keys, tie('value')),
				fc.array(tie('value'), { maxLength: 3 }),
			),
		})).value;
		fc.assert(
			fc.property(fc.dictionary(keys, value), (schema) => {
				for (const { message } of strictSchemaFaults(schema as JsonObject)) {
					expect(message).toMatch(/\.$/);
				}
				closeObjects(schema as JsonObject);
				unwrapSchema(schema as JsonObject);
			}),
		);
	});
});
