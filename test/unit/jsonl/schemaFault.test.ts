import Ajv2020 from 'ajv/dist/2020';
import fc from 'fast-check';

import type { JsonObject, JsonValue } from '../../../nodes/jsonl/json';
import { schemaFault } from '../../../nodes/jsonl/schemaFault';

const FILM: JsonObject = {
	type: 'object',
	properties: {
		title: { type: 'string' },
		year: { type: ['integer', 'null'] },
		genre: { enum: ['horror', 'comedy', null] },
		cast: {
			type: 'array',
			items: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
		},
		rating: { anyOf: [{ type: 'number' }, { type: 'null' }] },
		studio: { $ref: '#/$defs/studio' },
	},
	required: ['title', 'year'],
	additionalProperties: false,
	$defs: {
		studio: {
			type: 'object',
			properties: { country: { const: 'US' }, parent: { $ref: '#/$defs/studio' } },
			required: ['country'],
		},
	},
};

const ALIEN = { title: 'Alien', year: 1979 };

test.each<[string, JsonValue, string | undefined]>([
	['all that is required', ALIEN, undefined],
	['a type union', { ...ALIEN, year: null }, undefined],
	['more than was asked for', { ...ALIEN, director: 'Scott' }, undefined],
	['an enum with null', { ...ALIEN, genre: null }, undefined],
	['an alternative', { ...ALIEN, rating: 8.5 }, undefined],
	['a whole number as a fraction', { ...ALIEN, year: 1979.0 }, undefined],
	['a reference', { ...ALIEN, studio: { country: 'US', parent: { country: 'US' } } }, undefined],
	['a missing property', { title: 'Alien' }, 'year is missing'],
	['another type', [ALIEN], 'the answer is not of the type object'],
	[
		'a text in place of a number',
		{ ...ALIEN, year: '1979' },
		'year is not of the type integer or null',
	],
	['a fraction', { ...ALIEN, year: 1979.5 }, 'year is not of the type integer or null'],
	[
		'another value',
		{ ...ALIEN, genre: 'Horror' },
		'genre is not one of the values that are allowed',
	],
	['no alternative', { ...ALIEN, rating: 'good' }, 'rating is not of the type number'],
	['a fault in a list', { ...ALIEN, cast: [{ name: 'Weaver' }, {}] }, 'cast[1].name is missing'],
	[
		'a fault behind references',
		{ ...ALIEN, studio: { country: 'US', parent: { country: 'UK' } } },
		'studio.parent.country is not the value that is required',
	],
])('%s', (_, value, fault) => {
	expect(schemaFault(FILM, value)).toBe(fault);
});

test.each<[string, JsonObject, JsonValue]>([
	['a keyword that is not known', { type: 'string', format: 'date', pattern: '^x$' }, 'y'],
	['a type that is not known', { type: 'date' }, 1],
	['no type at all', { type: [] }, 1],
	['a reference to elsewhere', { $ref: 'https://example.com/film.json' }, 1],
	['a reference to nothing', { $ref: '#/$defs/film', $defs: {} }, 1],
	['a reference in a circle', { $ref: '#' }, 1],
	['a reference with odd characters', { $ref: '#/%E0%A4%A' }, 1],
	['beside a reference', { $ref: '#/$defs/a', type: 'string', $defs: { a: {} } }, 1],
	['null as OpenAPI has it', { type: 'string', nullable: true }, null],
	[
		'null behind a reference',
		{ $ref: '#/$defs/a', nullable: true, $defs: { a: { type: 'string' } } },
		null,
	],
	['a tuple', { prefixItems: [{ type: 'string' }], items: { type: 'number' } }, ['a']],
	['a tuple of older versions', { items: [{ type: 'string' }] }, [1]],
	['an enum without values', { enum: [] }, 1],
	['required as a boolean', { properties: { a: { required: true } } }, {}],
	['properties of what is no object', { properties: { a: { type: 'string' } } }, [1]],
	['an alternative that it does not know', { anyOf: [{ type: 'string' }, { not: {} }] }, 1],
])('never refuses for %s', (_, schema, value) => {
	expect(schemaFault(schema, value)).toBeUndefined();
});

test('is not misled by names of the prototype', () => {
	expect(schemaFault({ required: ['toString'] }, {})).toBe('toString is missing');
	const schema = JSON.parse('{"properties": {"__proto__": {"type": "string"}}}') as JsonObject;
	expect(schemaFault(schema, JSON.parse('{"__proto__": 1}') as JsonValue)).toMatch(/__proto__/);
	expect(schemaFault(schema, {})).toBeUndefined();
});

test('stops in a value that is very deep', () => {
	let value: JsonValue = {};
	for (let depth = 0; depth < 5_000; depth++) value = { child: value };
	const schema = { type: 'object', properties: { child: { $ref: '#' } } };
	expect(schemaFault(schema, value)).toBeUndefined();
});

describe('takes no more steps than a long answer needs', () => {
	/** More than the budget has; without one, nobody would see the end. */
	const TOO_MANY = 1_000_000;

	/** A schema that counts how often it is looked at. */
	const counted = (schema: JsonObject) => {
		const seen = { times: 0 };
		Object.defineProperty(schema, 'type', {
			enumerable: true,
			get: () => {
				if (++seen.times > TOO_MANY) throw new Error('It never ends');
				return undefined;
			},
		});
		return { schema, seen };
	};

	const SELF = { $ref: '#' };

	test.each<[string, JsonObject, JsonValue]>([
		['alternatives that are the schema itself', { anyOf: [SELF, SELF] }, 1],
		['the same of oneOf', { oneOf: [SELF, SELF, SELF] }, 1],
		['the same of allOf', { allOf: [SELF, SELF] }, 1],
		[
			'alternatives in a nested value',
			{ anyOf: [{ properties: { a: SELF } }, { properties: { a: SELF } }] },
			JSON.parse(`${'{"a":'.repeat(150)}1${'}'.repeat(150)}`) as JsonValue,
		],
	])('in %s', (_, recursive, one) => {
		const { schema, seen } = counted(recursive);
		expect(schemaFault(schema, one)).toBeUndefined();
		expect(seen.times).toBeGreaterThan(100);
		expect(seen.times).toBeLessThanOrEqual(100_000);
	});

	test('and claims nothing of what lies beyond', () => {
		const row = { type: 'object', properties: { a: { type: 'string' } } };
		const schema = { type: 'array', items: row };
		const rows = (length: number) => [...Array.from({ length }, () => ({ a: '' })), { a: 1 }];
		expect(schemaFault(schema, rows(30_000))).toBe('[30000].a is not of the type string');
		expect(schemaFault(schema, rows(60_000))).toBeUndefined();
	});
});

const NAMES = ['a', 'b', 'c'];
const name = fc.constantFrom(...NAMES);
const value = fc.letrec<{ value: JsonValue }>((tie) => ({
	value: fc.oneof(
		{ depthSize: 'small' },
		fc.constantFrom<JsonValue>(null, true, false, 0, 1, 1.5, '', 'x'),
		fc.array(tie('value'), { maxLength: 3 }),
		fc.dictionary(name, tie('value'), { maxKeys: 3, noNullPrototype: true }),
	),
})).value;

const type = fc.constantFrom('string', 'number', 'integer', 'boolean', 'null', 'array', 'object');

/** Schemas of what is known; `more` adds keywords of which it knows nothing. */
const schemas = (more: fc.Arbitrary<JsonObject>) =>
	fc.letrec<{ schema: JsonObject; inner: JsonObject }>((tie) => {
		const flat = {
			type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })),
			enum: fc.uniqueArray(value, { minLength: 1, maxLength: 3, selector: JSON.stringify }),
			const: value,
			required: fc.uniqueArray(name, { maxLength: 2 }),
			$ref: fc.constantFrom('#/$defs/one', '#/$defs/two'),
		};
		const nested = {
			properties: fc.dictionary(name, tie('inner'), { maxKeys: 2, noNullPrototype: true }),
			items: tie('inner'),
			anyOf: fc.array(tie('inner'), { minLength: 1, maxLength: 2 }),
			allOf: fc.array(tie('inner'), { minLength: 1, maxLength: 2 }),
		};
		const some = (keys: object) => fc.record(keys, { requiredKeys: [] });
		const having = (keys: object) =>
			fc.tuple(some(keys), more).map(([known, others]) => ({ ...others, ...known }) as JsonObject);
		return {
			inner: fc.oneof({ maxDepth: 1, depthIdentifier: 'schema' }, having(flat), tie('schema')),
			schema: having({ ...flat, ...nested }),
		};
	}).schema;

/** Keywords that only make a schema stricter. */
const unknownKeywords = fc.record(
	{
		minLength: fc.constantFrom(0, 1, 5),
		maximum: fc.constantFrom(0, 1),
		minItems: fc.constantFrom(0, 2),
		uniqueItems: fc.boolean(),
		additionalProperties: fc.boolean(),
		prefixItems: fc.constant([{ type: 'string' }]),
		not: fc.constantFrom({}, { type: 'string' }),
		oneOf: fc.constantFrom([{}, {}], [{ type: 'number' }, { type: 'integer' }]),
		patternProperties: fc.constant({ '^a': { type: 'string' } }),
	},
	{ requiredKeys: [] },
);

const ajv = new Ajv2020({
	strict: false,
	logger: false,
	validateFormats: false,
	inlineRefs: false,
});

/**
 * What ajv says; undefined for the few schemas that it cannot compile to working code, such as a
 * `not` beside an `anyOf` with patternProperties ("props0 is not defined", ajv 8.20).
 */
const isValid = (schema: JsonObject, one: JsonValue): boolean | undefined => {
	try {
		return ajv.validate(schema, one);
	} catch (error) {
		if (error instanceof ReferenceError) return undefined;
		throw error;
	}
};

const definitions = (one: JsonObject, two: JsonObject) => ({ $defs: { one, two } });

/** A reference inside of a definition may go in a circle, of which ajv makes an endless loop. */
const withoutRefs = (schema: JsonObject): JsonObject =>
	JSON.parse(JSON.stringify(schema, (key, inner: unknown) => (key === '$ref' ? undefined : inner)));

test('a value that is right by the whole standard is never refused', () => {
	const some = schemas(unknownKeywords as fc.Arbitrary<JsonObject>);
	fc.assert(
		fc.property(some, some, some, value, (root, one, two, candidate) => {
			const schema = { ...root, ...definitions(withoutRefs(one), withoutRefs(two)) };
			const fault = schemaFault(schema, candidate);
			if (fault === undefined) return;
			const valid = isValid(schema, candidate);
			fc.pre(valid !== undefined);
			expect(valid).toBe(false);
		}),
		{ numRuns: 100 },
	);
});

test('what it knows, it judges as the standard does', () => {
	const some = schemas(fc.constant({})).map(withoutRefs);
	fc.assert(
		fc.property(some, value, (schema, candidate) => {
			expect(schemaFault(schema, candidate) === undefined).toBe(isValid(schema, candidate));
		}),
		{ numRuns: 100 },
	);
});
